"""The backing servers for a program that has no event loop to spare."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tools.background import servers


def test_postgres_alone_is_started_where_only_it_is_missing() -> None:
    said: list[str] = []
    with TemporaryDirectory(prefix="flotilla-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres runs as somebody else where the tests run as root
        given = {"AMQP_URL": "none", "CLICKHOUSE_URL": "none"}
        with servers(folder, given, said.append) as addresses:
            assert urlsplit(addresses.database_url).scheme == "postgresql"
            assert (folder / "logs" / "postgres.log").exists()
