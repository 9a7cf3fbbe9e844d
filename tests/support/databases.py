"""Databases of tests, used again once they are empty: making one takes longer than many a test.

A database belongs to whoever holds its advisory lock, so that several runs may share a server.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:  # asyncpg's classes take type arguments in its stubs only
    Connection = asyncpg.Connection

SPARE = "test_spare_"
PATIENCE = 5000
"""Milliseconds that a session has to end."""

SPARES = "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname"
EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
TAKE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
GIVE_BACK = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"
END_SESSIONS = """
SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity
 WHERE datname = $1 AND backend_type = 'client backend'
"""

SCHEMAS = """
SELECT quote_ident(nspname) FROM pg_namespace
 WHERE nspname <> 'information_schema' AND nspname <> 'public' AND NOT starts_with(nspname, 'pg_')
"""
EMPTY = """
SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)
   AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'public'::regnamespace)
   AND NOT EXISTS (SELECT FROM pg_type WHERE typnamespace = 'public'::regnamespace)
   AND NOT EXISTS (SELECT FROM pg_extension WHERE extname <> 'plpgsql')
   AND NOT EXISTS (SELECT FROM pg_largeobject_metadata)
   AND NOT EXISTS (SELECT FROM pg_event_trigger)
   AND NOT EXISTS (SELECT FROM pg_publication)
   AND NOT EXISTS (SELECT FROM pg_db_role_setting
                    WHERE setdatabase = (SELECT oid FROM pg_database
                                          WHERE datname = current_database()))
"""
"""Whether all is as in a new database once the schemas are dropped."""


@asynccontextmanager
async def database(server: str) -> AsyncGenerator[str]:
    """Give the URL of an empty database; nobody is connected to it any more afterwards."""
    connection = await asyncpg.connect(server)
    try:
        name = await _take(connection, server)
        try:
            yield database_in(server, name)
        finally:
            await connection.execute(END_SESSIONS, name, PATIENCE)
    finally:
        await connection.close()


async def drop_spares(server: str) -> None:
    """Drop the databases that nobody uses."""
    connection = await asyncpg.connect(server)
    try:
        for row in await connection.fetch(SPARES, SPARE):
            if await connection.fetchval(TAKE, row["datname"]):
                await _drop(connection, row["datname"])
    finally:
        await connection.close()


def database_in(server: str, name: str) -> str:
    """Return the URL of a database in a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{quote(name, safe='')}"))


async def _take(connection: Connection, server: str) -> str:
    """Take a database that nobody uses, or make one."""
    for row in await connection.fetch(SPARES, SPARE):
        name = row["datname"]
        if not await connection.fetchval(TAKE, name):
            continue
        if await connection.fetchval(EXISTS, name):
            await connection.execute(END_SESSIONS, name, PATIENCE)
            if await _emptied(database_in(server, name)):
                return name
            await _drop(connection, name)
        await connection.execute(GIVE_BACK, name)
    return await _make(connection)


async def _make(connection: Connection) -> str:
    name = f"{SPARE}{secrets.token_hex(6)}"
    await connection.fetchval(TAKE, name)
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return name


async def _emptied(url: str) -> bool:
    """Drop what a test left; say whether the database is like a new one."""
    connection = await asyncpg.connect(url)
    try:
        schemas = [row[0] for row in await connection.fetch(SCHEMAS)]
        if schemas:
            await connection.execute(f"DROP SCHEMA {', '.join(schemas)} CASCADE")
        return bool(await connection.fetchval(EMPTY))
    finally:
        await connection.close()


async def _drop(connection: Connection, name: str) -> None:
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
