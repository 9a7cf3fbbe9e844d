"""ClickHouse's migrations: plain files, forward only, each applied once and never altered."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct

from services.stats.clickhouse import ClickHouse, database_of, statements
from shared.errors import UnavailableError
from shared.postgres import Db, MigrationError
from shared.settings import Secret

FILES: Final = Path(__file__).parent / "migrations" / "clickhouse"
LOCK: Final = 0x57A75
"""The number of the lock in Postgres, as ClickHouse has none: one process migrates at a time."""
FIRST_WAIT: Final = timedelta(milliseconds=200)
LONGEST_WAIT: Final = timedelta(seconds=5)

log = structlog.get_logger()


class Applied(Struct, frozen=True):
    """A file that was applied before."""

    name: str
    sha256: str


async def migrate(clickhouse: ClickHouse, db: Db, files: Path = FILES) -> None:
    """Bring the database up to date. Raises MigrationError and UnavailableError.

    A statement is applied again when the process died before it was noted, so each bears that.
    """
    async with db.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        try:
            await clickhouse.execute(
                "CREATE TABLE IF NOT EXISTS migrations (name String, sha256 String,"
                " applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'))"
                " ENGINE = MergeTree ORDER BY name"
            )
            applied = await clickhouse.fetch_all(Applied, "SELECT name, sha256 FROM migrations")
            known = {each.name: each.sha256 for each in applied}
            for name, text in texts(files):
                await _apply(clickhouse, name, text, known)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def migrate_when_there(clickhouse: ClickHouse, db: Db, url: Secret) -> None:
    """Migrate as soon as ClickHouse is there, however long that takes."""
    wait = FIRST_WAIT
    while True:
        try:
            await migrate(clickhouse, db)
        except UnavailableError:
            log.warning("clickhouse_is_away", database=database_of(url))
        else:
            return
        await asyncio.sleep(wait.total_seconds())
        wait = min(2 * wait, LONGEST_WAIT)


def texts(files: Path) -> list[tuple[str, str]]:
    """Return the migrations by name, in order."""
    return [(file.stem, file.read_text(encoding="utf-8")) for file in sorted(files.glob("*.sql"))]


async def _apply(clickhouse: ClickHouse, name: str, text: str, known: dict[str, str]) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if known.get(name) == digest:
        return
    if name in known:
        raise MigrationError(f"Migration {name} was altered after it had been applied.")
    for statement in statements(text):
        await clickhouse.execute(statement)
    await clickhouse.execute(
        "INSERT INTO migrations (name, sha256) SELECT %(name)s, %(digest)s",
        name=name,
        digest=digest,
    )
    log.info("migration_applied", migration=name)
