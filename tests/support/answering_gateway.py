"""The gateway's end of the bus with a small Discord behind it, which a test scripts to the point.

It takes actions from the real queues, does them once per key as the gateway does, and answers. A
test may have the next action of a kind refused, held or lost.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from shared.bus import Bus, Delivery, QueueSpec
from shared.contracts.actions import (
    Action,
    ActionRequest,
    ActionResult,
    AddRole,
    Ban,
    EditMessage,
    GetBan,
    GetGuild,
    GetMember,
    GetUser,
    Kick,
    Message,
    RemoveRole,
    Respond,
    SendDirect,
    SendMessage,
    Timeout,
    Unban,
)
from shared.contracts.codec import decode, encode
from shared.contracts.discord import ADMINISTRATOR, GuildSnapshot, Member, User
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from shared.contracts.invocations import Invocation
from shared.contracts.topology import (
    ACTION_CLASSES,
    DISCORD_COMMANDS,
    GATEWAY_ACTIONS,
    autocomplete_key,
    component_key,
)
from shared.permissions import permissions_of

DONE = ActionResult(status="done")
NOT_BANNED = ActionResult(status="gone", code=10026, message="They are not banned.")
NOT_HERE = ActionResult(status="gone", code=10007, message="They are not in the server.")
NO_SUCH_ROLE = ActionResult(status="gone", code=10011, message="That role no longer exists.")
FORBIDDEN = ActionResult(status="refused", code=50013, message="The bot lacks a permission.")
BUSY = ActionResult(status="retry", message="Discord does not answer at the moment.")

OnMember = Kick | Timeout | AddRole | RemoveRole
InTown = GetGuild | GetMember | GetBan | Ban | Unban | OnMember
"""What is about one guild."""

Do = Callable[[], ActionResult]
Reaction = Callable[[ActionRequest, Do], Awaitable[ActionResult | None]]
"""What happens to one action: it may be done or not, and None is never answered."""


@dataclass
class Town:
    """A guild as Discord has it."""

    snapshot: GuildSnapshot
    members: dict[UserId, Member] = field(default_factory=dict[UserId, Member])
    banned: set[UserId] = field(default_factory=set[UserId])
    done: list[Action] = field(default_factory=list[Action])

    def has_role(self, role_id: RoleId) -> bool:
        """Say whether a role exists."""
        return any(role.id == role_id for role in self.snapshot.roles)

    def is_administrator(self, member: Member) -> bool:
        """Say whether Discord refuses to time somebody out."""
        return bool(permissions_of(self.snapshot, member.roles) & ADMINISTRATOR)


class Held:
    """An action that arrived and waits, before or after it was done, or to be refused."""

    def __init__(self, *, done: bool = False, result: ActionResult | None = None) -> None:
        self._done = done
        self._result = result
        self._arrived = asyncio.Event()
        self._go_on = asyncio.Event()

    async def react(self, _request: ActionRequest, do: Do) -> ActionResult | None:
        """Wait until the test lets it go on."""
        result = do() if self._done else self._result
        self._arrived.set()
        await self._go_on.wait()
        return result or do()

    async def arrived(self) -> None:
        """Wait for the action."""
        async with asyncio.timeout(30):
            await self._arrived.wait()

    def go_on(self) -> None:
        """Let it be answered."""
        self._go_on.set()


class AnsweringGateway:
    """Does and answers actions, and sends invocations."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.towns: dict[GuildId, Town] = {}
        self.users: dict[UserId, User] = {}
        self.direct: dict[UserId, list[str]] = defaultdict(list)
        self.channels: dict[ChannelId, dict[MessageId, Message]] = defaultdict(dict)
        self.requests: list[ActionRequest] = []
        self._results: dict[str, ActionResult] = {}
        self._reactions: defaultdict[tuple[int, str], deque[Reaction]] = defaultdict(deque)
        self._heard = asyncio.Condition()
        self._message_ids = itertools.count(700_000_000_000_000_000)

    # --- what the test decides ------------------------------------------------------------------

    def on(self, about: int, do: str, reaction: Reaction) -> None:
        """React so to the next action of a name about a guild, a user or a channel."""
        self._reactions[about, do].append(reaction)

    def answers(self, about: int, do: str, *results: ActionResult) -> None:
        """Answer the next actions so, without doing them."""
        for result in results:
            self.on(about, do, _answering(result))

    def unscript(self, about: int, do: str) -> None:
        """Take back how the next actions were to be answered."""
        self._reactions[about, do].clear()

    def holds(self, about: int, do: str, *, done: bool = False) -> Held:
        """Hold the next action back, before it is done or before it is answered."""
        held = Held(done=done)
        self.on(about, do, held.react)
        return held

    def refuses_late(self, about: int, do: str) -> Held:
        """Hold the next action back, and refuse it then."""
        held = Held(result=FORBIDDEN)
        self.on(about, do, held.react)
        return held

    def forget(self) -> None:
        """Forget what was done, as after a crash before the results were stored."""
        self._results.clear()

    # --- what the services see ------------------------------------------------------------------

    async def handle(self, delivery: Delivery) -> None:
        """Do what is asked and answer it."""
        request = decode(delivery.body, ActionRequest)
        async with self._heard:
            self.requests.append(request)
            self._heard.notify_all()
        result = await self._result(request)
        if result is not None:
            await self.bus.answer(delivery, result)

    async def _result(self, request: ActionRequest) -> ActionResult | None:
        if request.key is not None and request.key in self._results:
            return self._results[request.key]
        reactions = self._reactions[_about(request.action), _name(request.action)]
        if not reactions:
            return self._do(request)
        result = await reactions.popleft()(request, lambda: self._do(request))
        return self._keep(request, result) if result is not None else None

    def _do(self, request: ActionRequest) -> ActionResult:
        return self._keep(request, self._perform(request.action))

    def _keep(self, request: ActionRequest, result: ActionResult) -> ActionResult:
        if request.key is not None and result.status != "retry":
            self._results.setdefault(request.key, result)
        return result

    def _perform(self, action: Action) -> ActionResult:
        if isinstance(action, SendDirect):
            self.direct[action.user_id].append(action.message.content)
        elif isinstance(action, SendMessage):
            return self._post(action)
        elif isinstance(action, EditMessage):
            return self._edit(action)
        elif isinstance(action, GetUser):
            return _found(self.users.get(action.user_id), 10013)
        elif isinstance(action, InTown):
            town = self.towns.get(action.guild_id)
            return _gone(10004) if town is None else self._perform_in(town, action)
        return DONE

    def _post(self, action: SendMessage) -> ActionResult:
        messages = self.channels[action.channel_id]
        message_id = MessageId(next(self._message_ids))
        messages[message_id] = action.message
        posted = {"id": str(message_id), "channel_id": str(action.channel_id)}
        return ActionResult(status="done", data=msgspec.Raw(encode(posted)))

    def _edit(self, action: EditMessage) -> ActionResult:
        messages = self.channels[action.channel_id]
        if action.message_id not in messages:
            return _gone(10008)
        messages[action.message_id] = action.message
        return DONE

    def _perform_in(self, town: Town, action: InTown) -> ActionResult:
        match action:
            case GetMember():
                return _found(town.members.get(action.user_id), 10007)
            case GetBan():
                return DONE if action.user_id in town.banned else NOT_BANNED
            case Ban():
                town.done.append(action)
                town.banned.add(action.user_id)
            case Unban():
                town.done.append(action)
                if action.user_id not in town.banned:
                    return NOT_BANNED
                town.banned.discard(action.user_id)
            case GetGuild():
                return _found(town.snapshot, 10004)
            case _:
                return self._perform_on_member(town, action)
        return DONE

    def _perform_on_member(self, town: Town, action: OnMember) -> ActionResult:
        """Do what needs a member, who may have left."""
        town.done.append(action)
        member = town.members.get(action.user_id)
        if member is None:
            return NOT_HERE
        match action:
            case Kick():
                del town.members[action.user_id]
                return DONE
            case Timeout():
                if town.is_administrator(member):
                    return FORBIDDEN
                changed = replace(member, communication_disabled_until=action.until)
            case AddRole() | RemoveRole() if not town.has_role(action.role_id):
                return NO_SUCH_ROLE
            case AddRole():
                changed = replace(member, roles=tuple({*member.roles, action.role_id}))
            case RemoveRole():
                left = tuple(role for role in member.roles if role != action.role_id)
                changed = replace(member, roles=left)
        town.members[action.user_id] = changed
        return DONE

    # --- what people do -------------------------------------------------------------------------

    async def send(self, by: Invocation) -> None:
        """Send an invocation to its owner, once more if it was sent before."""
        word = by.command.split(" ")[0]
        if by.source in ("component", "modal"):
            word = component_key(by.custom_id.split(":")[0])
        elif by.source == "autocomplete":
            word = autocomplete_key(word)
        await self.bus.publish(
            DISCORD_COMMANDS,
            word,
            by,
            message_id=by.id,
            guild_id=by.guild_id,
            type="invocation",
            mandatory=True,
        )

    async def answer(self, by: Invocation, *, nth: int = 1, within: float = 60) -> Respond:
        """Wait for the answer to an invocation, or for a further one."""
        answer = await self.reaction(by, nth=nth, within=within)
        assert isinstance(answer, Respond), answer
        return answer

    async def reaction(self, by: Invocation, *, nth: int = 1, within: float = 60) -> Action:
        """Wait for what an invocation is answered with, be it a message, a form or a reaction."""
        key = f"{by.id}:reply"
        return (await self.heard(lambda each: each.key == key, nth=nth, within=within)).action

    async def heard(
        self, matching: Callable[[ActionRequest], bool], *, nth: int = 1, within: float = 60
    ) -> ActionRequest:
        """Wait for a request that matches, or for a further one."""
        async with asyncio.timeout(within), self._heard:
            while True:
                found = [each for each in self.requests if matching(each)]
                if len(found) >= nth:
                    return found[nth - 1]
                await self._heard.wait()

    async def run(self, by: Invocation) -> Message:
        """Send an invocation and return the message that answers it."""
        await self.send(by)
        return (await self.answer(by)).message


def _answering(result: ActionResult) -> Reaction:
    async def react(_request: ActionRequest, _do: Do) -> ActionResult:
        return result

    return react


def _found(what: msgspec.Struct | None, code: int) -> ActionResult:
    return (
        _gone(code) if what is None else ActionResult(status="done", data=msgspec.Raw(encode(what)))
    )


def _gone(code: int) -> ActionResult:
    return ActionResult(status="gone", code=code, message="It is not there.")


def _about(action: Action) -> int:
    parts = ("guild_id", "user_id", "channel_id")
    return next((found for part in parts if (found := getattr(action, part, 0))), 0)


def _name(action: Action) -> str:
    return str(action.__struct_config__.tag)


def _each_for_itself(delivery: Delivery) -> str:
    """Keep in order what has one key only, so that an action that is held stops no other."""
    return delivery.message_id


@asynccontextmanager
async def answering_gateway(bus: Bus) -> AsyncGenerator[AnsweringGateway]:
    """Take the gateway's place on a bus."""
    gateway = AnsweringGateway(bus)
    queues = [
        QueueSpec(f"gateway.actions.{each}", ((GATEWAY_ACTIONS, each),)) for each in ACTION_CLASSES
    ]
    consumptions = [
        await bus.consume(queue, gateway.handle, concurrency=200, key=_each_for_itself)
        for queue in queues
    ]
    yield gateway
    for consumption in consumptions:
        await consumption.drain(within=0.5)
