"""The executor: does each action of the bus once, by its deadline, and tells what came of it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec
import structlog
from msgspec import Struct

from services.gateway import queries
from services.gateway.actions.answering import Answering, Terms
from services.gateway.actions.call import Call
from services.gateway.actions.order import lane_of
from services.gateway.actions.plain import PLAIN
from services.gateway.actions.questions import QUESTIONS
from services.gateway.actions.results import Results
from services.gateway.actions.words import gone, late, result_of
from services.gateway.metrics import Metrics
from services.gateway.queries import StoredResult
from services.gateway.queues import queue_of
from services.gateway.rest.client import Request, Rest
from services.gateway.rest.limiter import Priority
from services.gateway.rest.routes import of_bot
from services.gateway.shards.dispatch import Named
from services.gateway.snapshots import Snapshots
from shared.bus import Bus, Consumption, Delivery
from shared.contracts.actions import (
    Action,
    ActionRequest,
    ActionResult,
    Autocomplete,
    Defer,
    DeleteResponse,
    EditResponse,
    FollowUp,
    GetGuild,
    OpenModal,
    Respond,
    SendDirect,
    SendMessage,
)
from shared.contracts.codec import decode, encode
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import ChannelId, UserId
from shared.contracts.invocations import MessageTarget
from shared.contracts.topology import ACTION_CLASSES
from shared.errors import Poison, UnavailableError
from shared.postgres import Db, is_unavailable

FLEETING: Final = (Autocomplete, Defer, OpenModal)
"""Discord itself takes them once per interaction, and nobody asks for their results."""

NOT_KEPT: Final = frozenset((GetGuild, *QUESTIONS, *FLEETING))
"""What has no result to keep."""

SELF_KEYED: Final = (Respond, EditResponse)
"""Discord's own interaction or nonce makes them happen once; they don't wait for Postgres first."""

IN_CONCURRENCY: Final[dict[str, int]] = {"interactive": 1000, "moderation": 200, "bulk": 20}
"""How many actions of a class are under way; most of them wait for the limit of one channel or
guild, which must not keep the others waiting."""

STORING: Final = 3.0
"""Seconds within which a new version of a guild is stored, if it is at all."""

LOOK: Final = 0.05
"""Seconds between two looks for it."""

DIRECT_CHANNELS: Final = 10_000

UNSURE_KEYS: Final = 10_000
"""How many keys are remembered of actions that may have been done without Discord saying so."""

log = structlog.get_logger()


class Executor:
    """Carries out actions for one bot token."""

    def __init__(
        self,
        bus: Bus,
        db: Db,
        rest: Rest,
        results: Results,
        answering: Answering,
        snapshots: Snapshots,
        metrics: Metrics,
    ) -> None:
        self._bus = bus
        self._db = db
        self._rest = rest
        self._results = results
        self._snapshots = snapshots
        self._metrics = metrics
        self.running = False
        self._consumptions: dict[str, Consumption] = {}
        self._running: dict[str, asyncio.Future[ActionResult]] = {}
        self._unsure: OrderedDict[str | None, None] = OrderedDict()
        self._direct_channels: dict[UserId, ChannelId] = {}
        # Any: each function takes the action that it stands beside
        self._special: dict[type[Struct], Callable[[Any, Terms], Awaitable[ActionResult]]] = {
            Respond: answering.respond,
            FollowUp: answering.follow_up,
            EditResponse: answering.edit_response,
            DeleteResponse: answering.delete_response,
            Defer: answering.defer,
            Autocomplete: answering.autocomplete,
            OpenModal: answering.open_modal,
            SendDirect: self._send_direct,
            GetGuild: self._get_guild,
        }

    async def start(self) -> list[Consumption]:
        """Begin to take actions, and return what to drain at the end."""
        await self._results.load()
        self._consumptions = {
            name: await self._bus.consume(
                queue_of(name),
                self.handle,
                prefetch=IN_CONCURRENCY[name],
                concurrency=IN_CONCURRENCY[name],
                key=lane_of,
            )
            for name in ACTION_CLASSES
        }
        self.running = True
        return list(self._consumptions.values())

    async def stop(self, consumptions: list[Consumption], within: float) -> None:
        """Take no more actions, and finish those that run, for so many seconds at most."""
        self.running = False
        self._consumptions = {}
        await asyncio.gather(*(consumption.drain(within) for consumption in consumptions))

    def age(self, name: str) -> float:
        """Return for how many seconds the oldest action of a class has waited, begun or not."""
        consumption = self._consumptions.get(name)
        oldest = consumption.oldest if consumption else None
        return max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0.0

    async def handle(self, delivery: Delivery) -> None:
        """Do what arrived, and answer whoever asked."""
        began = time.monotonic()
        try:
            request = decode(delivery.body, ActionRequest)
        except msgspec.MsgspecError as error:
            raise Poison(f"no action: {error}") from error
        priority = cast("Priority", delivery.routing_key)
        result = await self._once(request, priority)
        await self._bus.answer(delivery, result)
        if datetime.now(UTC) > request.deadline:
            self._metrics.answers_late.labels("service").inc()
        self._metrics.actions.labels(_name(request.action), result.status).inc()
        self._metrics.action_seconds.labels(priority).observe(time.monotonic() - began)
        if result.status != "done":
            log.info(
                "action_not_done",
                do=_name(request.action),
                key=request.key,
                status=result.status,
                code=result.code,
                message=result.message,
            )

    async def _once(self, request: ActionRequest, priority: Priority) -> ActionResult:
        """Return the first result of the request's key, which may be the one of doing it now."""
        key = request.key
        if key is None or type(request.action) in NOT_KEPT:
            return await self._within_deadline(request, priority)
        running = self._running.get(key)
        if running is not None:
            return await asyncio.shield(running)
        known = await self._known(key, request.action)
        if known is not None:
            return known.result
        done: asyncio.Future[ActionResult] = asyncio.get_running_loop().create_future()
        self._running[key] = done
        try:
            result = await self._within_deadline(request, priority)
            if result.status != "retry":
                await self._results.store(
                    _stored(key, request.action, result),
                    durable=not isinstance(request.action, SELF_KEYED),
                )
            done.set_result(result)
        finally:
            del self._running[key]
            if not done.done():
                done.set_exception(UnavailableError("The first attempt at this failed."))
                done.exception()  # often nobody else waits for it
        return result

    async def _known(self, key: str, action: Action) -> StoredResult | None:
        """Look the key up; an answer to a person does not wait for Postgres."""
        if isinstance(action, SELF_KEYED):
            return self._results.recent(key)
        return await self._results.find(key)

    async def _within_deadline(self, request: ActionRequest, priority: Priority) -> ActionResult:
        left = (request.deadline - datetime.now(UTC)).total_seconds()
        if left <= 0:
            self._metrics.late.inc()
            return late()
        terms = Terms(time.monotonic() + left, request.key, request.reason, priority)
        return await self._perform(request.action, terms)

    async def _perform(self, action: Action, terms: Terms) -> ActionResult:
        special = self._special.get(type(action))
        if special is not None:
            return await special(action, terms)
        return await self._call(PLAIN[type(action)](action, terms.key), terms)

    async def _call(self, call: Call, terms: Terms) -> ActionResult:
        answer = await self._rest.call(
            Request(
                call.route,
                terms.deadline,
                json=call.json,
                files=call.files,
                reason=terms.reason,
                priority=terms.priority,
                safe=call.safe,
                unsure=terms.key in self._unsure,
            )
        )
        result = result_of(answer, safe=call.safe, missing=call.missing)
        if answer.unsure and result.status == "retry" and terms.key is not None:
            self._unsure[terms.key] = None
            if len(self._unsure) > UNSURE_KEYS:
                self._unsure.popitem(last=False)
        return result

    async def _send_direct(self, action: SendDirect, terms: Terms) -> ActionResult:
        """Open the channel to a user, which Discord does once, and post there."""
        channel_id = self._direct_channels.get(action.user_id)
        if channel_id is None:
            opening = Call(of_bot("POST", "/users/@me/channels"), _recipient(action.user_id))
            opened = await self._call(opening, terms)
            if opened.status != "done":
                return opened
            channel_id = ChannelId(decode(opened.data, Named).id)
            if len(self._direct_channels) >= DIRECT_CHANNELS:
                self._direct_channels.clear()
            self._direct_channels[action.user_id] = channel_id
        post = SendMessage(channel_id=channel_id, message=action.message)
        return await self._call(PLAIN[SendMessage](post, terms.key), terms)

    async def _get_guild(self, action: GetGuild, terms: Terms) -> ActionResult:
        """Return the snapshot, of this process's shards or what another one stored."""
        try:
            guild = await self._guild(action, min(terms.deadline, time.monotonic() + STORING))
        except Exception as error:
            if not is_unavailable(error):
                raise
            return ActionResult(status="retry", message="Postgres is away.", retry_after=1)
        if guild is None:
            return gone(10004)
        return ActionResult(status="done", data=msgspec.Raw(encode(guild)))

    async def _guild(self, action: GetGuild, deadline: float) -> GuildSnapshot | None:
        """Find the snapshot; wait until the process that keeps it has stored what is asked for."""
        guild = self._snapshots.get(action.guild_id)
        if guild is not None and guild.version >= action.version:
            return guild
        while True:
            guild = await queries.guild(self._db, action.guild_id)
            found = guild.version if guild else 0
            if found >= action.version or time.monotonic() + LOOK > deadline:
                return guild
            await asyncio.sleep(LOOK)


def _recipient(user_id: UserId) -> dict[str, object]:
    return {"recipient_id": str(user_id)}


def _name(action: Action) -> str:
    return str(action.__struct_config__.tag)


def _stored(key: str, action: Action, result: ActionResult) -> StoredResult:
    """Return what is stored; with the answer to a text command, so that it can be edited."""
    if (
        isinstance(action, Respond)
        and isinstance(action.to, MessageTarget)
        and result.status == "done"
    ):
        answer_id = decode(result.data, Named).id
        return StoredResult(
            key=key, result=result, command_id=action.to.message_id, answer_id=answer_id
        )
    return StoredResult(key=key, result=result)
