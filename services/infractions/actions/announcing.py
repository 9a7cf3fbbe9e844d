"""Infractions as the domain events that other services hear of."""

from typing import Final

from services.infractions.model import Infraction, Person, State
from shared.contracts.domain import InfractionChanged, InfractionCreated, InfractionEnded

CHANGES: Final = frozenset(
    {
        "reason",
        "duration",
        "hidden",
        "restored",
        "pardoned",
        "evidence",
        "erased",
        "named",
        "failed",
        "not lifted",
    }
)
"""What other services hear of as InfractionChanged; beginning and end have their own events."""


def created(infraction: Infraction) -> InfractionCreated:
    """Return the event of an infraction that is in force, or done."""
    return InfractionCreated(
        guild_id=infraction.guild_id,
        number=infraction.number,
        kind=infraction.kind.value,
        user_id=infraction.user_id,
        moderator_id=infraction.moderator_id,
        at=infraction.created_at,
        expires_at=infraction.expires_at,
        reason=infraction.reason,
    )


def ended(infraction: Infraction, actor: Person) -> InfractionEnded:
    """Return the event of an infraction that expired or was lifted."""
    assert infraction.ended_at is not None
    return InfractionEnded(
        guild_id=infraction.guild_id,
        number=infraction.number,
        kind=infraction.kind.value,
        user_id=infraction.user_id,
        state=infraction.state.value,
        at=infraction.ended_at,
        moderator_id=actor.id or None,
    )


def changed(infraction: Infraction, actor: Person, change: str) -> InfractionChanged:
    """Return the event of an infraction whose record was changed."""
    assert infraction.updated_at is not None
    return InfractionChanged(
        guild_id=infraction.guild_id,
        number=infraction.number,
        kind=infraction.kind.value,
        user_id=infraction.user_id,
        change=change,
        at=infraction.updated_at,
        actor_id=actor.id or None,
        moderator_id=infraction.moderator_id,
        state=infraction.state.value,
        expires_at=infraction.expires_at,
        reason=infraction.reason,
        hidden=infraction.hidden_at is not None,
        pardoned=infraction.pardoned_at is not None,
        version=infraction.version,
    )


def event_of(infraction: Infraction, change: str) -> str | None:
    """Return which event a step of the history is, if it is one at all."""
    if change in CHANGES:
        return InfractionChanged.KEY
    if change in (State.EXPIRED, State.LIFTED):
        return InfractionEnded.KEY
    begun = infraction.state is not State.PENDING
    if change in (State.ACTIVE, State.DONE) or (change == "created" and begun):
        return InfractionCreated.KEY
    return None
