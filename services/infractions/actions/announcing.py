"""Infractions as the domain events that other services hear of."""

from services.infractions.model import Infraction, Person
from shared.contracts.domain import InfractionCreated, InfractionEnded


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
