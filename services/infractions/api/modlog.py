"""The route that tells how a server's mod log is doing."""

from datetime import datetime

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.infractions import actions
from services.infractions.api.params import DepsOf, OfGuild
from shared.contracts.ids import GuildId
from shared.http import SnowflakeText, require

router = APIRouter(tags=["mod log"])


class LogView(BaseModel):
    """A server's mod log: its channel, and what keeps it from being written, if anything does."""

    channel_id: SnowflakeText | None = Field(description="None where the server has none.")
    waiting: int = Field(description="Infractions that the log does not show as they are.")
    failure: str | None = Field(description="Why Discord does not let it be written.")
    failing_since: datetime | None
    again_at: datetime | None = Field(description="When it is tried again.")


@router.get("/guilds/{guild_id}/modlog", dependencies=[Depends(require("infractions:read"))])
async def read_log_state(deps: DepsOf, guild_id: OfGuild) -> LogView:
    """Tell how a server's mod log is doing."""
    state = await actions.show_log_state(deps, GuildId(guild_id))
    failure = state.failure
    return LogView(
        channel_id=state.channel_id,
        waiting=state.waiting,
        failure=failure and failure.failure,
        failing_since=failure and failure.since,
        again_at=failure and failure.again_at,
    )
