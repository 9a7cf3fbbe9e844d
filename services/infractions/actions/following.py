"""What is to follow a measure, scheduled in the transaction that records it: rules, evidence."""

from typing import Final

from services.infractions.model import Infraction, Kind
from services.infractions.queries import erasing
from services.infractions.timers import ErasePerson, Escalate, TakeEvidence
from shared import jobs
from shared.contracts.config import InfractionsPlugin
from shared.postgres import Connection

WITH_EVIDENCE: Final = frozenset({Kind.WARNING, Kind.MUTE, Kind.KICK, Kind.BAN, Kind.SOFTBAN})
"""The kinds whose member's last messages are kept."""


async def follow_up(tx: Connection, infraction: Infraction, plugin: InfractionsPlugin) -> None:
    """Have jobs look at the rules after a warning, and keep the last messages of the member."""
    if infraction.kind is Kind.WARNING and plugin.escalation:
        escalate = Escalate(guild_id=infraction.guild_id, number=infraction.number)
        await jobs.schedule(tx, escalate, key=infraction.key)
    if wants_evidence(infraction, plugin):
        take = TakeEvidence(guild_id=infraction.guild_id, number=infraction.number)
        await jobs.schedule(tx, take, key=infraction.key)


def wants_evidence(infraction: Infraction, plugin: InfractionsPlugin) -> bool:
    """Say whether the guild wants the last messages kept with a measure of a channel."""
    return (
        plugin.evidence_messages > 0
        and infraction.channel_id is not None
        and infraction.kind in WITH_EVIDENCE
    )


async def erase_later(tx: Connection, infraction: Infraction) -> None:
    """Have a job take the id of an erased person out of a measure that has ended."""
    guild_id, user_id = infraction.guild_id, infraction.user_id
    if await erasing.asked(tx, guild_id, user_id) is not None:
        job = ErasePerson(guild_id=guild_id, user_id=user_id)
        await jobs.schedule(tx, job, key=f"{guild_id}:{user_id}")
