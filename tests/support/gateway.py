"""The gateway's end of the bus: knows guilds, answers questions, and notes what it was asked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from shared.bus import Bus, Delivery, QueueSpec
from shared.contracts.actions import (
    Action,
    ActionRequest,
    ActionResult,
    GetGuild,
    GetMember,
    Message,
    Respond,
)
from shared.contracts.codec import decode, encode
from shared.contracts.discord import GuildSnapshot, Member
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import Invocation
from shared.contracts.topology import (
    ACTION_CLASSES,
    DISCORD_COMMANDS,
    GATEWAY_ACTIONS,
    component_key,
)


@dataclass
class GatewayEnd:
    """What the gateway has and was asked for."""

    bus: Bus
    guilds: dict[GuildId, GuildSnapshot]
    members: dict[UserId, Member] = field(default_factory=dict[UserId, Member])
    refusals: dict[str, ActionResult] = field(default_factory=dict[str, ActionResult])
    requests: list[ActionRequest] = field(default_factory=list[ActionRequest])
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, by: Invocation, key: str = "") -> Action:
        """Send an invocation to its owner and return what is answered to it."""
        word = key or by.command.split(" ")[0]
        if by.source in ("component", "modal"):
            word = component_key(by.custom_id.split(":")[0])
        await self.bus.publish(
            DISCORD_COMMANDS,
            word,
            by,
            message_id=by.id,
            guild_id=by.guild_id,
            type="invocation",
            mandatory=True,
        )
        return (await self.heard(f"{by.id}:reply")).action

    async def message(self, by: Invocation) -> Message:
        """Run a command and return the message that answers it."""
        action = await self.run(by)
        assert isinstance(action, Respond), action
        return action.message

    async def said(self, by: Invocation) -> str:
        """Run a command and return the text that answers it."""
        return (await self.message(by)).content

    async def heard(self, key: str, within: timedelta = timedelta(seconds=30)) -> ActionRequest:
        """Wait for the action with a key."""
        async with asyncio.timeout(within.total_seconds()):
            while True:
                self._heard.clear()
                for request in self.requests:
                    if request.key == key:
                        return request
                await self._heard.wait()

    async def handle(self, delivery: Delivery) -> None:
        """Note what is asked, and answer it."""
        request = decode(delivery.body, ActionRequest)
        self.requests.append(request)
        self._heard.set()
        await self.bus.answer(delivery, self._result(request.action))

    def _result(self, action: Action) -> ActionResult:
        name = str(action.__struct_config__.tag)
        if name in self.refusals:
            return self.refusals[name]
        if isinstance(action, GetGuild):
            return _found(self.guilds.get(action.guild_id))
        if isinstance(action, GetMember):
            return _found(self.members.get(action.user_id))
        return ActionResult(status="done")


def _found(what: msgspec.Struct | None) -> ActionResult:
    if what is None:
        return ActionResult(status="gone", code=10007)
    return ActionResult(status="done", data=msgspec.Raw(encode(what)))


@asynccontextmanager
async def gateway_end(bus: Bus, *guilds: GuildSnapshot) -> AsyncGenerator[GatewayEnd]:
    """Take the gateway's place on a bus."""
    end = GatewayEnd(bus, {guild.id: guild for guild in guilds})
    queues = [
        QueueSpec(f"gateway.actions.{each}", ((GATEWAY_ACTIONS, each),)) for each in ACTION_CLASSES
    ]
    consumptions = [await bus.consume(queue, end.handle) for queue in queues]
    yield end
    for consumption in consumptions:
        await consumption.drain()
