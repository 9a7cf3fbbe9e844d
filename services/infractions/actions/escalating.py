"""Rules that act on their own: so many points of warnings lead to a measure, once per crossing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.ordering import order
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.escalation import (
    Crossing,
    Rule,
    Warned,
    acting,
    counting,
    read_rules,
    set_off_by_last,
)
from services.infractions.model import (
    FLOTILLA,
    Infraction,
    Kind,
    Order,
    Outcome,
    Person,
    State,
)
from services.infractions.queries import escalating as warnings
from shared.contracts.ids import GuildId
from shared.errors import UnavailableError, UserError
from shared.permissions import HierarchyError, may_act_on, person_in
from shared.permissions import Person as Actor
from shared.postgres import transaction

MOST_OF_ONE: Final = 5_000
"""Warnings of one member that a rule looks at: the newest."""

SOFTBAN_DELETES: Final = 86_400
"""Seconds of messages that a softban by a rule deletes."""


async def escalate(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Do what the guild's rules want after a warning; again, it is done once all the same.

    Raises UnavailableError while Discord can't be asked.
    """
    warning = await queries.get(deps.db, guild_id, number)
    if warning is None or warning.kind is not Kind.WARNING:
        return
    known = await queries.by_source(deps.db, guild_id, _source_key(number))
    if known is None:
        known = await _act(deps, warning)
    if known is not None:
        await _link(deps, warning, known)


async def _act(deps: Deps, warning: Infraction) -> Infraction | None:
    """Order what the rule wants that acts; None where none does, or something stronger holds."""
    rules = read_rules(deps.config.get(warning.guild_id).plugins.infractions.escalation)
    of_one = await warnings.warnings_of(
        deps.db, warning.guild_id, warning.user_id, up_to=warning.number, limit=MOST_OF_ONE
    )
    crossing = acting(set_off_by_last(rules, of_one))
    if crossing is None:
        return None
    standing = await warnings.in_force(deps.db, warning.guild_id, warning.user_id)
    weaker = why_weaker(crossing.rule, standing, datetime.now(UTC))
    if weaker:
        await _note_once(deps, warning, "not escalated", f"{crossing.rule.words}: {weaker}")
        return None
    return await _order(deps, warning, _what(warning, crossing, of_one))


async def _order(deps: Deps, warning: Infraction, what: Order) -> Infraction | None:
    """Carry the measure out, or record as failed that it may not be."""
    refusal = await _why_above(deps, warning)
    if refusal:
        return await _record_refused(deps, what, refusal)
    try:
        return await order(deps, what)
    except UnavailableError:
        raise
    except UserError as error:
        failed = await queries.by_source(deps.db, what.guild_id, what.source_key)
        if failed is None:
            await _note_once(deps, warning, "not escalated", error.message)
        return failed


def _what(warning: Infraction, crossing: Crossing, of_one: Sequence[Warned]) -> Order:
    """Return the order, whose reason names the rule and the warnings that it counted."""
    rule = crossing.rule
    numbers = [f"#{each.number}" for each in counting(rule, of_one, warning.created_at)][-20:]
    counted = f"{crossing.after} points by {', '.join(numbers)}"
    return Order(
        guild_id=warning.guild_id,
        kind=rule.kind,
        user=Person(warning.user_id, warning.user_name),
        moderator=FLOTILLA,
        reason=f"Rule “{rule.words}” after warning #{warning.number} ({counted})",
        source="rule",
        source_key=_source_key(warning.number),
        duration=rule.duration,
        delete_message_seconds=SOFTBAN_DELETES if rule.kind is Kind.SOFTBAN else 0,
    )


def _source_key(number: int) -> str:
    return f"rule:{number}"


def why_weaker(rule: Rule, standing: Sequence[Infraction], now: datetime) -> str:
    """Say which measure that holds is stronger than a rule's or lasts longer; nothing if none.

    A ban gives way to a longer ban only, a mute to a longer mute and to all that is more than one.
    """
    until = None if rule.duration is None else now + rule.duration
    for each in standing:
        same = each.kind is rule.kind
        longer = until is not None and (each.expires_at is None or each.expires_at >= until)
        for_good = until is None and each.expires_at is None
        if (each.kind is Kind.BAN and not same) or (same and (longer or for_good)):
            return f"{each.kind.value} #{each.number} is in force and not weaker"
    return ""


async def _why_above(deps: Deps, warning: Infraction) -> str:
    """Say why the bot may not act on the member; nothing where it may."""
    guild = await deps.gateway.guild(warning.guild_id)
    member = await deps.gateway.member(warning.guild_id, warning.user_id)
    if warning.user_id == guild.owner_id:
        return "They own this server: nobody can act on them."
    # As the server's owner, whom only the bot's own place can stop.
    bot = Actor(id=guild.owner_id, owner=True)
    target = person_in(guild, warning.user_id, member.roles if member else ())
    try:
        may_act_on(bot, target, guild, deps.config.get(warning.guild_id))
    except HierarchyError as refusal:
        return "" if refusal.rule == "level" else refusal.message
    return ""


async def _record_refused(deps: Deps, what: Order, refusal: str) -> Infraction:
    async with transaction(deps.db) as tx:
        infraction = await queries.insert(tx, what, State.PENDING)
        await note(tx, infraction, FLOTILLA, "created", "by rule")
        return await settling.settle(tx, infraction, Outcome("refused", refusal))


async def _link(deps: Deps, warning: Infraction, measure: Infraction) -> None:
    """Note in the warning's history what it led to; the measure's reason names the warning."""
    await _note_once(deps, warning, "escalated", f"{measure.kind.value} #{measure.number}")


async def _note_once(deps: Deps, warning: Infraction, change: str, detail: str) -> None:
    async with transaction(deps.db) as tx:
        await queries.lock(tx, warning.guild_id, warning.number)
        if not await queries.was_noted(tx, warning, change, detail):
            await note(tx, warning, FLOTILLA, change, detail)
