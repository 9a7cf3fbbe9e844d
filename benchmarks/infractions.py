"""How fast infractions are found, shown and handed out among five million of a thousand guilds.

Every search is timed as the service makes it, a page of 25, at the newest and deep in the record,
in the biggest guild and in a middling one. In the biggest guild the plain way is timed too: one
statement with `IS NULL OR` for whatever may be asked, and OFFSET for deep pages. The export is read
from the service's own HTTP API, while the process is weighed.
"""

import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Final

import asyncpg
import httpx
import psutil
from msgspec.structs import replace

from benchmarks import crowd
from benchmarks.plain_search import plain_search, prepare
from benchmarks.report import CannotMeasureError, Result, alone, compare
from services.infractions import queries
from services.infractions.model import Filter, Kind, State
from shared import postgres
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.http import Actor, sign
from shared.postgres import Db
from tools.discord import Discord
from tools.keys import Keys
from tools.stack import Stack

RUNS: Final = 30
PLAIN_RUNS: Final = 3
PAGE: Final = 25
MIDDLE: Final = 500
MOST_MS: Final = 50.0
MOST_HISTORY_MS: Final = 10.0
LEAST_ROWS: Final = 50_000
MOST_GROWTH: Final = 32.0
"""Megabytes by which the process may grow during an export."""
PEER: Final = "IS NULL OR, OFFSET, no such indexes"


def filters(guild: int) -> dict[str, Filter]:
    """Return what is searched for, by name."""
    member, moderator = UserId(guild + 3), UserId(guild + 1_000_003)
    old = Filter(since=_year(2021), until=_year(2022))
    return {
        "everything": Filter(),
        "a member": Filter(user_id=member),
        "a moderator": Filter(moderator_id=moderator),
        "a kind": Filter(kind=Kind.KICK),
        "a state": Filter(state=State.FAILED),
        "a source": Filter(source="rule"),
        "a role": Filter(role_id=RoleId(guild + 77)),
        "a time long ago": old,
        "a time with nothing": Filter(since=_year(2010), until=_year(2011)),
        "kind and state, rare": Filter(kind=Kind.KICK, state=State.FAILED),
        "kind and state, none": Filter(kind=Kind.KICK, state=State.ACTIVE),
        "moderator, kind, state, source": Filter(
            moderator_id=moderator, kind=Kind.BAN, state=State.LIFTED, source="rule"
        ),
        "moderator, kind, long ago": replace(old, moderator_id=moderator, kind=Kind.NOTE),
        "role, moderator, state": Filter(
            role_id=RoleId(guild + 78), moderator_id=moderator, state=State.LIFTED
        ),
        "a common word": Filter(text="spam"),
        "a rare word": Filter(text="parrot"),
        "a word that is nowhere": Filter(text="albatross"),
        "a word of old times": Filter(text="covid"),
        "part of a word": Filter(text="nvi"),
        "a phrase": Filter(text='"invite link"'),
        "two words": Filter(text="invite spam"),
        "a word of two letters": Filter(text="ad"),
        "all but a word": Filter(text="-spam"),
        "word, kind with none": Filter(text="raid", kind=Kind.NOTE),
        "word, kind, state, rare": Filter(text="spam", kind=Kind.KICK, state=State.FAILED),
        "word, moderator, source": Filter(text="spam", moderator_id=moderator, source="rule"),
        "word, member": Filter(text="spam", user_id=member),
        "word, long ago": replace(old, text="spam"),
        "everything at once": replace(
            old,
            text="spam",
            user_id=member,
            moderator_id=moderator,
            kind=Kind.MUTE,
            state=State.EXPIRED,
            source="slash",
            role_id=RoleId(guild + 78),
        ),
        "what was deleted": Filter(hidden=True),
    }


def _year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


async def run() -> list[Result]:
    """Fill a database, and measure."""
    async with _stack() as bench:
        start = time.monotonic()
        await bench.fill()
        print(
            f"{crowd.INFRACTIONS} infractions made in {time.monotonic() - start:.0f} s", flush=True
        )
        results = await bench.searches(1, plain=True)
        results += await bench.searches(MIDDLE, plain=False)
        results += await bench.histories()
        results += await bench.exports()
    for each in bench.missed:
        print(f"Not as it should be: {each}")
    return results


@dataclass
class Bench:
    """Where everything is while it is measured."""

    stack: Stack
    db: Db
    token_secret: str
    missed: list[str] = field(default_factory=list[str])

    async def fill(self) -> None:
        """Make the infractions; the server forgets them in a crash, as it is thrown away."""
        connection = await asyncpg.connect(
            self.stack.manifest.database_url, server_settings={"search_path": "infractions"}
        )
        try:
            await crowd.fill(connection)
            await prepare(connection, crowd.guild(1))
        finally:
            await connection.close()

    async def searches(self, rank: int, *, plain: bool) -> list[Result]:
        """Time every search in a guild."""
        guild = GuildId(crowd.guild(rank))
        deep = await self._deep(guild)
        of = "biggest guild" if rank == 1 else "middling guild"
        results: list[Result] = []
        for name, matching in filters(guild).items():
            took = await self._pages(guild, matching, deep)
            case = f"{of}: {name}, p95"
            self._check(took <= MOST_MS, f"{case} is {took:.1f} ms")
            if plain:
                peer = await self._plain(guild, matching)
                results.append(_beside(case, took, peer))
            else:
                results.append(alone("infractions", case, ours=[took], unit="ms"))
        return results

    async def histories(self) -> list[Result]:
        """Time what a moderator sees of a member: counts by kind and the newest page."""
        results: list[Result] = []
        for rank, of in ((1, "biggest guild"), (MIDDLE, "middling guild")):
            guild = GuildId(crowd.guild(rank))
            # From those who have hundreds to those who have few.
            members = [UserId(guild + each) for each in range(0, RUNS * 10, 10)]

            async def history(number: int, guild: GuildId = guild) -> None:
                theirs = Filter(user_id=members[number % RUNS])  # noqa: B023 - used before the next
                await queries.counts(self.db, guild, theirs)
                await queries.search(self.db, guild, theirs, limit=PAGE)

            took = _p95([await _timed(history, number) for number in range(RUNS)])
            case = f"{of}: history of a member, p95"
            self._check(took <= MOST_HISTORY_MS, f"{case} is {took:.1f} ms")
            results.append(alone("infractions", case, ours=[took], unit="ms"))
        return results

    async def exports(self) -> list[Result]:
        """Read exports of the biggest guild."""
        results: list[Result] = []
        for query in ("format=csv", "format=json", "format=jsonl&history=false", "format=txt"):
            rows, grown = await self._export(query)
            self._check(rows >= LEAST_ROWS or "csv" not in query, f"{query}: {rows:.0f} rows/s")
            self._check(grown <= MOST_GROWTH, f"{query}: the process grew by {grown:.0f} MB")
            of = query.replace("format=", "export, ")
            results.append(alone("infractions", of, ours=[rows], unit="rows/s"))
            results.append(alone("infractions", f"{of}: growth", ours=[grown], unit="MB"))
        return results

    def _check(self, good: bool, otherwise: str) -> None:
        if not good:
            self.missed.append(otherwise)

    async def _deep(self, guild: GuildId) -> int:
        newest = await queries.search(self.db, guild, Filter(), limit=1)
        if not newest:
            raise CannotMeasureError("there are no infractions")
        return newest[0].number // 3

    async def _pages(self, guild: GuildId, matching: Filter, deep: int) -> float:
        """Turn pages at the beginning and deep in the record."""

        async def page(number: int) -> None:
            before = None if number % 2 else deep + number * 7
            await queries.search(self.db, guild, matching, before=before, limit=PAGE + 1)

        await page(0)
        await page(1)
        return _p95([await _timed(page, number) for number in range(RUNS)])

    async def _plain(self, guild: GuildId, matching: Filter) -> list[float]:
        async def page(number: int) -> None:
            await plain_search(self.db, guild, matching, limit=PAGE + 1, offset=number * 1000)

        return [await _timed(page, number) for number in range(PLAIN_RUNS)]

    async def _export(self, query: str) -> tuple[float, float]:
        """Return rows a second, and by how many megabytes the process grew."""
        guild = crowd.guild(1)
        actor = Actor(user_id=1, guild_id=guild, role="admin", name="bench")
        headers = {"Authorization": f"Bearer {sign(self.token_secret, actor, 'infractions')}"}
        url = f"{self.stack.url('infractions')}/guilds/{guild}/infractions/export?{query}"
        process = psutil.Process(self.stack.pids["infractions"])
        before = most = process.memory_info().rss
        rows, start = 0, time.perf_counter()
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.is_error:
                raise CannotMeasureError(f"the export answered {response.status_code}")
            async for piece in response.aiter_raw():
                rows += piece.count(b"\n")
                most = max(most, process.memory_info().rss)
        return rows / (time.perf_counter() - start), (most - before) / 2**20


def _beside(case: str, took: float, peer: list[float]) -> Result:
    return compare("infractions", case, ours=[took], peer=peer, peer_name=PEER, unit="ms")


async def _timed(ask: Callable[[int], Awaitable[None]], number: int) -> float:
    start = time.perf_counter()
    await ask(number)
    return (time.perf_counter() - start) * 1000


def _p95(took: list[float]) -> float:
    return quantiles(took, n=20)[-1]


@asynccontextmanager
async def _stack() -> AsyncGenerator[Bench]:
    """Run infractions with its own servers, and open its tables."""
    with tempfile.TemporaryDirectory(prefix="flotilla-bench-") as folder:
        nobody = Discord("", "", "", "", "")
        async with (
            Stack(
                Path(folder), discord=nobody, services=("infractions",), thrown_away=True
            ) as stack,
            postgres.connect(stack.manifest.database_url, schema="infractions") as db,
        ):
            secret = Keys(Path(folder) / "keys.json").get("token_secret")
            yield Bench(stack, db, secret)
