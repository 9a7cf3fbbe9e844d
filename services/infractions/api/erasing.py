"""The routes that erase a person from a server's record."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from services.infractions import actions
from services.infractions.api.params import DepsOf, OfGuild
from services.infractions.model import Person
from shared.contracts.ids import GuildId, UserId
from shared.http import Actor, SnowflakeText, require

router = APIRouter(prefix="/guilds/{guild_id}/people/{user_id}", tags=["people"])

Erasing = Annotated[Actor, Depends(require("people:erase"))]
OfPerson = Annotated[SnowflakeText, Path(description="The person's id.")]


class Asked(BaseModel):
    """That an erasure was asked for; it is done in a moment."""

    user_id: SnowflakeText


class ErasureView(BaseModel):
    """An erasure that is not complete."""

    asked_at: datetime
    waits_for: list[int] = Field(
        description="The numbers of measures that are in force, and keep the id until they end."
    )


@router.delete("", status_code=202)
async def erase_person(deps: DepsOf, guild_id: OfGuild, user_id: OfPerson, actor: Erasing) -> Asked:
    """Erase a person: names, texts, links and evidence; what was done, when and by whom stays."""
    by = Person(UserId(actor.user_id), actor.name)
    await actions.ask_erasure(deps, GuildId(guild_id), UserId(user_id), by)
    return Asked(user_id=user_id)


@router.get("/erasure")
async def show_erasure(
    deps: DepsOf, guild_id: OfGuild, user_id: OfPerson, _actor: Erasing
) -> ErasureView:
    """Say what an erasure waits for; 404 when none is under way, as after it is complete."""
    erasure, waiting = await actions.show_erasure(deps, GuildId(guild_id), UserId(user_id))
    return ErasureView(asked_at=erasure.asked_at, waits_for=[each.number for each in waiting])
