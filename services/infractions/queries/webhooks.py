"""The webhooks of guilds, and how they fare."""

from collections.abc import Sequence
from datetime import timedelta

from services.infractions.hooks import MOST_WEBHOOKS, Webhook
from shared.contracts.ids import GuildId
from shared.postgres import Executor, execute, fetch_all, fetch_maybe, fetch_one, fetch_value
from shared.settings import Secret


async def create(
    db: Executor,
    guild_id: GuildId,
    *,
    name: str,
    url: str,
    secret: Secret,
    events: Sequence[str],
    created_by: int,
) -> Webhook | None:
    """Add a webhook, unless the guild has as many as it may."""
    return await fetch_one(
        db,
        Webhook,
        """
        INSERT INTO webhooks (guild_id, name, url, secret, events, created_by)
        SELECT $1, $2, $3, $4, $5, $6
         WHERE (SELECT count(*) FROM webhooks WHERE guild_id = $1) < $7
        RETURNING *
        """,
        guild_id,
        name,
        url,
        secret.reveal(),
        list(events),
        created_by,
        MOST_WEBHOOKS,
    )


async def of_guild(db: Executor, guild_id: GuildId) -> list[Webhook]:
    """Return a guild's webhooks, oldest first."""
    sql = "SELECT * FROM webhooks WHERE guild_id = $1 ORDER BY id"
    return await fetch_all(db, Webhook, sql, guild_id)


async def get(db: Executor, guild_id: GuildId, webhook_id: int) -> Webhook | None:
    """Return one of a guild's webhooks."""
    sql = "SELECT * FROM webhooks WHERE guild_id = $1 AND id = $2"
    return await fetch_one(db, Webhook, sql, guild_id, webhook_id)


async def secret_of(db: Executor, webhook: Webhook) -> Secret:
    """Return what a webhook's deliveries are signed with."""
    sql = "SELECT secret FROM webhooks WHERE guild_id = $1 AND id = $2"
    return Secret(await fetch_value(db, str, sql, webhook.guild_id, webhook.id))


async def change(
    db: Executor,
    webhook: Webhook,
    *,
    name: str | None,
    url: str | None,
    events: Sequence[str] | None,
    on: bool | None,
) -> Webhook | None:
    """Change what is not None; one that is switched on, or gets a new address, begins afresh."""
    afresh = on is True or url is not None
    return await fetch_one(
        db,
        Webhook,
        """
        UPDATE webhooks SET
               name = coalesce($3, name), url = coalesce($4, url), events = coalesce($5, events),
               switched_off_at = CASE WHEN $6::boolean IS NULL THEN switched_off_at
                                      WHEN $6 THEN NULL
                                      ELSE coalesce(switched_off_at, now()) END,
               switched_off_why = CASE WHEN $6::boolean IS NULL THEN switched_off_why
                                       WHEN $6 THEN ''
                                       WHEN switched_off_at IS NULL THEN 'by hand'
                                       ELSE switched_off_why END,
               failures = CASE WHEN $7::boolean THEN 0 ELSE failures END,
               failing_since = CASE WHEN $7::boolean THEN NULL ELSE failing_since END,
               paused_until = CASE WHEN $7::boolean THEN now() ELSE paused_until END
         WHERE guild_id = $1 AND id = $2
        RETURNING *
        """,
        webhook.guild_id,
        webhook.id,
        name,
        url,
        None if events is None else list(events),
        on,
        afresh,
    )


async def delete(db: Executor, guild_id: GuildId, webhook_id: int) -> bool:
    """Remove a webhook with its deliveries; say whether there was one."""
    sql = "DELETE FROM webhooks WHERE guild_id = $1 AND id = $2"
    return await execute(db, sql, guild_id, webhook_id) > 0


async def seconds_paused(db: Executor, guild_id: GuildId, webhook_id: int) -> float:
    """Return for how long a webhook that failed is left alone."""
    found = await fetch_maybe(
        db,
        float,
        """
        SELECT greatest(0, extract(epoch FROM paused_until - now()))::float8 FROM webhooks
         WHERE guild_id = $1 AND id = $2
        """,
        guild_id,
        webhook_id,
    )
    return found or 0.0


async def note_success(db: Executor, webhook: Webhook) -> None:
    """Note that a webhook works."""
    await execute(
        db,
        """
        UPDATE webhooks SET failures = 0, failing_since = NULL, paused_until = now()
         WHERE guild_id = $1 AND id = $2 AND failures > 0
        """,
        webhook.guild_id,
        webhook.id,
    )


async def note_failure(
    db: Executor, webhook: Webhook, *, first: timedelta, longest: timedelta
) -> Webhook | None:
    """Note that a webhook failed, and leave it alone for a time that doubles."""
    return await fetch_one(
        db,
        Webhook,
        """
        UPDATE webhooks SET
               failures = failures + 1, failing_since = coalesce(failing_since, now()),
               paused_until = now() + least($3::interval * 2 ^ least(failures, 20), $4::interval)
         WHERE guild_id = $1 AND id = $2
        RETURNING *
        """,
        webhook.guild_id,
        webhook.id,
        first,
        longest,
    )


async def switch_off(db: Executor, webhook: Webhook, why: str) -> None:
    """Deliver nothing more to a webhook."""
    await execute(
        db,
        """
        UPDATE webhooks SET switched_off_at = now(), switched_off_why = $3
         WHERE guild_id = $1 AND id = $2 AND switched_off_at IS NULL
        """,
        webhook.guild_id,
        webhook.id,
        why,
    )
