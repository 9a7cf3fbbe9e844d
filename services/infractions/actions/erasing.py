"""Erasing a person on request, while what moderators did stays on record."""

import hashlib
import hmac
from datetime import timedelta
from typing import Final

import structlog

from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.evidence_model import Evidence
from services.infractions.model import Infraction, Person
from services.infractions.queries import erasing
from services.infractions.queries import evidence as kept
from services.infractions.queries.erasing import Erasure
from services.infractions.timers import ErasePerson, ExpireEvidence, FetchEvidence
from shared import jobs
from shared.contracts.ids import GuildId, UserId
from shared.errors import NotFoundError, Retry, UserError
from shared.postgres import Connection, transaction

BATCH: Final = 200
"""Infractions that are changed in one transaction."""

SPAN: Final = 5_000
"""Numbers whose history is gone through at once."""

BUSY_FOR: Final = timedelta(minutes=1)

STAND_INS: Final = 2**43
"""Below it are the ids of nobody: Discord's count up from its first day, half an hour of which
this is."""

log = structlog.get_logger()


async def ask_erasure(deps: Deps, guild_id: GuildId, user_id: UserId, by: Person) -> None:
    """Have a job erase somebody from a guild's record; again, it looks again. Raises UserError."""
    if user_id <= STAND_INS:
        raise UserError("No person has that id: one that stands for somebody erased stays.")
    async with transaction(deps.db) as tx:
        await erasing.ask(tx, guild_id, user_id, by)
        job = ErasePerson(guild_id=guild_id, user_id=user_id)
        await jobs.schedule(tx, job, key=f"{guild_id}:{user_id}")


async def ask_erasure_everywhere(deps: Deps, user_id: UserId, by: Person) -> int:
    """Have somebody erased from every guild that knows them, and return how many do."""
    guilds = await erasing.guilds_of(deps.db, user_id)
    for guild_id in guilds:
        await ask_erasure(deps, guild_id, user_id, by)
    return len(guilds)


async def show_erasure(
    deps: Deps, guild_id: GuildId, user_id: UserId
) -> tuple[Erasure, list[Infraction]]:
    """Return an erasure that is not complete, and the measures that it waits for.

    Raises NotFoundError when there is none, as it is complete or was never asked for.
    """
    found = await erasing.asked(deps.db, guild_id, user_id)
    if found is None:
        raise NotFoundError("No erasure of that person is under way in this server.")
    return found, await erasing.in_force(deps.db, guild_id, user_id)


async def erase_person(deps: Deps, guild_id: GuildId, user_id: UserId) -> None:
    """Erase somebody, batch by batch; what is in force keeps its id until it ends.

    Raises Retry while a mass order is about them.
    """
    erasure = await erasing.asked(deps.db, guild_id, user_id)
    if erasure is None:
        return
    stand_in = stand_in_for(deps, guild_id, user_id)
    while await _erase_member(deps, erasure, stand_in):
        pass
    while await _erase_author(deps, erasure):
        pass
    while await _erase_moderator(deps, erasure):
        pass
    last = await erasing.last_number(deps.db, guild_id)
    for first in range(1, last + 1, SPAN):
        await erasing.erase_actor(deps.db, erasure, first, first + SPAN - 1)
    async with transaction(deps.db) as tx:
        await erasing.erase_around(tx, erasure, stand_in)
        busy = await erasing.is_under_way(tx, erasure)
        waiting = await erasing.in_force(tx, guild_id, user_id)
        if not waiting and not busy:
            await erasing.forget(tx, erasure)
    if busy:
        raise Retry(BUSY_FOR, "A mass order about them is under way.")
    log.info("person_erased", guild=guild_id, stand_in=stand_in, waiting=len(waiting))


def stand_in_for(deps: Deps, guild_id: GuildId, user_id: UserId) -> UserId:
    """Return what stands for a person in a guild: the same each time, and their id for no one.

    A keyed hash, as ids are few enough to try them all against one without a key.
    """
    secret = deps.settings.token_secret.reveal().encode()
    digest = hmac.digest(secret, f"erased:{guild_id}:{user_id}".encode(), hashlib.sha256)
    return UserId(int.from_bytes(digest[:8]) % STAND_INS + 1)


async def _erase_member(deps: Deps, erasure: Erasure, stand_in: UserId) -> bool:
    """Erase the next infractions of the person; say whether there were any."""
    async with transaction(deps.db) as tx:
        batch = await erasing.about(tx, erasure, BATCH)
        await erasing.drop_deliveries(tx, erasure.guild_id, [each.number for each in batch])
        for each in batch:
            for piece in await erasing.evidence_about(tx, each):
                await _erase_piece(tx, piece)
            holds = each.in_force
            await erasing.erase_infraction(tx, each, each.user_id if holds else stand_in)
            detail = "the id stays until it ends" if holds else ""
            await note(tx, each, erasure.by, "erased", detail)
    return bool(batch)


async def _erase_author(deps: Deps, erasure: Erasure) -> bool:
    """Erase what the person wrote that is evidence of others."""
    async with transaction(deps.db) as tx:
        batch = await erasing.evidence_by(tx, erasure, BATCH)
        for piece in batch:
            await _erase_piece(tx, piece)
    return bool(batch)


async def _erase_piece(tx: Connection, piece: Evidence) -> None:
    await erasing.erase_evidence(tx, piece)
    if piece.sha256 is not None and piece.kind == "file":
        await kept.drop_content(tx, piece.guild_id, piece.sha256)
    await jobs.cancel(tx, FetchEvidence, piece.key)
    await jobs.cancel(tx, ExpireEvidence, piece.key)


async def _erase_moderator(deps: Deps, erasure: Erasure) -> bool:
    """Erase the person's name where they were the moderator."""
    async with transaction(deps.db) as tx:
        batch = await erasing.ordered_by(tx, erasure, BATCH)
        await erasing.drop_deliveries(tx, erasure.guild_id, [each.number for each in batch])
        for each in batch:
            await erasing.erase_moderator(tx, each)
            await note(tx, each, erasure.by, "erased", "the moderator's name")
    return bool(batch)
