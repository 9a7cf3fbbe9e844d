"""A connection to the broker that comes back after every loss, and channels that do the same.

The connection and its channels are aio-pika's, and what is hot goes over the channel below them
(`get_underlay_channel`): aio-pika's robust connection restores topology and consumers, but neither
unconfirmed publishes nor pending requests, and so whoever uses a channel has to know of its loss.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

import aio_pika
import structlog
from aio_pika.abc import AbstractConnection
from aiormq.channel import Channel
from aiormq.connection import Connection
from aiormq.exceptions import AMQPChannelError, AMQPError, ChannelInvalidStateError
from yarl import URL

from shared.bus.metrics import BusMetrics

FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0
"""Seconds between two attempts to come back."""
LASTED = 5.0
"""Seconds after which a channel that was lost counts as one that worked."""
HEARTBEAT = 15
"""Seconds; a peer that is silent for three of them is gone."""
DIAL_TIMEOUT = 15.0
GRACE = 8.0
"""Seconds that running handlers have to end when consuming stops."""

CHANNEL_LOST = (AMQPError, ChannelInvalidStateError, ConnectionError, TimeoutError, RuntimeError)
"""What aiormq raises on a channel or connection that is gone."""

log = structlog.get_logger()


class Backoff:
    """Waits that double until something works again."""

    def __init__(self, first: float = FIRST_WAIT, longest: float = LONGEST_WAIT) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def reset(self) -> None:
        """Start again with the shortest wait."""
        self._next = self._first

    async def wait(self) -> None:
        """Sleep, and double the next sleep."""
        await asyncio.sleep(self._next)
        self._next = min(self._next * 2, self._longest)


def closing(of: Channel | Connection) -> "asyncio.Future[object]":
    """Return a future that is done when a channel or connection is gone."""
    return cast(
        "asyncio.Future[object]",
        of.closing,  # pyright: ignore[reportUnknownMemberType] - aiormq leaves its futures untyped
    )


async def closed(of: Channel | Connection) -> BaseException | None:
    """Wait until a channel or connection is gone, and return why."""
    gone = closing(of)
    await asyncio.wait((gone,))
    return None if gone.cancelled() else gone.exception()


class Link:
    """One connection, dialled again for as long as `run` runs."""

    def __init__(self, url: str, name: str, metrics: BusMetrics) -> None:
        self._url = URL(url).update_query(name=name, heartbeat=HEARTBEAT)
        self._name = name
        self._metrics = metrics
        self._connection: AbstractConnection | None = None
        self._up = asyncio.Event()
        self.reconnect_hooks: list[Callable[[], Awaitable[None]]] = []

    def beside(self, suffix: str) -> "Link":
        """Return a further connection to the same broker, not dialled yet."""
        return Link(str(self._url), f"{self._name}.{suffix}", self._metrics)

    @property
    def connected(self) -> bool:
        """Whether the connection is there right now."""
        return self._up.is_set()

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        again = False
        try:
            while True:
                self._connection = connection = await self._dial()
                self._up.set()
                log.info("broker_connected", connection=self._name, again=again)
                if again:
                    self._metrics.reconnects.inc()
                    await self._tell_hooks()
                await closed(_below(connection))
                self._up.clear()
                log.warning("broker_lost", connection=self._name)
                await _let_go(connection)
                again = True
        finally:
            self._up.clear()
            if self._connection is not None:
                await self._connection.close()

    async def channel(self, *, confirms: bool) -> Channel:
        """Open a channel, waiting for the connection where it is away."""
        await self._up.wait()
        assert self._connection is not None
        channel = self._connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        await channel.initialize()
        return cast("Channel", await channel.get_underlay_channel())

    async def keep(
        self,
        use: Callable[[Channel], Awaitable[None]],
        *,
        confirms: bool = False,
        give_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Give `use` a channel, and another one each time it returns, until cancelled.

        `use` returns when its channel is lost. What the broker has against it (AMQPChannelError) is
        raised while `give_up` says so, otherwise logged, and tried again.
        """
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await use(await self.channel(confirms=confirms))
            except AMQPChannelError as error:
                if give_up():
                    raise
                log.error("channel_refused", connection=self._name, error=str(error))  # noqa: TRY400 - the traceback would be aiormq's
            except CHANNEL_LOST as error:
                log.info("channel_lost", connection=self._name, error=repr(error))
            except Exception:
                log.exception("channel_failed", connection=self._name)
            if loop.time() - began > LASTED:
                backoff.reset()
            await backoff.wait()

    async def _dial(self) -> AbstractConnection:
        backoff = Backoff()
        while True:
            try:
                async with asyncio.timeout(DIAL_TIMEOUT):
                    return await aio_pika.connect(self._url)
            except (AMQPError, OSError, EOFError, RuntimeError) as error:
                log.warning("broker_is_away", connection=self._name, error=repr(error))
            await backoff.wait()

    async def _tell_hooks(self) -> None:
        for hook in self.reconnect_hooks:
            try:
                await hook()
            except Exception:
                log.exception("reconnect_hook_failed")


def _below(connection: AbstractConnection) -> Connection:
    """Return the connection of the protocol, which knows why it ended."""
    transport = connection.transport
    assert transport is not None
    return cast("Connection", transport.connection)


async def _let_go(connection: AbstractConnection) -> None:
    """Close what is lost, so that aio-pika does not try when it is thrown away."""
    with suppress(TimeoutError, *CHANNEL_LOST):
        async with asyncio.timeout(1):
            await connection.close()
