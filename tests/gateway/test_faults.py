"""Whatever Discord answers, an action ends in time with a clear result, and is never done twice.

Every fault is injected under every action, side by side, on one gateway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.bus import Delivery, QueueSpec
from shared.contracts.actions import (
    Action,
    ActionResult,
    AddRole,
    Ban,
    DeleteMessage,
    FollowUp,
    Kick,
    Message,
    Respond,
    SendDirect,
    SendMessage,
    Timeout,
)
from shared.contracts.codec import decode
from shared.contracts.discord import ADMINISTRATOR
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from shared.contracts.invocations import CommandSpec, InteractionTarget, Invocation
from shared.contracts.topology import DISCORD_COMMANDS
from tests.gateway.doing import do
from tests.gateway.rig import Rig
from tests.gateway.rig import rig as make_rig
from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.ports import free_port
from tests.support.sandbox import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

LITTLE = 12.0
"""Seconds that an answer may take beyond its deadline, on a busy machine."""

SHORTEST_PAUSE = 0.1
"""Seconds between two attempts, at least."""

KICKED, BANNED, CHANGED, ROLES_CHANGED = 20, 22, 24, 25
"""Discord's numbers of what its audit log tells."""


@dataclass(kw_only=True)
class Case:
    """An action on something of its own; `effects` counts how often it was done."""

    action: Action
    routes: tuple[str, ...]
    effects: Callable[[], Awaitable[int]]
    once_only: bool = False
    """Whether Discord would do it again if it were asked again."""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = type(self.action).__name__


class Place:
    """A running gateway, and cases made for it."""

    def __init__(self, rig: Rig, asked: asyncio.Queue[Invocation]) -> None:
        self.rig = rig
        self._asked = asked
        self._count = 0

    async def cases(self) -> list[Case]:
        """Return a case for each action, on things of its own in a guild of this call's own.

        Rate limits are per guild and channel, so that no fault reaches beyond it.
        """
        await self._found()
        made: list[Case] = [await self._respond(), await self._follow_up()]
        made += [await self._send(), await self._send_direct(), await self._delete()]
        for act in (self._ban, self._kick, self._time_out, self._add_role):
            made.append(act(UserId(await self._member())))
        return made

    async def _found(self) -> None:
        rig = self.rig
        rig.guild = await rig.sandbox.found(self._marker(), rig.owner)
        await rig.sandbox.join(rig.guild, rig.member)
        await rig.sandbox.invite(rig.guild, rig.bot, ADMINISTRATOR)
        role = await rig.owner.rest("POST", f"/guilds/{self.guild}/roles", {"name": "crew"})
        rig.guild.roles["crew"] = int(role["id"])

    @property
    def guild(self) -> GuildId:
        return GuildId(self.rig.guild.id)

    def _marker(self) -> str:
        self._count += 1
        return f"mark{self._count}."

    async def _member(self) -> int:
        return (await self.rig.sandbox.join(self.rig.guild, self._marker().strip("."))).id

    async def _interaction(self) -> InteractionTarget:
        self.rig.start(self.rig.member.runs("/probe", self.rig.guild, within=60))
        to = (await self._asked.get()).reply_to
        assert isinstance(to, InteractionTarget)
        return to

    async def _respond(self) -> Case:
        to, words = await self._interaction(), self._marker()
        channel = self.rig.guild.channel_id
        return Case(
            action=Respond(to=to, message=Message(content=words)),
            routes=_routes_of(to),
            effects=lambda: self._posts(channel, words),
        )

    async def _follow_up(self) -> Case:
        to, words = await self._interaction(), self._marker()
        channel = self.rig.guild.channel_id
        first = Respond(to=to, message=Message(content="first"))
        assert (await do(self.rig, first, key=self._marker())).status == "done"
        return Case(
            action=FollowUp(to=to, message=Message(content=words)),
            routes=_routes_of(to),
            effects=lambda: self._posts(channel, words),
            once_only=True,
        )

    async def _send(self) -> Case:
        made = await self.rig.owner.rest(
            "POST", f"/guilds/{self.guild}/channels", {"name": "pier", "type": 0}
        )
        words, channel = self._marker(), ChannelId(int(made["id"]))
        return Case(
            action=SendMessage(channel_id=channel, message=Message(content=words)),
            routes=(f"/channels/{channel}/messages",),
            effects=lambda: self._posts(channel, words),
        )

    async def _send_direct(self) -> Case:
        user, words = await self._member(), self._marker()
        opened = await self._as_bot("POST", "/users/@me/channels", {"recipient_id": str(user)})
        return Case(
            action=SendDirect(user_id=UserId(user), message=Message(content=words)),
            routes=(f"/channels/{opened['id']}/messages",),
            effects=lambda: self._posts(int(opened["id"]), words),
        )

    async def _delete(self) -> Case:
        said = await self.rig.member.says(self.rig.guild, self._marker())
        path = f"/channels/{said.channel_id}/messages"

        async def deleted() -> int:
            listed = await self._as_bot("GET", f"{path}?limit=100")
            return int(str(said.id) not in {each["id"] for each in listed})

        routes = (f"{path}/{said.id}",)
        action = DeleteMessage(channel_id=ChannelId(said.channel_id), message_id=MessageId(said.id))
        return Case(action=action, routes=routes, effects=deleted)

    def _ban(self, user: UserId) -> Case:
        action = Ban(guild_id=self.guild, user_id=user)
        return self._on_member(action, user, "bans", BANNED)

    def _kick(self, user: UserId) -> Case:
        action = Kick(guild_id=self.guild, user_id=user)
        return self._on_member(action, user, "members", KICKED)

    def _time_out(self, user: UserId) -> Case:
        until = datetime.now(UTC) + timedelta(hours=1)
        action = Timeout(guild_id=self.guild, user_id=user, until=until)
        return self._on_member(action, user, "members", CHANGED)

    def _add_role(self, user: UserId) -> Case:
        role = RoleId(self.rig.guild.roles["crew"])
        action = AddRole(guild_id=self.guild, user_id=user, role_id=role)
        return self._on_member(action, user, "members", ROLES_CHANGED)

    def _on_member(self, action: Action, user: UserId, below: str, kind: int) -> Case:
        path = f"/guilds/{self.guild}/audit-logs"

        async def logged() -> int:
            filters = f"target_id={user}&action_type={kind}"
            log = await self.rig.owner.rest("GET", f"{path}?{filters}")
            return len(log["audit_log_entries"])

        routes = (f"/guilds/{self.guild}/{below}/{user}**",)
        return Case(action=action, routes=routes, effects=logged)

    async def _posts(self, channel_id: int, words: str) -> int:
        listed = await self._as_bot("GET", f"/channels/{channel_id}/messages?limit=100")
        return sum(each["content"] == words for each in listed)

    async def _as_bot(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        return await self.rig.sandbox.rest(f"Bot {self.rig.bot.token}", method, path, body)


def _routes_of(to: InteractionTarget) -> tuple[str, ...]:
    return (f"/interactions/{to.id}/**", f"/webhooks/{to.application_id}/{to.token}**")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(backends: Backends) -> AsyncGenerator[Place]:
    """Give one gateway to all faults, with a command that nobody answers but the test."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running())
        sandbox.hub.settings.identify_interval = timedelta(milliseconds=50)
        sandbox.world.settings.rate_limits = False  # the only limits are the injected ones
        database = await stack.enter_async_context(places.database(backends.database_url))
        vhost = places.vhost(backends.amqp_url, backends.amqp_management_url)
        amqp = await stack.enter_async_context(vhost)
        made = make_rig(stack, sandbox, database, amqp, free_port())
        rig = await stack.enter_async_context(made)
        asked: asyncio.Queue[Invocation] = asyncio.Queue()

        async def take(delivery: Delivery) -> None:
            asked.put_nowait(decode(delivery.body, Invocation))

        queue = QueueSpec("probe.commands", ((DISCORD_COMMANDS, "probe"),))
        await rig.bus.consume(queue, take)
        await stack.enter_async_context(rig.gateway(DEFER_AFTER="10m"))
        await rig.announce("probe", CommandSpec(name="probe", description="x", plugin="p", level=0))
        await rig.registered("probe")
        yield Place(rig, asked)


@dataclass(kw_only=True)
class Outcome:
    """What came of a case under a fault."""

    case: Case
    key: str
    result: ActionResult
    seconds: float


async def suffer(place: Place, case: Case, within: float, **fault: object) -> Outcome:
    """Carry a case out under a fault."""
    for route in case.routes:
        await place.rig.sandbox.fault(route=route, **fault)
    key = f"{case.name}:{case.routes[0]}"
    began = time.monotonic()
    result = await do(place.rig, case.action, key=key, within=within)
    return Outcome(case=case, key=key, result=result, seconds=time.monotonic() - began)


async def suffer_all(place: Place, *, within: float = 8.0, **fault: object) -> list[Outcome]:
    """Carry every case out under a fault, and see each end in time, in words, once at most."""
    cases = await place.cases()
    outcomes = await asyncio.gather(*(suffer(place, case, within, **fault) for case in cases))
    await place.rig.sandbox.heal()
    for outcome in outcomes:
        assert outcome.seconds < within + LITTLE, outcome
        assert outcome.result.message or outcome.result.status == "done", outcome
        assert await outcome.case.effects() <= 1, outcome
    return outcomes


async def done_once(outcomes: list[Outcome]) -> None:
    """See that every case was done."""
    for outcome in outcomes:
        assert outcome.result.status == "done", outcome
        assert await outcome.case.effects() == 1, outcome


async def done_when_asked_again(place: Place, outcomes: list[Outcome]) -> None:
    """See that what may be asked again is done then, and is done once all the same."""
    for outcome in outcomes:
        again = await do(place.rig, outcome.case.action, key=outcome.key)
        assert again.status == "done", (outcome, again)
        assert await outcome.case.effects() == 1, outcome


def split(outcomes: list[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Return the cases that may be tried again, and those that may not."""
    return (
        [outcome for outcome in outcomes if not outcome.case.once_only],
        [outcome for outcome in outcomes if outcome.case.once_only],
    )


async def left_open(place: Place, outcomes: list[Outcome]) -> None:
    """See that what may have been done, and could be done twice, is not done again."""
    for outcome in outcomes:
        assert outcome.result.status == "refused", outcome
        assert "may or may not" in outcome.result.message
        before = await outcome.case.effects()
        assert await do(place.rig, outcome.case.action, key=outcome.key) == outcome.result
        assert await outcome.case.effects() == before


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_limit_is_waited_for(place: Place, scope: str) -> None:
    outcomes = await suffer_all(place, status=429, scope=scope, retry_after=0.3, times=1)

    await done_once(outcomes)
    for outcome in outcomes:
        assert outcome.seconds >= 0.3, outcome


async def test_a_limit_that_does_not_say_how_long_is_not_tried_at_once(place: Place) -> None:
    outcomes = await suffer_all(place, status=429, retry_after=0, times=1)

    await done_once(outcomes)
    for outcome in outcomes:
        assert outcome.seconds >= SHORTEST_PAUSE, outcome


async def test_a_limit_beyond_the_deadline_is_told(place: Place) -> None:
    outcomes = await suffer_all(place, within=1.5, status=429, retry_after=20)

    for outcome in outcomes:
        assert outcome.result.status == "retry", outcome
        assert "limits how often" in outcome.result.message, outcome
        assert 15 < outcome.result.retry_after <= 20, outcome
        assert await outcome.case.effects() == 0


@pytest.mark.parametrize(("status", "times"), [(500, 1), (502, 3)])
async def test_an_error_that_passes_is_tried_again(place: Place, status: int, times: int) -> None:
    again, once = split(await suffer_all(place, status=status, times=times))

    await done_once(again)
    await left_open(place, once)


async def test_an_error_that_stays_ends_with_the_deadline(place: Place) -> None:
    again, once = split(await suffer_all(place, within=1.5, status=503))

    assert {outcome.result.status for outcome in again} == {"retry"}
    await left_open(place, once)
    await done_when_asked_again(place, again)


async def test_an_answer_beyond_the_deadline_is_not_waited_for(place: Place) -> None:
    again, once = split(await suffer_all(place, within=1.2, latency=1.7))

    for outcome in again:
        assert outcome.result.status == "retry", outcome
        assert "may or may not" in outcome.result.message, outcome
    for outcome in (*again, *once):
        await eventually(outcome.case.effects)
    await left_open(place, once)
    await done_when_asked_again(place, again)


async def test_what_was_done_is_not_done_again_when_its_answer_gets_lost(place: Place) -> None:
    again, once = split(await suffer_all(place, status=500, lost=True, times=1))

    await done_once(again)
    await left_open(place, once)


async def test_a_cut_wire_after_it_was_done_is_no_reason_to_do_it_twice(place: Place) -> None:
    again, once = split(await suffer_all(place, drop=True, lost=True, times=1))

    await done_once(again)
    await left_open(place, once)


@pytest.mark.parametrize(
    ("status", "code", "means"),
    [
        (404, 10062, "gone"),
        (404, 10015, "gone"),
        (404, 10003, "gone"),
        (404, 10007, "gone"),
        (403, 50013, "refused"),
        (403, 50001, "refused"),
        (400, 50035, "refused"),
    ],
)
async def test_a_refusal_is_final(place: Place, status: int, code: int, means: str) -> None:
    outcomes = await suffer_all(place, status=status, code=code)

    for outcome in outcomes:
        assert (outcome.result.status, outcome.result.code) == (means, code), outcome
        assert await outcome.case.effects() == 0
        repeated = await do(place.rig, outcome.case.action, key=outcome.key)
        assert repeated == outcome.result
