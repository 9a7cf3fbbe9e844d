"""Flotilla's own export in JSON: a list, or an object in each line; nothing of it is lost."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from services.infractions.model import LARGEST_NUMBER, Infraction, Kind, State, Step
from services.infractions.origins.brought import Brought, Reading, rows_of, shaped
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId

At = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]


class _Step(Struct, kw_only=True):
    step: Count
    at: At
    actor_id: int | None = None
    actor_name: str = ""
    change: str
    detail: str = ""


class _Row(Struct, kw_only=True):
    guild_id: int
    number: Annotated[int, Meta(ge=1, le=LARGEST_NUMBER)]
    kind: Kind
    state: State
    user_id: int
    user_name: str = ""
    moderator_id: int | None = None
    moderator_name: str = ""
    reason: str = ""
    source: str
    source_key: str = ""
    created_at: At
    expires_at: At | None = None
    ended_at: At | None = None
    channel_id: int | None = None
    message_id: int | None = None
    delete_message_seconds: Count = 0
    failure: str | None = None
    lift_refusals: Count = 0
    role_id: int | None = None
    points: Count = 0
    counts_until: At | None = None
    pardoned_at: At | None = None
    hidden_at: At | None = None
    updated_at: At | None = None
    applied_until: At | None = None
    replaced_by: Count | None = None
    history: tuple[_Step, ...] = ()


def read(data: bytes, guild_id: GuildId) -> Reading:
    """Read an export, of this server or of another one."""
    reading = Reading()
    for line, row in rows_of(data):
        reading.take(line, lambda line=line, row=row: _brought(line, shaped(row, _Row), guild_id))
    return reading


def _brought(line: int, row: _Row, guild_id: GuildId) -> Brought:
    known = row.source_key if row.guild_id == guild_id else ""
    return Brought(
        line=line,
        source_key=known or f"import:flotilla:{row.guild_id}:{row.number}",
        infraction=_infraction(row, guild_id),
        history=tuple(_step(number, each) for number, each in enumerate(row.history, start=1)),
    )


def _step(number: int, row: _Step) -> Step:
    return Step(
        step=number,
        at=row.at,
        actor_id=None if row.actor_id is None else UserId(row.actor_id),
        actor_name=row.actor_name,
        change=row.change,
        detail=row.detail,
    )


def _infraction(row: _Row, guild_id: GuildId) -> Infraction:
    # What was under way then is not now, and nobody finishes it.
    pending = row.state is State.PENDING
    return Infraction(
        guild_id=guild_id,
        number=row.number,
        kind=row.kind,
        state=State.FAILED if pending else row.state,
        user_id=UserId(row.user_id),
        user_name=row.user_name,
        moderator_id=None if row.moderator_id is None else UserId(row.moderator_id),
        moderator_name=row.moderator_name,
        reason=row.reason,
        source=row.source,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        channel_id=None if row.channel_id is None else ChannelId(row.channel_id),
        message_id=None if row.message_id is None else MessageId(row.message_id),
        delete_message_seconds=row.delete_message_seconds,
        failure="It was under way when it was exported." if pending else row.failure,
        lift_refusals=row.lift_refusals,
        role_id=None if row.role_id is None else RoleId(row.role_id),
        points=row.points,
        counts_until=row.counts_until,
        pardoned_at=row.pardoned_at,
        hidden_at=row.hidden_at,
        applied_until=row.applied_until,
        replaced_by=row.replaced_by,
    )
