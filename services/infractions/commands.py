"""The commands of infractions: warn, ban, tempban, unban, and looking things up."""

from datetime import timedelta
from typing import Annotated, Final

from services.infractions import actions, queries
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Order, Person, Step
from services.infractions.targets import Target, find_target
from shared.commands import (
    Commands,
    Describe,
    Duration,
    Range,
    Reply,
    Text,
    escape,
    timestamp,
)
from shared.contracts.actions import ActionRow, Button, Embed, EmbedField
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import Invocation, MessageTarget
from shared.permissions import MODERATOR

commands: Commands[Deps] = Commands("infractions")

PAGE: Final = 10
"""Infractions on one page of a search."""

LONGEST_FIELD: Final = 1000
"""Characters in a field of an embed, a little below Discord's 1024."""

Who = Annotated[UserId, Describe("Whom: a mention or an id")]
Why = Annotated[Text, Describe("Why; moderators read it, and the member if they are told")]


@commands.command("warn", level=MODERATOR)
async def warn(deps: Deps, by: Invocation, user: Who, reason: Why) -> Reply:
    """Warn somebody; the warning stays in their record."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, _order(by, target, Kind.WARNING, reason))
    return Reply(f"Warned {_named(infraction)}. {_reference(infraction)}")


@commands.command("ban", level=MODERATOR, aliases=("forceban",))
async def ban(
    deps: Deps,
    by: Invocation,
    user: Who,
    delete_days: Annotated[int, Range(0, 7), Describe("Days of messages to delete, 0 to 7")] = 0,
    reason: Why = "",
) -> Reply:
    """Ban somebody for good, also by id when they are not here."""
    target = await find_target(deps, by, user)
    what = _order(by, target, Kind.BAN, reason, delete_days=delete_days)
    infraction = await actions.order(deps, what)
    return Reply(f"Banned {_named(infraction)}. {_reference(infraction)}")


@commands.command("tempban", level=MODERATOR)
async def tempban(
    deps: Deps,
    by: Invocation,
    user: Who,
    duration: Annotated[Duration, Describe("How long, such as 30m, 7d or 1w2d")],
    reason: Why = "",
) -> Reply:
    """Ban somebody for a time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, _order(by, target, Kind.BAN, reason, duration))
    return Reply(f"Banned {_named(infraction)} {_until(infraction)}. {_reference(infraction)}")


@commands.command("unban", level=MODERATOR)
async def unban(deps: Deps, by: Invocation, user: Who, reason: Why = "") -> Reply:
    """Lift somebody's ban before its time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, _order(by, target, Kind.UNBAN, reason))
    return Reply(f"Unbanned {_named(infraction)}. {_reference(infraction)}")


@commands.command("infractions info", level=MODERATOR)
async def info(
    deps: Deps, by: Invocation, number: Annotated[int, Describe("The infraction's number")]
) -> Reply:
    """Show an infraction with its whole history."""
    infraction, history = await actions.show(deps, by.guild_id, number)
    return Reply(embeds=(_card(infraction, history),))


@commands.command("infractions search", level=MODERATOR)
async def search(
    deps: Deps,
    by: Invocation,
    user: Annotated[UserId | None, Describe("Whose; everybody's without")] = None,
) -> Reply:
    """List infractions, newest first."""
    return await _page(deps, by.guild_id, user, None)


@commands.component("older", level=MODERATOR)
async def older(deps: Deps, by: Invocation, user: str, before: int) -> Reply:
    """Turn to the next page of a search."""
    return await _page(deps, by.guild_id, UserId(int(user)) if user != "0" else None, before)


async def _page(deps: Deps, guild_id: GuildId, user: UserId | None, before: int | None) -> Reply:
    found = await queries.search(deps.db, guild_id, user_id=user, before=before, limit=PAGE + 1)
    if not found:
        whose = f" of <@{user}>" if user else ""
        return Reply(f"There are no{' further' if before else ''} infractions{whose}.")
    shown = found[:PAGE]
    embed = Embed(title="Infractions", description="\n".join(_line(row) for row in shown))
    return Reply(embeds=(embed,), components=_turn(user, found))


def _turn(user: UserId | None, found: list[Infraction]) -> tuple[ActionRow, ...]:
    if len(found) <= PAGE:
        return ()
    custom_id = commands.custom_id("older", user or 0, found[PAGE - 1].number)
    return (ActionRow(components=(Button(label="Older", custom_id=custom_id, style=2),)),)


def _order(  # the two optional ones belong to bans alone
    by: Invocation,
    target: Target,
    kind: Kind,
    reason: str,
    duration: timedelta | None = None,
    *,
    delete_days: int = 0,
) -> Order:
    message = by.reply_to.message_id if isinstance(by.reply_to, MessageTarget) else None
    return Order(
        guild_id=by.guild_id,
        kind=kind,
        user=target.person,
        moderator=Person(id=by.user.id, name=by.user.name),
        reason=reason,
        source=by.source,
        source_key=by.id,
        duration=duration,
        delete_message_seconds=delete_days * 86_400,
        channel_id=by.channel_id,
        message_id=message,
    )


def _named(infraction: Infraction) -> str:
    return f"**{escape(infraction.user_name)}** (<@{infraction.user_id}>)"


def _reference(infraction: Infraction) -> str:
    reason = f" Reason: {escape(infraction.reason)}" if infraction.reason else ""
    return f"Infraction #{infraction.number}.{reason}"


def _until(infraction: Infraction) -> str:
    assert infraction.expires_at is not None
    return f"until {timestamp(infraction.expires_at)} ({timestamp(infraction.expires_at, 'R')})"


def _line(infraction: Infraction) -> str:
    ends = f", ends {timestamp(infraction.expires_at, 'R')}" if infraction.expires_at else ""
    reason = f" — {escape(infraction.reason[:80])}" if infraction.reason else ""
    return (
        f"**#{infraction.number}** {infraction.kind.value} ({infraction.state.value}{ends}) "
        f"<@{infraction.user_id}> by {escape(infraction.moderator_name)} "
        f"{timestamp(infraction.created_at, 'R')}{reason}"
    )


def _card(infraction: Infraction, history: list[Step]) -> Embed:
    lasts = timestamp(infraction.expires_at) if infraction.expires_at else "does not expire"
    fields = (
        EmbedField(name="Member", value=_named(infraction), inline=True),
        EmbedField(name="Moderator", value=escape(infraction.moderator_name), inline=True),
        EmbedField(name="State", value=infraction.state.value, inline=True),
        EmbedField(name="Created", value=timestamp(infraction.created_at), inline=True),
        EmbedField(name="Expires", value=lasts, inline=True),
        EmbedField(name="Reason", value=escape(infraction.reason)[:LONGEST_FIELD] or "none given"),
        EmbedField(name="History", value=_history(history)),
    )
    return Embed(title=f"#{infraction.number}: {infraction.kind.value}", fields=fields)


def _history(history: list[Step]) -> str:
    """Return the newest steps that fit into one field, in their order."""
    lines = [
        f"{timestamp(step.at)} {step.change} by {escape(step.actor_name)}"
        + (f": {escape(step.detail)}" if step.detail else "")
        for step in history
    ]
    while len("\n".join(lines)) > LONGEST_FIELD:
        lines.pop(0)
    return "\n".join(lines)
