"""Infractions as the HTTP API shows them: ids as strings, times in ISO 8601."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.infractions.model import Infraction, Kind, State, Step
from shared.contracts.ids import UserId
from shared.http import SnowflakeText


class PersonView(BaseModel):
    """Somebody as they were called when it happened."""

    id: SnowflakeText
    name: str


class InfractionView(BaseModel):
    """One infraction of a guild."""

    guild_id: SnowflakeText
    number: int = Field(description="Counts up from 1 within the guild.")
    kind: Kind
    state: State
    user: PersonView
    moderator: PersonView | None = Field(
        description="None where a rule acted, or nobody knows who."
    )
    reason: str
    source: str = Field(
        description="Where it came from: slash, text, api, audit (Discord's audit log), ..."
    )
    created_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None = Field(description="When it expired or was lifted.")
    failure: str | None = Field(description="Why Discord refused it, or refuses to lift it.")


class StepView(BaseModel):
    """One change in an infraction's history."""

    at: datetime
    actor: PersonView | None = Field(description="None where Flotilla itself acted.")
    change: str
    detail: str


class InfractionDetail(InfractionView):
    """One infraction with everything that happened to it, first to last."""

    history: list[StepView]


class InfractionPage(BaseModel):
    """Some infractions, newest first, and the cursor of those that follow."""

    items: list[InfractionView]
    next: str | None


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
        expires_at=infraction.expires_at,
        ended_at=infraction.ended_at,
        failure=infraction.failure,
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
