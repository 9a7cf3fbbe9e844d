"""Free ports, chosen once per folder and kept while nobody else takes them."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import msgspec

from tools.files import read_or, write_whole

# Below the range that Linux takes outgoing connections from, so that a kept port stays free.
RANGE = range(20_000, 32_000)
TRIES = 1_000


class Ports:
    """The ports of one stack by name, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _load(path)
        self._given: set[int] = set()

    def get(self, name: str) -> int:
        """Return the port of a part: the kept one if it is free, else a new one, kept from now."""
        port = self._kept.get(name)
        if port is None or port in self._given or not is_free(port):
            port = self._choose()
            self._kept[name] = port
            write_whole(self._path, msgspec.json.format(msgspec.json.encode(self._kept)))
        self._given.add(port)
        return port

    def _choose(self) -> int:
        taken = self._given | set(self._kept.values())
        for _ in range(TRIES):
            port = random.choice(RANGE)  # noqa: S311 - any free port will do
            if port not in taken and is_free(port):
                return port
        raise OSError(f"no free port between {RANGE.start} and {RANGE.stop}")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of the loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _load(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(read_or(path, b"{}"), type=dict[str, int])
    except msgspec.DecodeError:
        return {}
