"""Statements about announced and registered commands."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from shared.contracts.invocations import CommandsAnnounced, CommandSpec
from shared.postgres import (
    Executor,
    execute,
    fetch_all,
    fetch_maybe,
)

COMMANDS_CHANNEL: Final = "commands"
"""NOTIFY channel: what services announced has changed."""


async def announced(db: Executor) -> list[CommandsAnnounced]:
    """Return what each service announced last, in the order of their names."""
    return await fetch_all(
        db,
        CommandsAnnounced,
        "SELECT service, specs AS commands FROM commands ORDER BY service",
    )


async def save_announced(db: Executor, service: str, commands: tuple[CommandSpec, ...]) -> None:
    """Store what a service announced, and tell every gateway process when it is new."""
    await execute(
        db,
        f"""
        WITH changed AS (
            INSERT INTO commands AS c (service, specs) VALUES ($1, $2)
                ON CONFLICT (service) DO UPDATE
                   SET specs = excluded.specs, announced_at = now()
                   WHERE c.specs IS DISTINCT FROM excluded.specs
            RETURNING service)
        SELECT pg_notify(current_schema() || '_{COMMANDS_CHANNEL}', service) FROM changed
        """,  # noqa: S608 - the channel is a constant
        service,
        commands,
    )


async def forget_service(db: Executor, service: str) -> int:
    """Forget a service's commands; return how many services that were."""
    return await execute(
        db,
        f"""
        WITH gone AS (DELETE FROM commands WHERE service = $1 RETURNING service)
        SELECT pg_notify(current_schema() || '_{COMMANDS_CHANNEL}', service) FROM gone
        """,  # noqa: S608 - the channel is a constant
        service,
    )


class Registration(Struct, frozen=True, kw_only=True):
    """That commands were registered in a scope: a guild, or everywhere (0)."""

    application_id: int
    scope_id: int
    hash: str
    registered_at: datetime


async def registrations(db: Executor) -> list[Registration]:
    """Return where commands are registered."""
    return await fetch_all(
        db,
        Registration,
        """
        SELECT application_id, scope_id, hash, registered_at
          FROM registrations ORDER BY application_id, scope_id
        """,
    )


async def forget_registered(db: Executor, application_id: int, scope_id: int) -> None:
    """Forget that commands were registered in a scope."""
    await execute(
        db,
        "DELETE FROM registrations WHERE application_id = $1 AND scope_id = $2",
        application_id,
        scope_id,
    )


async def registered_hash(db: Executor, application_id: int, scope_id: int) -> str | None:
    """Return the hash of the commands that were registered last in a scope."""
    return await fetch_maybe(
        db,
        str,
        "SELECT hash FROM registrations WHERE application_id = $1 AND scope_id = $2",
        application_id,
        scope_id,
    )


async def save_registered(db: Executor, application_id: int, scope_id: int, hash_: str) -> None:
    """Store the hash of the commands that were registered in a scope."""
    await execute(
        db,
        """
        INSERT INTO registrations (application_id, scope_id, hash) VALUES ($1, $2, $3)
            ON CONFLICT (application_id, scope_id) DO UPDATE
               SET hash = excluded.hash, registered_at = now()
        """,
        application_id,
        scope_id,
        hash_,
    )
