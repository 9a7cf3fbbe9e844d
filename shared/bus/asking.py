"""Asking and answering: one reply queue per process, and a limit on every wait."""

import asyncio
import secrets
from contextlib import suppress
from datetime import timedelta

import structlog
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel

from shared.bus.link import Link, closed
from shared.bus.messages import ASK, Delivery, Outgoing, properties
from shared.bus.publishing import Publisher, Returned
from shared.errors import UnavailableError

log = structlog.get_logger()


class AskTimeout(UnavailableError):  # noqa: N818 - what happened
    """No answer came in time; it may have been done all the same."""

    code = "no_answer"


class AskLost(UnavailableError):  # noqa: N818 - what happened
    """The connection dropped while an answer was awaited; it may have been done all the same."""

    code = "connection_lost"


class Asker:
    """Sends requests and hands each answer to the one who waits for it."""

    def __init__(self, link: Link, publisher: Publisher, name: str) -> None:
        self._link = link
        self._publisher = publisher
        self._name = name
        self._queue = ""
        self._ready = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._last = 0

    async def run(self) -> None:
        """Keep a reply queue until cancelled."""
        await self._link.keep(self._use)

    async def ask(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        *,
        within: timedelta,
        guild_id: int,
        message_id: str | None,
        type_: str,
    ) -> bytes:
        """Return the answer's body. Raises Returned, AskTimeout or AskLost."""
        self._last += 1
        number = str(self._last)
        answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._ready.wait()
                self._waiting[number] = answer
                message = Outgoing(
                    exchange,
                    routing_key,
                    body,
                    properties(
                        message_id=message_id or secrets.token_hex(16),
                        guild_id=guild_id,
                        type_=type_,
                        headers={ASK: number},
                        reply_to=self._queue,
                    ),
                    mandatory=True,
                )
                return await self._exchange(message, answer)
        except TimeoutError:
            raise AskTimeout("No answer came in time.") from None
        finally:
            self._waiting.pop(number, None)

    async def _exchange(self, message: Outgoing, answer: "asyncio.Future[bytes]") -> bytes:
        """Publish and await the answer, which may come before the broker's confirm."""
        publishing = asyncio.create_task(self._publisher.publish(message))
        try:
            await asyncio.wait((publishing, answer), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                await publishing
            return await answer
        finally:
            publishing.cancel()

    async def answer(self, to: Delivery, body: bytes, type_: str) -> None:
        """Send the answer to a request, if it was one; nobody may be there any more."""
        if not to.reply_to:
            return
        number = str(to.headers.get(ASK, ""))
        with suppress(Returned):
            await self._publisher.publish(
                Outgoing(
                    "",
                    to.reply_to,
                    body,
                    properties(
                        message_id=f"{to.message_id}:answer",
                        guild_id=to.guild_id,
                        type_=type_,
                        headers={ASK: number},
                    ),
                )
            )

    async def _use(self, channel: Channel) -> None:
        """Take answers on this channel until it is lost; then nobody waits any longer."""
        queue = f"replies.{self._name}.{secrets.token_hex(8)}"
        await channel.queue_declare(queue, exclusive=True, auto_delete=True)
        await channel.basic_consume(queue, self._on_answer, no_ack=True)
        self._queue = queue
        self._ready.set()
        try:
            await closed(channel)
        finally:
            self._ready.clear()
            self._fail_all()

    async def _on_answer(self, message: DeliveredMessage) -> None:
        headers = message.header.properties.headers or {}
        waiting = self._waiting.get(str(headers.get(ASK, "")))
        if waiting is not None and not waiting.done():
            waiting.set_result(message.body)

    def _fail_all(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(AskLost("The connection dropped before an answer came."))
