"""The command of stats: a glance at how lively the server is."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.stats import reports
from services.stats.deps import Deps
from services.stats.reports import Totals
from services.stats.spans import HOUR, Span
from shared.commands import Commands, Reply
from shared.contracts.actions import Embed, EmbedField
from shared.contracts.invocations import Invocation
from shared.errors import UserError
from shared.permissions import EVERYONE

COLOR: Final = 0x0B6A8C

commands: Final[Commands[Deps]] = Commands("stats")


@commands.command("stats", level=EVERYONE)
async def stats(deps: Deps, by: Invocation) -> Reply:
    """Show how many messages, joins and leaves there were."""
    plugin = deps.config.get(by.guild_id).plugins.stats
    if not plugin.enabled:
        raise UserError("Statistics are turned off in this server.")
    now = datetime.now(UTC)
    zone = ZoneInfo(plugin.timezone)
    day = await reports.summary(deps, by.guild_id, Span(now - timedelta(days=1) + HOUR, now), zone)
    week = await reports.summary(deps, by.guild_id, Span(now - timedelta(days=7) + HOUR, now), zone)
    fields = (
        _field("Last 24 hours", day.now, day.before),
        _field("Last 7 days", week.now, week.before),
    )
    name = by.guild.name if by.guild else ""
    return Reply(embeds=(Embed(title=f"Statistics of {name}"[:256], color=COLOR, fields=fields),))


def _field(name: str, now: Totals, before: Totals) -> EmbedField:
    lines = (
        f"**{now.messages:,}** messages {_change(now.messages, before.messages)}",
        f"**{now.active_members:,}** active members",
        f"**{now.joins:,}** joined, **{now.leaves:,}** left ({now.net:+,})",
    )
    return EmbedField(name=name, value="\n".join(lines), inline=True)


def _change(now: int, before: int) -> str:
    """Say how a number compares with the time before, where that had any."""
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    return f"({percent:+}%)"
