"""Mass orders and their rows."""

from collections.abc import Sequence

from msgspec import Struct

from services.infractions.mass_model import MassOrder, MassOutcome, MassRow, MassState, What
from services.infractions.model import Order
from shared.contracts.codec import decode, encode
from shared.contracts.ids import GuildId
from shared.contracts.invocations import ReplyTarget
from shared.postgres import (
    Connection,
    Executor,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_one,
)

COLUMNS = """id, guild_id, what, state, moderator_id, moderator_name, reason, source, asked_at,
             duration, channel_id"""


async def insert_mass(tx: Connection, what: What, order: Order) -> MassOrder | None:
    """Write down a mass order, taking from `order` all but the person; None if it is known."""
    return await fetch_one(
        tx,
        MassOrder,
        f"""
        INSERT INTO mass_orders (guild_id, source_key, what, moderator_id, moderator_name, reason,
                                 duration, source, channel_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (guild_id, source_key) DO NOTHING
        RETURNING {COLUMNS}
        """,  # noqa: S608 - a constant of this file
        order.guild_id,
        order.source_key,
        what,
        order.moderator.id,
        order.moderator.name,
        order.reason,
        order.duration,
        order.source,
        order.channel_id,
    )


async def insert_rows(tx: Connection, order_id: int, rows: Sequence[MassRow]) -> None:
    """Write down whom, or which infractions, a mass order is about."""
    await tx.executemany(
        """
        INSERT INTO mass_rows (order_id, position, user_id, user_name, number, outcome, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            (
                order_id,
                row.position,
                row.user_id,
                row.user_name,
                row.number,
                row.outcome,
                row.detail,
            )
            for row in rows
        ],
    )


async def mass_by_source(db: Executor, guild_id: GuildId, source_key: str) -> MassOrder | None:
    """Return the mass order that a command led to."""
    return await fetch_one(
        db,
        MassOrder,
        f"SELECT {COLUMNS} FROM mass_orders WHERE guild_id = $1 AND source_key = $2",  # noqa: S608 - a constant of this file
        guild_id,
        source_key,
    )


async def mass_order(
    db: Executor, guild_id: GuildId, order_id: int, *, lock: bool = False
) -> MassOrder | None:
    """Return a mass order of a guild."""
    end = "FOR UPDATE" if lock else ""
    return await fetch_one(
        db,
        MassOrder,
        f"SELECT {COLUMNS} FROM mass_orders WHERE guild_id = $1 AND id = $2 {end}",  # noqa: S608 - constants
        guild_id,
        order_id,
    )


async def mass_rows(db: Executor, order_id: int) -> list[MassRow]:
    """Return the rows of a mass order, in the order in which they were named."""
    return await fetch_all(
        db,
        MassRow,
        """
        SELECT position, user_id, user_name, number, outcome, detail FROM mass_rows
         WHERE order_id = $1 ORDER BY position
        """,
        order_id,
    )


async def set_mass_state(db: Executor, order_id: int, state: MassState) -> None:
    """Move a mass order on."""
    await execute(db, "UPDATE mass_orders SET state = $2 WHERE id = $1", order_id, state)


class _Answer(Struct, frozen=True):
    to: ReplyTarget


async def set_mass_answer(db: Executor, order_id: int, to: ReplyTarget) -> None:
    """Keep which answer shows the progress."""
    await execute(
        db,
        "UPDATE mass_orders SET answer = $2::text::jsonb WHERE id = $1",
        order_id,
        encode(_Answer(to)).decode(),
    )


async def mass_answer(db: Executor, order_id: int) -> ReplyTarget | None:
    """Return which answer shows the progress."""
    found = await fetch_maybe(
        db, str, "SELECT answer::text FROM mass_orders WHERE id = $1", order_id
    )
    return None if found is None else decode(found.encode(), _Answer).to


async def settle_row(
    db: Executor,
    order_id: int,
    position: int,
    outcome: MassOutcome,
    *,
    number: int | None = None,
    detail: str = "",
) -> None:
    """Note what came of one row; what was noted before stays."""
    await execute(
        db,
        """
        UPDATE mass_rows SET outcome = $3, number = coalesce($4, number), detail = $5
         WHERE order_id = $1 AND position = $2 AND outcome IS NULL
        """,
        order_id,
        position,
        outcome,
        number,
        detail,
    )


async def cancel_rows(db: Executor, order_id: int) -> None:
    """Note that what has not begun will not be done."""
    await execute(
        db,
        "UPDATE mass_rows SET outcome = 'cancelled' WHERE order_id = $1 AND outcome IS NULL",
        order_id,
    )
