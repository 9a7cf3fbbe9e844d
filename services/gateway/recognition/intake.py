"""What people ask of the bot, passed on to the service that owns it, or answered plainly."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.gateway.metrics import Metrics
from services.gateway.recognition.book import CommandBook
from services.gateway.recognition.deferrals import Deferrals
from services.gateway.recognition.interactions import Asked, Interactions
from services.gateway.recognition.text import Spoken, TextCommands
from services.gateway.rest.client import Answer, Request, Rest
from services.gateway.rest.routes import callback
from services.gateway.shards.dispatch import Dispatch
from shared.bus import Bus, Returned
from shared.contracts.actions import EPHEMERAL, ActionRequest, Message, Respond
from shared.contracts.ids import InteractionId
from shared.contracts.invocations import Invocation
from shared.contracts.topology import DISCORD_COMMANDS, GATEWAY_ACTIONS, INTERACTIVE
from shared.errors import NotFoundError, UnavailableError

MESSAGE, DEFERRED, CHOICES = 4, 5, 8
"""Types of callbacks (Discord's reference, "Interaction Callback Type")."""

UNKNOWN_INTERACTION: Final = 10062
CALLBACK_LIMIT: Final = 4.0
ASK_LIMIT: Final = timedelta(seconds=1)
ANSWER_LIMIT: Final = timedelta(minutes=1)

NO_CHOICES: Final[object] = {"type": CHOICES, "data": {"choices": ()}}

UNKNOWN: Final = "I don't know this command any more. Discord will stop offering it soon."
NOBODY: Final = "The part of the bot that does this is not running. Please try again later."
AWAY: Final = (
    "The part of the bot that does this is away at the moment. "
    "It has your request, and its answer will appear here when it is back."
)

log = structlog.get_logger()


class Intake:
    """Recognises commands in events and passes them on as invocations."""

    def __init__(
        self,
        bus: Bus,
        rest: Rest,
        book: CommandBook,
        deferrals: Deferrals,
        interactions: Interactions,
        text: TextCommands,
        metrics: Metrics,
        answered: Callable[[InteractionId], Awaitable[bool]],
    ) -> None:
        self._answered = answered
        self._bus = bus
        self._rest = rest
        self._book = book
        self._deferrals = deferrals
        self._interactions = interactions
        self._text = text
        self._metrics = metrics

    def recognise(self, event: Dispatch) -> Coroutine[None, None, None] | None:
        """Return the work that an event's command makes, or None when it holds none."""
        if event.type == "MESSAGE_CREATE":
            spoken = self._text.read(event)
            return self._pass_on_text(spoken) if spoken else None
        if event.type == "INTERACTION_CREATE":
            asked = self._interactions.read(event)
            return self._pass_on_interaction(asked, event.replayed) if asked else None
        return None

    # --- text -----------------------------------------------------------------------------------

    async def _pass_on_text(self, spoken: Spoken) -> None:
        invocation = spoken.invocation
        if spoken.meant is None:
            await self._answer_text(invocation, self._unknown(spoken))
            self._count(invocation, "unknown")
            return
        if not await self._publish(invocation, spoken.meant.first_word):
            await self._answer_text(invocation, NOBODY)

    def _unknown(self, spoken: Spoken) -> str:
        if spoken.slash_only is not None:
            return f"`/{spoken.slash_only}` is a slash command only."
        prefix = spoken.invocation.prefix
        meant = self._book.nearest(spoken.unknown_word)
        if meant is None:
            return f"There is no such command. Try `{prefix}help`."
        return f"There is no such command. Did you mean `{prefix}{meant}`?"

    async def _answer_text(self, invocation: Invocation, words: str) -> None:
        """Answer a message, through the executor as everything that is not urgent."""
        action = Respond(to=invocation.reply_to, message=Message(content=words))
        key = f"{invocation.id}:gateway"
        await self._bus.publish(
            GATEWAY_ACTIONS,
            INTERACTIVE,
            ActionRequest(action=action, deadline=datetime.now(UTC) + ANSWER_LIMIT, key=key),
            message_id=key,
            guild_id=invocation.guild_id,
            type="respond",
        )

    # --- interactions ---------------------------------------------------------------------------

    async def _pass_on_interaction(self, asked: Asked, replayed: bool) -> None:
        if replayed and not await self._still_wanted(asked):
            self._count(asked.invocation, "expired")
            return
        if asked.routing_key is None:
            await self._refuse(asked, UNKNOWN)
            self._count(asked.invocation, "unknown")
            return
        if not replayed:
            self._schedule_deferral(asked)
        if not await self._publish(asked.invocation, asked.routing_key):
            self._deferrals.answered(asked.interaction.id)
            await self._refuse(asked, NOBODY)

    async def _still_wanted(self, asked: Asked) -> bool:
        """Find out whether an interaction from a replay can still be answered, by deferring it.

        One that cannot is not passed on: its user was told that it failed, and may try again.
        """
        if asked.deferral is None:
            return False
        answer = await self._call_back(asked, _deferral(asked))
        return answer.error.code != UNKNOWN_INTERACTION

    def _schedule_deferral(self, asked: Asked) -> None:
        if asked.deferral is not None:
            self._deferrals.schedule(asked.interaction.id, lambda: self._defer(asked))

    async def _defer(self, asked: Asked) -> None:
        """Buy time; or say that the service is away, whose answer will replace these words.

        Not when another process, which carries out the actions, has given the answer.
        """
        if await self._answered(asked.interaction.id):
            return
        self._metrics.deferred.inc()
        if asked.deferral == DEFERRED and not await self._is_served(asked.service):
            await self._call_back(asked, _words(AWAY))
            return
        await self._call_back(asked, _deferral(asked))

    async def _is_served(self, service: str) -> bool:
        """Say whether somebody takes a service's commands; not while the broker is away."""
        if not self._bus.connected:
            return False
        try:
            async with asyncio.timeout(ASK_LIMIT.total_seconds()):
                _, consumers = await self._bus.queue_stats(f"{service}.commands")
        except (NotFoundError, UnavailableError, TimeoutError, ConnectionError):
            return False
        return consumers > 0

    async def _refuse(self, asked: Asked, words: str) -> None:
        if asked.invocation.source == "autocomplete":
            await self._call_back(asked, NO_CHOICES)
        else:
            await self._call_back(asked, _words(words))

    async def _call_back(self, asked: Asked, body: object) -> Answer:
        route = callback(asked.interaction.id, asked.interaction.token)
        answer = await self._rest.call(Request(route, time.monotonic() + CALLBACK_LIMIT, json=body))
        if answer.error.code == UNKNOWN_INTERACTION:
            self._metrics.answers_late.labels("person").inc()
        if not answer.ok:
            log.info(
                "callback_not_taken",
                interaction_id=asked.interaction.id,
                status=answer.status,
                code=answer.error.code,
            )
        return answer

    # --- both -----------------------------------------------------------------------------------

    async def _publish(self, invocation: Invocation, routing_key: str) -> bool:
        """Pass an invocation on; say False when no service takes it."""
        try:
            await self._bus.publish(
                DISCORD_COMMANDS,
                routing_key,
                invocation,
                message_id=invocation.id,
                guild_id=invocation.guild_id,
                type="Invocation",
                mandatory=True,
            )
        except Returned:
            self._count(invocation, "nobody")
            return False
        self._count(invocation, "passed_on")
        return True

    def _count(self, invocation: Invocation, outcome: str) -> None:
        self._metrics.invocations.labels(invocation.source, outcome).inc()


def _deferral(asked: Asked) -> object:
    if asked.deferral == DEFERRED:
        return {"type": DEFERRED, "data": {"flags": EPHEMERAL if asked.ephemeral else 0}}
    return {"type": asked.deferral}


def _words(text: str) -> object:
    nobody: dict[str, tuple[str, ...]] = {"parse": ()}
    data = {"content": text, "flags": EPHEMERAL, "allowed_mentions": nobody}
    return {"type": MESSAGE, "data": data}
