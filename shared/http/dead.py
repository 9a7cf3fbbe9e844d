"""Routes of a service's dead letters, for operators: list, replay and drop them."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from shared.bus import Bus, DeadLetter
from shared.contracts.topology import PURPOSES
from shared.errors import NotFoundError
from shared.http.access import OPERATOR, require
from shared.http.snowflakes import SnowflakeText

Some = Annotated[int, Query(ge=1, le=1000, description="How many, the oldest first.")]


class DeadView(BaseModel):
    """A parked message."""

    message_id: str
    type: str
    guild_id: SnowflakeText
    routing_key: str
    reason: str
    attempts: int
    died_at: datetime | None
    body: str


class Count(BaseModel):
    """How many were treated."""

    count: int


def queues_of(service: str) -> list[str]:
    """Return the names that the queues of a service have; it may not have all of them."""
    return [f"{service}.{purpose}" for purpose in PURPOSES]


def dead_routes(bus: Bus, queues: Collection[str]) -> APIRouter:
    """Make the routes of the messages that are parked beside a service's queues."""
    router = APIRouter(
        prefix="/dead", tags=["operation"], dependencies=[Depends(require(OPERATOR))]
    )

    def own_queue(queue: Annotated[str, Path(description="One of this service's queues.")]) -> str:
        if queue not in queues:
            raise NotFoundError(f"The queues here are: {', '.join(sorted(queues))}.")
        return queue

    @router.get("")
    async def list_dead(  # pyright: ignore[reportUnusedFunction] - a route
        limit: Some = 20,
    ) -> dict[str, list[DeadView]]:
        """List the parked messages of every queue, by queue, leaving them where they are."""
        return {queue: await _peek(bus, queue, limit) for queue in sorted(queues)}

    @router.post("/{queue}/replay")
    async def replay_dead(  # pyright: ignore[reportUnusedFunction] - a route
        queue: Annotated[str, Depends(own_queue)],
        count: Some = 1,
    ) -> Count:
        """Have parked messages handled again."""
        return Count(count=await bus.replay(queue, count))

    @router.post("/{queue}/drop")
    async def drop_dead(  # pyright: ignore[reportUnusedFunction] - a route
        queue: Annotated[str, Depends(own_queue)],
        count: Some = 1,
    ) -> Count:
        """Throw parked messages away."""
        return Count(count=await bus.drop(queue, count))

    return router


async def _peek(bus: Bus, queue: str, limit: int) -> list[DeadView]:
    try:
        return [_view(letter) for letter in await bus.peek(queue, limit)]
    except NotFoundError:  # one that this service does not have, or has not declared yet
        return []


def _view(letter: DeadLetter) -> DeadView:
    return DeadView.model_validate(msgspec.structs.asdict(letter))
