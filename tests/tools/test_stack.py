"""A stack starts what it needs, tells where it is, mends itself and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.support.waiting import eventually
from tools import manifest
from tools.lock import AlreadyRunningError
from tools.process import started_at
from tools.servers.database import Database
from tools.servers.postgres import Cluster, forget_dead_server
from tools.stack import Stack

NO_PROCESS = 2**22 + 1  # above what Linux numbers processes with
SERVERS = {"postgres", "rabbitmq", "epmd", "clickhouse"}


def given(**urls: str) -> Mapping[str, str]:
    return urls


async def test_a_stack_with_servers_of_its_own(tmp_path: Path) -> None:
    written = tmp_path / "stack.json"
    async with Stack(tmp_path, services=(), thrown_away=True) as stack:
        pids = stack.pids
        assert set(pids) == SERVERS | {"sandbox"}
        assert manifest.read(written).pids == pids
        # It holds passwords.
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        await _check_postgres_keeps_its_promise(stack)

        with pytest.raises(AlreadyRunningError, match="running already"):
            async with Stack(tmp_path, services=()):
                pass

        await stack.kill("postgres")
        await stack.ready("postgres")
        await eventually(
            lambda: manifest.read(written).pids.get("postgres") not in {None, pids["postgres"]}
        )
        await _check_postgres_keeps_its_promise(stack)
        pids |= stack.pids

    assert not written.exists()
    assert [name for name, pid in pids.items() if started_at(pid)] == []
    assert _processes_in(tmp_path) == []


async def _check_postgres_keeps_its_promise(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.manifest.database_url)
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await connection.fetchval("SELECT current_setting($1)", setting) == "on"
    finally:
        await connection.close()


def _processes_in(folder: Path) -> list[str]:
    found: list[str] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [word for word in process.cmdline() if str(folder) in word]
    return found


async def test_servers_that_were_given_are_used_and_none_are_started(tmp_path: Path) -> None:
    urls = given(
        DATABASE_URL="postgresql://somebody@127.0.0.1:1/theirs",
        AMQP_URL="amqp://somebody@127.0.0.1:2/",
        CLICKHOUSE_URL="clickhouse://127.0.0.1:3/theirs",
    )
    async with Stack(tmp_path, given=urls, services=(), thrown_away=True) as stack:
        assert set(stack.pids) == {"sandbox"}
        assert stack.manifest.database_url == urls["DATABASE_URL"]
        assert stack.addresses.database_url_of("gateway") == urls["DATABASE_URL"]
        assert stack.manifest.amqp_url == urls["AMQP_URL"]
        assert stack.manifest.clickhouse_url == urls["CLICKHOUSE_URL"]


async def test_the_sandbox_keeps_its_people_over_a_restart(tmp_path: Path) -> None:
    urls = given(DATABASE_URL="x", AMQP_URL="x", CLICKHOUSE_URL="x")
    async with Stack(tmp_path, given=urls, services=()) as stack:
        first = stack.manifest
        assert {"owner", "moderator", "member", "raider"} <= set(first.users)
    async with Stack(tmp_path, given=urls, services=()) as stack:
        assert stack.manifest.users == first.users
        assert stack.manifest.sandbox == first.sandbox


def test_only_a_hasty_postgres_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    programs, database = Path("/usr/lib/postgresql/15/bin"), Database(1, "secret")
    for hasty, setting in ((True, "off"), (False, "on")):
        part = Cluster(programs, tmp_path, database, hasty).part({}, tmp_path / "log")
        assert f"fsync={setting}" in part.argv


def test_the_pid_file_of_a_killed_postgres_is_removed_when_somebody_else_has_its_number(
    tmp_path: Path,
) -> None:
    pidfile = tmp_path / "postmaster.pid"
    pidfile.write_text(f"{os.getpid()}\n{tmp_path}\n")
    forget_dead_server(pidfile)
    assert not pidfile.exists()


def test_the_pid_file_of_a_postgres_that_is_gone_is_left_to_postgres(tmp_path: Path) -> None:
    pidfile = tmp_path / "postmaster.pid"
    pidfile.write_text(f"{NO_PROCESS}\n{tmp_path}\n")
    forget_dead_server(pidfile)
    assert pidfile.exists()
