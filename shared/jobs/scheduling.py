"""Asking for work to be done later, replacing it, and taking it back."""

from datetime import datetime, timedelta
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from shared.postgres import Executor, execute, fetch_value

GUILD: Final = "guild_id"
"""The field of a job that tells whose it is: jobs of different guilds don't wait for each other."""


async def schedule(
    db: Executor,
    job: Struct,
    *,
    at: datetime | None = None,
    after: timedelta | None = None,
    key: str | None = None,
) -> int:
    """Have a job done at a time, or after some time, or at once; return its id.

    On a connection with a transaction open it happens with that transaction. `key` makes a job the
    only one of its kind: it replaces the one that was there, also one that is being run, whose
    completion is then refused. `after` is counted by the database's clock.
    """
    return await fetch_value(
        db,
        int,
        """
        WITH put AS (
            INSERT INTO timer (due, kind, key, payload, guild_id)
            VALUES (coalesce($1::timestamptz, now()) + $2::interval, $3, $4, $5, $6)
            ON CONFLICT (kind, key) WHERE key IS NOT NULL DO UPDATE
               SET due = excluded.due, payload = excluded.payload, guild_id = excluded.guild_id,
                   attempt = timer.attempt + 1, failures = 0, crashes = 0, owner = NULL,
                   error = NULL
            RETURNING id, due
        )
        SELECT id, CASE WHEN due < now() + interval '5 s'
                        THEN pg_notify(current_schema() || '_timer', '')::text END
          FROM put
        """,
        at,
        after or timedelta(),
        kind_of(type(job)),
        key,
        msgspec.to_builtins(job),
        getattr(job, GUILD, None) or 0,
    )


async def cancel(db: Executor, kind: type[Struct], key: str) -> bool:
    """Take a job back by its kind and key; say whether it was still there.

    One that is being run right now may have its effect outside of the database; what it writes in
    the transaction of its completion is rolled back.
    """
    sql = "DELETE FROM timer WHERE kind = $1 AND key = $2"
    return await execute(db, sql, kind_of(kind), key) > 0


def kind_of(type_: type[Struct]) -> str:
    """Return the name under which jobs of a type are kept: the Struct's tag, or its name."""
    # Any: msgspec leaves the type of a tag open; ours are text
    tag = cast("Any", type_.__struct_config__.tag)
    return tag if isinstance(tag, str) else type_.__name__
