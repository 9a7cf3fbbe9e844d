"""Infractions as programs are shown them: ids as strings, times in ISO 8601 with a zone."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.infractions.model import Infraction, Kind, State, Step
from shared.contracts.ids import UserId
from shared.http import SnowflakeText

Moment = Annotated[datetime, Field(examples=["2026-11-23T18:05:00.123456Z"])]


class PersonView(BaseModel):
    """Somebody as they were called when it happened."""

    id: SnowflakeText
    name: str = Field(examples=["harbourmaster"])


class InfractionView(BaseModel):
    """One infraction of a guild."""

    guild_id: SnowflakeText
    number: int = Field(description="Counts up from 1 within the guild.", examples=[7])
    kind: Kind = Field(description="What happened.")
    state: State = Field(
        description="pending until Discord has done it, then active for what lasts until it is "
        "expired or lifted, done for the rest; failed where Discord refused."
    )
    user: PersonView = Field(description="Whom it is about.")
    moderator: PersonView | None = Field(
        description="Who ordered it; a key has its own name with its maker's id. "
        "None where a rule acted, or nobody knows who."
    )
    reason: str = Field(examples=["Advertising"])
    source: str = Field(
        description="Where it came from: slash, text, web, api, audit (Discord's audit log), ...",
        examples=["slash"],
    )
    created_at: Moment
    updated_at: Moment = Field(description="When it last changed.")
    version: int = Field(description="Grows with every change; the ETag.", examples=[3])
    expires_at: Moment | None = Field(description="When its time is up; None for good.")
    ended_at: Moment | None = Field(description="When it expired or was lifted.")
    failure: str | None = Field(description="Why Discord refused it, or refuses to lift it.")
    role_id: SnowflakeText | None = Field(description="The role that it gave.")
    delete_message_seconds: int = Field(
        description="Messages of so many seconds before it were deleted."
    )
    points: int = Field(description="What a warning counts.")
    counts_until: Moment | None = Field(description="Until when a warning counts.")
    pardoned_at: Moment | None = Field(description="Since when a warning counts no more.")
    hidden_at: Moment | None = Field(description="Since when it is deleted.")
    replaced_by: int | None = Field(description="The number of what took its place.")
    channel_id: SnowflakeText | None = Field(description="Where it was ordered.")
    message_id: SnowflakeText | None = Field(description="The message that it is about.")


class StepView(BaseModel):
    """One change in an infraction's history."""

    at: Moment
    actor: PersonView | None = Field(description="None where Flotilla itself acted.")
    change: str = Field(
        description="What changed: created, active, done, failed, expired, lifted, told, reason, "
        "duration, hidden, restored, pardoned, ...",
        examples=["reason"],
    )
    detail: str


class InfractionDetail(InfractionView):
    """One infraction with everything that happened to it, first to last."""

    history: list[StepView]


class InfractionPage(BaseModel):
    """Some infractions, newest first, and the cursor of those that follow."""

    items: list[InfractionView]
    next: str | None = Field(description="The `cursor` of the page after; None on the last one.")


def person(person_id: UserId | None, name: str) -> PersonView | None:
    """Show who acted, if somebody did."""
    return None if not person_id else PersonView(id=person_id, name=name)


def view(infraction: Infraction) -> InfractionView:
    """Show an infraction."""
    return InfractionView(
        guild_id=infraction.guild_id,
        number=infraction.number,
        kind=infraction.kind,
        state=infraction.state,
        user=PersonView(id=infraction.user_id, name=infraction.user_name),
        moderator=person(infraction.moderator_id, infraction.moderator_name),
        reason=infraction.reason,
        source=infraction.source,
        created_at=infraction.created_at,
        updated_at=infraction.updated_at or infraction.created_at,
        version=infraction.version,
        expires_at=infraction.expires_at,
        ended_at=infraction.ended_at,
        failure=infraction.failure,
        role_id=infraction.role_id,
        delete_message_seconds=infraction.delete_message_seconds,
        points=infraction.points,
        counts_until=infraction.counts_until,
        pardoned_at=infraction.pardoned_at,
        hidden_at=infraction.hidden_at,
        replaced_by=infraction.replaced_by,
        channel_id=infraction.channel_id,
        message_id=infraction.message_id,
    )


def detail(infraction: Infraction, history: list[Step]) -> InfractionDetail:
    """Show an infraction with its history."""
    steps = [
        StepView(
            at=step.at,
            actor=person(step.actor_id, step.actor_name),
            change=step.change,
            detail=step.detail,
        )
        for step in history
    ]
    return InfractionDetail(**view(infraction).model_dump(), history=steps)


# --- webhooks -----------------------------------------------------------------------------------


class HookChange(BaseModel):
    """The step of the history that a webhook hears of."""

    change: str = Field(description="The word of the history: active, lifted, reason, ...")
    detail: str
    actor: PersonView | None = Field(description="None where Flotilla itself acted.")


class HookData(BaseModel):
    """What happened, and how the infraction is since."""

    guild_id: SnowflakeText
    change: HookChange | None = Field(default=None, description="None in a ping.")
    infraction: InfractionView | None = Field(default=None, description="None in a ping.")


class HookBody(BaseModel):
    """What is delivered to a webhook."""

    type: str
    timestamp: datetime = Field(description="When it happened.")
    data: HookData
