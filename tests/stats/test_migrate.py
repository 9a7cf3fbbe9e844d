"""ClickHouse's migrations: applied once, forward only, never altered."""

from pathlib import Path

import pytest

from services.stats.clickhouse import statements
from services.stats.deps import Deps
from services.stats.migrate import migrate, texts
from shared.postgres import MigrationError


async def test_a_second_run_changes_nothing(deps: Deps) -> None:
    await deps.clickhouse.execute("DROP TABLE hourly SYNC")
    await migrate(deps.clickhouse, deps.db)
    with pytest.raises(Exception, match="hourly"):
        await deps.clickhouse.execute("SELECT 1 FROM hourly")


async def test_an_altered_migration_is_refused(deps: Deps, tmp_path: Path) -> None:
    ((name, text),) = texts(Path("services/stats/migrations/clickhouse"))
    (tmp_path / f"{name}.sql").write_text(f"{text}-- altered")
    with pytest.raises(MigrationError, match=name):
        await migrate(deps.clickhouse, deps.db, tmp_path)


async def test_a_new_migration_is_applied(deps: Deps, tmp_path: Path) -> None:
    (tmp_path / "0002_more.sql").write_text(
        "CREATE TABLE IF NOT EXISTS more (n UInt8) ENGINE = Memory;"
    )
    await migrate(deps.clickhouse, deps.db, tmp_path)
    await deps.clickhouse.execute("SELECT n FROM more")


def test_a_file_is_split_where_statements_end() -> None:
    found = statements("-- a; b\nSELECT 1;\n\n-- nothing more\nSELECT ';';\n-- the end\n")
    assert found == ["-- a; b\nSELECT 1", "-- nothing more\nSELECT ';'"]
