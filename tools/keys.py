"""Generated passwords and signing keys of one stack, in a file that only its owner can read."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from tools.files import PRIVATE, read_or, write_whole


class Keys:
    """Secrets by name, made when first asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = msgspec.json.decode(read_or(path, b"{}"), type=dict[str, str])

    def get(self, name: str) -> str:
        """Return a secret of 43 characters that are safe in URLs."""
        if name not in self._kept:
            self.put(name, secrets.token_urlsafe(32))
        return self._kept[name]

    def find(self, name: str) -> str | None:
        """Return a secret that was put here before."""
        return self._kept.get(name)

    def put(self, name: str, secret: str) -> None:
        """Keep a secret that somebody else made."""
        self._kept[name] = secret
        write_whole(self._path, msgspec.json.encode(self._kept), PRIVATE)
