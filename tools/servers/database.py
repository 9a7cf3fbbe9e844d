"""How to reach the stack's Postgres, and what it is given: a database, a role per service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import asyncpg

from tools.checks import port_open

SUPERUSER = "flotilla"
DATABASE = "flotilla"


@dataclass(frozen=True)
class Database:
    """A Postgres on the loopback, whoever runs it."""

    port: int
    password: str

    def url(self, role: str = SUPERUSER, password: str = "", database: str = DATABASE) -> str:
        """Return the address for a role, the superuser if none is named."""
        login = f"{role}:{quote(password or self.password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    async def is_ready(self) -> bool:
        """Tell whether the server takes connections."""
        if not await port_open(self.port):
            return False
        try:
            connection = await asyncpg.connect(self.url(database="postgres"), timeout=5)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def provision(self, roles: Mapping[str, str]) -> None:
        """Make the database and, for each service, a role and a schema that it owns."""
        server = await asyncpg.connect(self.url(database="postgres"))
        try:
            if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await server.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await server.close()
        database = await asyncpg.connect(self.url())
        try:
            for role, password in roles.items():
                for statement in role_statements(role, password):
                    await database.execute(statement)
        finally:
            await database.close()


def role_statements(role: str, password: str) -> Sequence[str]:
    """Return what gives a service its role and its schema; may be run again."""
    return (
        f"""
        DO $$ BEGIN
            CREATE ROLE {role} LOGIN;
        EXCEPTION WHEN duplicate_object THEN NULL;
        END $$
        """,
        f"ALTER ROLE {role} PASSWORD '{password}'",
        f"CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {role}",
        # CREATE SCHEMA IF NOT EXISTS asks for this right even where the schema exists.
        f"GRANT CREATE ON DATABASE {DATABASE} TO {role}",
    )
