"""Reads a file `.env` as `docker compose` does for plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.errors import StackError
from tools.files import read_or

QUOTES = ("'", '"')


def with_dotenv(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the file's values below it: what is exported wins."""
    return {**parse(read_or(path, b"").decode()), **environ}


def parse(text: str) -> dict[str, str]:
    """Read `NAME=value` lines; raise StackError naming a line that is not one."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, sign, value = stripped.removeprefix("export ").partition("=")
        if not sign or not name.strip().isidentifier():
            raise StackError(f".env, line {number}: expected NAME=value.")
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    for quote in QUOTES:
        if value.startswith(quote):
            return value[1:].partition(quote)[0]
    return value.partition(" #")[0].rstrip()
