"""What members reported."""

from services.infractions.model import Report
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import Invocation
from shared.postgres import Executor, execute, fetch_one


async def insert_report(
    db: Executor, by: Invocation, author_id: UserId, author_name: str
) -> Report | None:
    """Write down that somebody reported a message; None if they did so before."""
    assert by.message is not None
    return await fetch_one(
        db,
        Report,
        """
        INSERT INTO reports (guild_id, channel_id, message_id, author_id, author_name, content,
                             reporter_id, reporter_name)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (guild_id, message_id, reporter_id) DO UPDATE SET content = excluded.content
         WHERE reports.sent_at IS NULL
        RETURNING *
        """,
        by.guild_id,
        by.message.channel_id,
        by.message.id,
        author_id,
        author_name,
        by.message.content.replace("\0", ""),
        by.user.id,
        by.user.name,
    )


async def report_sent(db: Executor, report_id: int) -> None:
    """Note that the moderators have a report."""
    await execute(db, "UPDATE reports SET sent_at = now() WHERE id = $1", report_id)


async def report(db: Executor, guild_id: GuildId, report_id: int) -> Report | None:
    """Return a report of a guild."""
    return await fetch_one(
        db, Report, "SELECT * FROM reports WHERE guild_id = $1 AND id = $2", guild_id, report_id
    )


async def close_report(
    db: Executor, guild_id: GuildId, report_id: int, handled: str
) -> Report | None:
    """Note what was done about a report; None when something was done already."""
    return await fetch_one(
        db,
        Report,
        """
        UPDATE reports SET handled = $3 WHERE guild_id = $1 AND id = $2 AND handled = ''
        RETURNING *
        """,
        guild_id,
        report_id,
        handled,
    )
