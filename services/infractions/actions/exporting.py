"""The record as a file: CSV for spreadsheets, JSON for programs, text for people; as a stream."""

import asyncio
import gzip
from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import StrEnum
from typing import Final

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import Filter
from shared.contracts.ids import GuildId
from shared.errors import UserError

READ_AHEAD: Final = 4
"""Pieces of an export that wait for whoever reads it; Postgres waits for them."""

PIECE: Final = 1 << 16
"""Bytes of a piece, about."""


class Format(StrEnum):
    """What an export is: `json` is one array, `jsonl` an object in each line."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    TXT = "txt"


async def export(
    deps: Deps, guild_id: GuildId, matching: Filter, form: Format, *, history: bool = True
) -> AsyncGenerator[bytes]:
    """Give the infractions that match, oldest first, in pieces.

    JSON has the history of each with `history`. Closed before its end, it ends the query.
    """
    async with aclosing(_lines(deps, guild_id, matching, form, history)) as pieces:
        if form is not Format.JSON:
            async for piece in pieces:
                yield piece
            return
        yield b"["
        async with aclosing(_as_array(pieces)) as inside:
            async for piece in inside:
                yield piece
        yield b"\n]\n"


async def packed(
    deps: Deps, guild_id: GuildId, matching: Filter, form: Format, *, largest: int
) -> bytes:
    """Return an export as a gzip file of `largest` bytes at most.

    Raises UserError when it would be larger.
    """
    whole = bytearray()
    packer = _Packer()
    async with aclosing(export(deps, guild_id, matching, form)) as pieces:
        async for piece in pieces:
            whole += await asyncio.to_thread(packer.add, piece)
            if len(whole) > largest:
                raise UserError(_too_large(guild_id, form))
    whole += packer.end()
    if len(whole) > largest:
        raise UserError(_too_large(guild_id, form))
    return bytes(whole)


def _too_large(guild_id: GuildId, form: Format) -> str:
    return (
        "That is more than Discord takes as a file. Get it from the dashboard, or with an API key "
        f"from /guilds/{guild_id}/infractions/export?format={form}."
    )


class _Packer:
    """Packs pieces as they come."""

    def __init__(self) -> None:
        self._out = _Sink()
        self._file = gzip.GzipFile(fileobj=self._out, mode="wb", compresslevel=6, mtime=0)

    def add(self, piece: bytes) -> bytes:
        self._file.write(piece)
        return self._out.take()

    def end(self) -> bytes:
        self._file.close()
        return self._out.take()


class _Sink:
    """A file that is emptied again and again."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: everything is here."""

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


async def _as_array(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Put commas between lines, of which each is an object."""
    first = True
    async for piece in pieces:
        # A line's end is held back until there is another line.
        body = piece.removesuffix(b"\n").replace(b"\n", b",\n")
        yield (b"\n" if first else b",\n") + body
        first = False


async def _lines(
    deps: Deps, guild_id: GuildId, matching: Filter, form: Format, history: bool
) -> AsyncGenerator[bytes]:
    """Give whole lines, several at a time, while Postgres makes more of them."""
    waiting: asyncio.Queue[bytes | None] = asyncio.Queue(READ_AHEAD)
    lines: queries.Lines = "json" if form in (Format.JSON, Format.JSONL) else form.value

    async def copy() -> None:
        held = bytearray()

        async def write(data: bytes) -> None:
            nonlocal held
            held += data
            if len(held) >= PIECE:
                end = held.rfind(b"\n") + 1
                whole, held = bytes(held[:end]), held[end:]
                await waiting.put(whole)

        try:
            async with deps.db.acquire() as connection:
                await queries.copy_out(
                    connection, guild_id, matching, lines, write, history=history
                )
            if held:
                await waiting.put(bytes(held))
        finally:
            # Whoever reads may be gone already.
            if not _cancelled():
                await waiting.put(None)

    copying = asyncio.create_task(copy())
    try:
        while (piece := await waiting.get()) is not None:
            yield piece
        await copying
    finally:
        copying.cancel()
        await asyncio.wait((copying,))


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
