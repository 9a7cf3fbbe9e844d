"""The gateway as other services see it: actions to be done, questions about guilds and members."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from msgspec import Struct

from shared.bus import Bus
from shared.contracts.actions import Action, ActionRequest, ActionResult, GetGuild, GetMember
from shared.contracts.codec import decode
from shared.contracts.discord import GuildSnapshot, Member
from shared.contracts.domain import GuildChanged
from shared.contracts.ids import GuildId, UserId
from shared.contracts.topology import FLOTILLA_EVENTS, GATEWAY_ACTIONS, INTERACTIVE, MODERATION
from shared.errors import ForbiddenError, NotFoundError, UnavailableError
from shared.guilds import GuildCopies

TIMEOUT: Final = timedelta(seconds=10)
TRAVEL: Final = timedelta(seconds=1)
"""What an answer may take beyond the action's deadline, so that the gateway's own words arrive."""

T = TypeVar("T", bound=Struct)


class Gateway:
    """Asks the gateway to do things on Discord, over the bus."""

    def __init__(self, bus: Bus, copies: GuildCopies | None = None) -> None:
        self._bus = bus
        self._copies = GuildCopies() if copies is None else copies

    @classmethod
    @asynccontextmanager
    async def open(cls, bus: Bus, copies: GuildCopies | None = None) -> AsyncGenerator["Gateway"]:
        """Give a gateway that keeps copies of guilds until they change."""
        copies = GuildCopies() if copies is None else copies
        async with bus.hearing(FLOTILLA_EVENTS, GuildChanged.KEY, copies):
            yield cls(bus, copies)

    async def do(
        self,
        action: Action,
        *,
        key: str | None,
        reason: str = "",
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109 - travels along as the deadline
        queue: str = MODERATION,
    ) -> ActionResult:
        """Have an action done and return its result, which is `done` or `gone`.

        `key` makes it happen once; None is for questions. Raises ForbiddenError when Discord
        refuses it, UnavailableError when it may work later or nothing was heard in time.
        """
        request = _request(action, key, reason, timeout)
        result = await self._bus.ask(
            GATEWAY_ACTIONS,
            queue,
            request,
            ActionResult,
            timeout=timeout + TRAVEL,
            guild_id=_guild_of(action),
            message_id=key,
            type=_name_of(action),
        )
        if result.status == "refused":
            raise ForbiddenError(result.message or "Discord refuses this.")
        if result.status == "retry":
            raise UnavailableError(result.message or "Discord does not answer at the moment.")
        return result

    async def send(
        self,
        action: Action,
        *,
        key: str,
        reason: str = "",
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109 - travels along as the deadline
        queue: str = MODERATION,
    ) -> None:
        """Have an action done without waiting for it; returns when the broker has it."""
        request = _request(action, key, reason, timeout)
        await self._bus.publish(
            GATEWAY_ACTIONS,
            queue,
            request,
            message_id=key,
            guild_id=_guild_of(action),
            type=_name_of(action),
        )

    async def guild(
        self,
        guild_id: GuildId,
        *,
        version: int = 0,
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109 - travels along as the deadline
    ) -> GuildSnapshot:
        """Return what the gateway knows of a guild, from a copy while that is right.

        An invocation's `guild.version` as `version` makes it what was so when somebody asked,
        or later. Raises NotFoundError when the bot is not in it, UnavailableError.
        """
        copy = self._copies.get(guild_id, version)
        if copy is not None:
            return copy
        asked = self._copies.ask(guild_id, version)
        question = GetGuild(guild_id=guild_id, version=asked.version)
        result = await self._answer(question, timeout)
        if result.status == "gone":
            raise NotFoundError("The bot is not in that server.")
        guild = decode(result.data, GuildSnapshot)
        self._copies.keep(guild, len(bytes(result.data)), asked)
        return guild

    async def member(
        self,
        guild_id: GuildId,
        user_id: UserId,
        *,
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109 - travels along as the deadline
    ) -> Member | None:
        """Return a member of a guild, None when they are not in it. Raises UnavailableError."""
        return await self._get(GetMember(guild_id=guild_id, user_id=user_id), Member, timeout)

    async def _get(self, question: Action, type_: type[T], within: timedelta) -> T | None:
        result = await self._answer(question, within)
        return None if result.status == "gone" else decode(result.data, type_)

    async def _answer(self, question: Action, within: timedelta) -> ActionResult:
        return await self.do(question, key=None, timeout=within, queue=INTERACTIVE)


def _request(action: Action, key: str | None, reason: str, timeout: timedelta) -> ActionRequest:
    deadline = datetime.now(UTC) + timeout
    return ActionRequest(action=action, deadline=deadline, key=key, reason=reason[:512])


def _guild_of(action: Action) -> int:
    return getattr(action, "guild_id", 0)


def _name_of(action: Action) -> str:
    return str(action.__struct_config__.tag)
