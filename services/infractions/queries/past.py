"""The history of an infraction: appended to, never changed."""

from datetime import datetime

from msgspec import Struct

from services.infractions.model import Infraction, Person, Step
from shared.contracts.ids import GuildId
from shared.postgres import Connection, Executor, fetch_all, fetch_one, fetch_value


class Written(Struct, frozen=True):
    """A step that was added, and who beside the record wants to hear of it."""

    step: int
    logged: bool
    hooked: bool


async def append(
    tx: Connection, infraction: Infraction, actor: Person, change: str, detail: str = ""
) -> Written | None:
    """Add to an infraction's history who changed what; its step is the row's new version.

    Tells in the same breath whether the guild has a mod log and webhooks, so that one without them
    pays nothing. None when there is no such infraction.
    """
    return await fetch_one(
        tx,
        Written,
        """
        WITH changed AS (
            UPDATE infractions SET version = version + 1, updated_at = now()
             WHERE guild_id = $1 AND number = $2
            RETURNING version
        ), written AS (
            INSERT INTO history (guild_id, number, step, actor_id, actor_name, change, detail)
            SELECT $1, $2, version, nullif($3::bigint, 0), $4, $5, $6 FROM changed
            RETURNING step
        )
        SELECT step,
               EXISTS (SELECT FROM guild_config WHERE guild_id = $1 AND
                       document #>> '{plugins,infractions,modlog_channel}' IS NOT NULL) AS logged,
               EXISTS (SELECT FROM webhooks
                        WHERE guild_id = $1 AND switched_off_at IS NULL) AS hooked
          FROM written
        """,
        infraction.guild_id,
        infraction.number,
        actor.id,
        actor.name,
        change,
        detail,
    )


async def was_told(db: Executor, infraction: Infraction) -> bool:
    """Say whether the member was told of an infraction, or that was tried."""
    return await fetch_value(
        db,
        bool,
        """
        SELECT EXISTS (SELECT FROM history WHERE guild_id = $1 AND number = $2
                          AND change IN ('told', 'not told'))
        """,
        infraction.guild_id,
        infraction.number,
    )


async def was_noted(db: Executor, infraction: Infraction, change: str, detail: str) -> bool:
    """Say whether a step stands in an infraction's history already."""
    return await fetch_value(
        db,
        bool,
        """
        SELECT EXISTS (SELECT FROM history WHERE guild_id = $1 AND number = $2
                          AND change = $3 AND detail = $4)
        """,
        infraction.guild_id,
        infraction.number,
        change,
        detail,
    )


async def last_put_on(db: Executor, infraction: Infraction) -> datetime:
    """Return when a measure was last carried out on Discord."""
    return await fetch_value(
        db,
        datetime,
        """
        SELECT max(at) FROM history WHERE guild_id = $1 AND number = $2
           AND change IN ('created', 'active', 'reapplied')
        """,
        infraction.guild_id,
        infraction.number,
    )


async def history(db: Executor, guild_id: GuildId, number: int) -> list[Step]:
    """Return what happened to an infraction, first to last."""
    return await fetch_all(
        db,
        Step,
        """
        SELECT step, at, actor_id, actor_name, change, detail FROM history
         WHERE guild_id = $1 AND number = $2 ORDER BY step
        """,
        guild_id,
        number,
    )
