"""Evidence of an infraction: kept by hand or with the measure, fetched later, gone in time."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from services.infractions import queries
from services.infractions.actions.following import wants_evidence
from services.infractions.actions.showing import show
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.evidence_model import (
    LARGEST_FILE,
    MOST_BYTES,
    MOST_FILES,
    MOST_MESSAGES,
    Evidence,
    EvidenceKind,
    EvidenceState,
    Item,
    Link,
    Place,
)
from services.infractions.fetching import NotFetchedError, check_origin, fetch
from services.infractions.model import FLOTILLA, Infraction, Person
from services.infractions.places import may_read
from services.infractions.queries import evidence as kept
from services.infractions.timers import ExpireEvidence, FetchEvidence
from shared import jobs
from shared.commands import parse_duration
from shared.contracts.actions import GetChannel, GetMessage, ListMessages
from shared.contracts.codec import decode
from shared.contracts.discord import Attachment, MessageRef
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.topology import INTERACTIVE
from shared.errors import ForbiddenError, NotFoundError, Retry, UserError
from shared.postgres import Connection, transaction

LOOKED_THROUGH: Final = 100
"""Messages of a channel among which the member's last ones are looked for."""

PATIENCE: Final = 2.0
"""Seconds that a measure waits for the messages that it deletes."""

MOST_TRIES: Final = 6

ENDED: Final = frozenset({EvidenceState.REMOVED, EvidenceState.EXPIRED, EvidenceState.ERASED})

log = structlog.get_logger()


class NoRoomError(UserError):
    """An infraction holds as much evidence as it may."""


# --- looking ------------------------------------------------------------------------------------


async def evidence_of(deps: Deps, guild_id: GuildId, number: int) -> list[Evidence]:
    """Return the evidence of an infraction, first to last. Raises NotFoundError."""
    await show(deps, guild_id, number)
    return await kept.all_of(deps.db, guild_id, number)


async def file_of(
    deps: Deps, guild_id: GuildId, number: int, evidence_id: int
) -> tuple[Evidence, bytes]:
    """Return a kept file with what it holds. Raises NotFoundError."""
    piece = await kept.get(deps.db, guild_id, number, evidence_id)
    there = piece is not None and piece.state is EvidenceState.KEPT and piece.sha256 is not None
    if piece is None or not there or piece.kind is not EvidenceKind.FILE:
        raise NotFoundError(f"Infraction #{number} has no file {evidence_id} that is kept.")
    body = await kept.content(deps.db, guild_id, piece.sha256 or "")
    if body is None:
        raise NotFoundError(f"File {evidence_id} of infraction #{number} is not kept any more.")
    return piece, body


# --- adding by hand -----------------------------------------------------------------------------


async def linked_message(
    deps: Deps, guild_id: GuildId, link: Link, reader: UserId | None, roles: Iterable[RoleId] = ()
) -> MessageRef:
    """Return the message that a link names, if `reader` (None: the guild itself) may read it.

    Raises NotFoundError, ForbiddenError, UnavailableError.
    """
    missing = NotFoundError("That message is not in this server, or not there any more.")
    if link.guild_id != guild_id:
        raise missing
    asked = await deps.gateway.do(
        GetChannel(channel_id=link.channel_id), key=None, queue=INTERACTIVE
    )
    place = decode(asked.data, Place) if asked.status == "done" else None
    # The bot may be in other servers too, whose messages are nobody's here.
    if place is None or place.guild_id != guild_id:
        raise missing
    if reader is not None:
        guild = await deps.gateway.guild(guild_id)
        if not may_read(guild, place, reader, roles):
            raise ForbiddenError("You can't read that channel yourself.")
    question = GetMessage(channel_id=link.channel_id, message_id=link.message_id)
    found = await deps.gateway.do(question, key=None, queue=INTERACTIVE)
    if found.status != "done":
        raise missing
    return decode(found.data, MessageRef)


async def add_evidence(
    deps: Deps, guild_id: GuildId, number: int, items: Sequence[Item], by: Person
) -> list[Evidence]:
    """Keep messages with their files, and files, with an infraction; what it has stays as it is.

    Files are fetched later. Raises NotFoundError, UserError where it does not fit.
    """
    await show(deps, guild_id, number)
    files = [each for each in items if isinstance(each, Attachment)]
    for file in files:
        check_origin(file.url, deps.settings.cdn_origins)
    async with transaction(deps.db) as tx:
        infraction = await queries.lock(tx, guild_id, number)
        assert infraction is not None
        if infraction.hidden_at is not None:
            raise UserError(f"Infraction #{number} was deleted: restore it first.")
        added = await _add(deps, tx, infraction, items, by)
        for each in added:
            await note(tx, infraction, by, "evidence", f"added {_named(each)}")
    return added


async def _add(
    deps: Deps, tx: Connection, infraction: Infraction, items: Sequence[Item], by: Person
) -> list[Evidence]:
    """Add it all. Raises NoRoomError at the first thing that does not fit."""
    added: list[Evidence] = []
    for item in items:
        if isinstance(item, Attachment):
            added += await _add_file(deps, tx, infraction, item, None, by)
        else:
            added += await _add_message(deps, tx, infraction, item, by)
            for file in item.attachments:
                added += await _add_file(deps, tx, infraction, file, item, by)
    return added


async def _add_message(
    deps: Deps, tx: Connection, infraction: Infraction, message: MessageRef, by: Person
) -> list[Evidence]:
    if (await kept.held(tx, infraction)).messages >= MOST_MESSAGES:
        raise NoRoomError(f"An infraction has {MOST_MESSAGES} messages at most: remove some first.")
    piece = await kept.add_message(tx, infraction, message, by, _retention(deps, infraction))
    return await _scheduled(tx, piece)


async def _add_file(  # what it is of, by whom
    deps: Deps,
    tx: Connection,
    infraction: Infraction,
    file: Attachment,
    message: MessageRef | None,
    by: Person,
) -> list[Evidence]:
    check_origin(file.url, deps.settings.cdn_origins)
    if file.size > LARGEST_FILE:
        raise NoRoomError(f"The file has {_mib(file.size)}: {_mib(LARGEST_FILE)} is the most.")
    held = await kept.held(tx, infraction)
    if held.files >= MOST_FILES:
        raise NoRoomError(f"An infraction has {MOST_FILES} files at most: remove some first.")
    if held.bytes + file.size > MOST_BYTES:
        raise NoRoomError(
            f"The files of an infraction have {_mib(MOST_BYTES)} at most: remove some first."
        )
    retention = _retention(deps, infraction)
    return await _scheduled(tx, await kept.add_file(tx, infraction, file, message, by, retention))


async def _scheduled(tx: Connection, piece: Evidence | None) -> list[Evidence]:
    """Have a new piece fetched now, and thrown away in time."""
    if piece is None:
        return []
    if piece.state is EvidenceState.WANTED:
        job = FetchEvidence(guild_id=piece.guild_id, number=piece.number, id=piece.id)
        await jobs.schedule(tx, job, key=piece.key)
    if piece.expires_at is not None:
        expire = ExpireEvidence(guild_id=piece.guild_id, number=piece.number, id=piece.id)
        await jobs.schedule(tx, expire, at=piece.expires_at, key=piece.key)
    return [piece]


def _retention(deps: Deps, infraction: Infraction) -> timedelta | None:
    wanted = deps.config.get(infraction.guild_id).plugins.infractions.evidence_retention
    return None if wanted is None else parse_duration(wanted)


# --- with a measure -----------------------------------------------------------------------------


async def save_evidence(deps: Deps, infraction: Infraction) -> None:
    """Take the messages before a measure deletes them, if that is soon done; else a job tries."""
    if infraction.delete_message_seconds == 0:
        return
    with suppress(UserError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await take_evidence(deps, infraction.guild_id, infraction.number)


async def take_evidence(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Keep the member's last messages in the channel where a measure was ordered, once.

    What does not fit is left out and said so in the history. Raises UnavailableError.
    """
    infraction = await queries.get(deps.db, guild_id, number)
    plugin = deps.config.get(guild_id).plugins.infractions
    if infraction is None or not wants_evidence(infraction, plugin):
        return
    if await kept.was_taken(deps.db, infraction):
        return
    try:
        messages = await _last_messages(deps, infraction, plugin.evidence_messages)
    except ForbiddenError as refusal:
        await _note_taken(deps, infraction, [], refusal.message)
        return
    await _note_taken(deps, infraction, messages, "")


async def _last_messages(deps: Deps, infraction: Infraction, most: int) -> list[MessageRef]:
    """Return the last messages of the member, oldest first. Raises ForbiddenError."""
    assert infraction.channel_id is not None
    question = ListMessages(channel_id=infraction.channel_id, limit=LOOKED_THROUGH)
    result = await deps.gateway.do(question, key=None, queue=INTERACTIVE)
    if result.status != "done":
        return []
    found = decode(result.data, list[MessageRef])
    theirs = [each for each in found if each.author and each.author.id == infraction.user_id]
    return sorted(theirs, key=lambda each: each.id)[-most:]


async def _note_taken(
    deps: Deps, infraction: Infraction, messages: Sequence[MessageRef], refusal: str
) -> None:
    """Write down what was taken, and that it was."""
    left_out: list[str] = []
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        assert current is not None
        if await kept.was_taken(tx, current):
            return
        added = await _take(deps, tx, current, messages, left_out)
        counts = f"{_count(added, EvidenceKind.MESSAGE)}, {_count(added, EvidenceKind.FILE)}"
        why = refusal or "; ".join(dict.fromkeys(left_out))
        await note(
            tx, current, FLOTILLA, "evidence", f"{kept.TAKEN}{counts}" + (f"; {why}" if why else "")
        )


async def _take(
    deps: Deps,
    tx: Connection,
    infraction: Infraction,
    messages: Sequence[MessageRef],
    left_out: list[str],
) -> list[Evidence]:
    """Add what fits, and name in `left_out` why the rest was not."""
    added: list[Evidence] = []
    for message in messages:
        try:
            added += await _add_message(deps, tx, infraction, message, FLOTILLA)
            for file in message.attachments:
                added += await _add_file(deps, tx, infraction, file, message, FLOTILLA)
        except UserError as refusal:
            left_out.append(f"left out: {refusal.message}")
    return added


def _count(added: Sequence[Evidence], kind: EvidenceKind) -> str:
    number = sum(each.kind is kind for each in added)
    return f"{number} {kind.value}{'' if number == 1 else 's'}"


# --- fetching -----------------------------------------------------------------------------------


async def fetch_evidence(deps: Deps, guild_id: GuildId, number: int, evidence_id: int) -> None:
    """Fetch a file that is wanted. Raises Retry while the file server does not answer."""
    piece = await kept.get(deps.db, guild_id, number, evidence_id)
    if piece is None or piece.state is not EvidenceState.WANTED:
        return
    try:
        check_origin(piece.url, deps.settings.cdn_origins)
        body = await fetch(deps.files, piece.url, LARGEST_FILE)
    except NotFetchedError as error:
        last = error.for_good or piece.tries + 1 >= MOST_TRIES
        await _not_fetched(deps, piece, error.reason, last=last)
        if not last:
            raise Retry(reason=error.reason) from error
        return
    await _keep(deps, piece, body)


async def _keep(deps: Deps, piece: Evidence, body: bytes) -> None:
    """Keep what was fetched, unless it is not wanted any more, or is more than was said of it."""
    async with transaction(deps.db) as tx:
        infraction = await queries.lock(tx, piece.guild_id, piece.number)
        current = await kept.get(tx, piece.guild_id, piece.number, piece.id)
        assert infraction is not None
        if current is None or current.state is not EvidenceState.WANTED:
            return
        held = await kept.held(tx, infraction)
        if held.bytes - current.size + len(body) > MOST_BYTES:
            failure = f"With it the files have more than {_mib(MOST_BYTES)}."
            await _note_failed(tx, infraction, current, failure)
            return
        digest = hashlib.sha256(body).hexdigest()
        await kept.keep_content(tx, piece.guild_id, digest, body)
        await kept.set_kept(tx, piece, digest, len(body))
    log.info("evidence_kept", evidence=piece.key, bytes=len(body))


async def _not_fetched(deps: Deps, piece: Evidence, failure: str, *, last: bool) -> None:
    log.warning("evidence_not_fetched", evidence=piece.key, reason=failure, last=last)
    if not last:
        await kept.note_try(deps.db, piece, failure, last=False)
        return
    async with transaction(deps.db) as tx:
        infraction = await queries.lock(tx, piece.guild_id, piece.number)
        assert infraction is not None
        await _note_failed(tx, infraction, piece, failure)


async def _note_failed(
    tx: Connection, infraction: Infraction, piece: Evidence, failure: str
) -> None:
    await kept.note_try(tx, piece, failure, last=True)
    await note(tx, infraction, FLOTILLA, "evidence", f"not kept {_named(piece)}: {failure}")


# --- ending -------------------------------------------------------------------------------------


async def remove_evidence(  # which piece, and by whom
    deps: Deps, guild_id: GuildId, number: int, evidence_id: int, by: Person, *, of_others: bool
) -> Evidence:
    """Throw a piece away; its hash and a note in the history stay. Again, it changes nothing.

    Raises NotFoundError, ForbiddenError for what others added unless `of_others`.
    """
    async with transaction(deps.db) as tx:
        infraction = await queries.lock(tx, guild_id, number)
        piece = await kept.get(tx, guild_id, number, evidence_id)
        if infraction is None or piece is None:
            raise NotFoundError(f"Infraction #{number} has no evidence {evidence_id}.")
        if piece.added_by_id != by.id and not of_others:
            raise ForbiddenError("Only level 100 can remove what others added.")
        if piece.state not in ENDED:
            await _end(tx, infraction, piece, EvidenceState.REMOVED, by)
        found = await kept.get(tx, guild_id, number, evidence_id)
    assert found is not None
    return found


async def expire_evidence(deps: Deps, guild_id: GuildId, number: int, evidence_id: int) -> None:
    """Throw a piece away whose retention time is over."""
    async with transaction(deps.db) as tx:
        infraction = await queries.lock(tx, guild_id, number)
        piece = await kept.get(tx, guild_id, number, evidence_id)
        if infraction is not None and piece is not None and piece.state not in ENDED:
            await _end(tx, infraction, piece, EvidenceState.EXPIRED, FLOTILLA)


async def _end(
    tx: Connection, infraction: Infraction, piece: Evidence, state: EvidenceState, by: Person
) -> None:
    await kept.end(tx, piece, state)
    await jobs.cancel(tx, FetchEvidence, piece.key)
    if state is EvidenceState.REMOVED:
        await jobs.cancel(tx, ExpireEvidence, piece.key)
    digest = f" (SHA-256 {piece.sha256})" if piece.sha256 else ""
    await note(tx, infraction, by, "evidence", f"{state.value} {_named(piece)}{digest}")


def _named(piece: Evidence) -> str:
    """Name a piece in the history: by its number, and what it is."""
    return f"{piece.kind.value} {piece.id}"


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
