"""A shard: hikari's, passing on Discord's bytes undecoded, with sessions that outlive processes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final, cast

import msgspec
import structlog
from hikari import errors
from hikari.api.event_factory import EventFactory
from hikari.api.event_manager import EventManager
from hikari.impl.config import HTTPSettings, HTTPTimeoutSettings, ProxySettings
from hikari.impl.shard import GatewayShardImpl
from hikari.snowflakes import Snowflake
from typing_extensions import override

from services.gateway.metrics import Metrics
from services.gateway.queries import Session
from services.gateway.shards.codes import FATAL, SESSION_ENDED
from services.gateway.shards.dispatch import Dispatch, Frame, Ready, decode_frame, guild_of
from services.gateway.shards.given import COMPRESSIONS, INTENTS, Permit, ShardOptions, Sink
from services.gateway.shards.window import Window

HANDSHAKE_LIMIT: Final = 30.0
"""Seconds from dialling to READY or RESUMED, after which the connection is given up."""

DIALS: Final = 2
"""Failures in a row after which the resume url counts as dead, and the main one is dialled."""

FAILED_RESUMES: Final = 4
"""Connections closed in a row while resuming, after which the session counts as lost."""

HAND_OVER: Final = 4000
"""Close code that keeps the session, unlike 1000 and 1001."""

CLOSING_LIMIT: Final = 5.0
"""Seconds that the other side has to say that it closes too."""

DISPATCH, HEARTBEAT, RECONNECT, INVALID_SESSION, HEARTBEAT_ACK = 0, 1, 7, 9, 11

log = structlog.get_logger()


class _Quiet:
    """Stands where hikari expects an event manager and an event factory: events go to the sink."""

    async def dispatch(self, event: object, *, return_tasks: bool = False) -> None:
        """Ignore hikari's own events."""

    def deserialize_connected_event(self, shard: object) -> None:
        """Make no event of a connection."""

    def deserialize_disconnected_event(self, shard: object) -> None:
        """Make no event of a lost connection."""


class Shard(GatewayShardImpl):
    """A connection to Discord's gateway that passes events on as bytes, and resumes if it can."""

    def __init__(
        self,
        shard_id: int,
        options: ShardOptions,
        *,
        sink: Sink,
        permit: Permit,
        window: Window,
        metrics: Metrics,
        session: Session | None = None,
    ) -> None:
        quiet = _Quiet()
        super().__init__(
            shard_id=shard_id,
            shard_count=options.shard_count,
            token=options.token,
            url=options.url,
            intents=INTENTS,
            compression=COMPRESSIONS[options.compression],
            http_settings=HTTPSettings(
                timeouts=HTTPTimeoutSettings(
                    acquire_and_connect=10, request_socket_connect=10, total=20
                )
            ),
            proxy_settings=ProxySettings(),
            event_manager=cast("EventManager", quiet),
            event_factory=cast("EventFactory", quiet),
        )
        self._sink = sink
        self._permit = permit
        self._window = window
        self._metrics = metrics
        self._lifetime: set[asyncio.Task[None]] = set()
        self._failed_dials = 0
        self._failed_resumes = 0
        self._replaying = False
        self._begun = asyncio.Event()
        self._begun.set()
        self._judged: errors.GatewayServerClosedConnectionError | None = None
        if session is not None:
            self._session_id = session.session_id
            self._seq = session.seq
            self._resume_gateway_url = session.resume_url
            self._user_id = Snowflake(session.user_id)

    # --- what the runner uses -------------------------------------------------------------------

    async def run(self) -> None:
        """Stay connected until handed over.

        Raises hikari's GatewayServerClosedConnectionError with a fatal code when Discord refuses.
        """
        self._handshake_event = asyncio.Event()
        self._keep_alive_task = asyncio.create_task(self._keep_alive())
        with suppress(asyncio.CancelledError):
            await asyncio.shield(self._keep_alive_task)

    async def hand_over(self) -> None:
        """Disconnect so that the session can be resumed, by whomever."""
        transport = self._ws
        if transport is not None:
            # hikari would close with 1001, which ends the session
            transport._sent_close = True  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        with suppress(errors.HikariError, errors.ComponentStateConflictError):
            await self.close()
        if transport is not None:
            # as hikari does it, but for the quarter of a second that older aiohttp needed after it
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_LIMIT):
                    await transport._ws.close(code=HAND_OVER, message=b"handed over")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            await transport._exit_stack.aclose()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    @property
    def is_identifying(self) -> bool:
        """Whether a new session is being begun, which a hand-over now would waste."""
        return not self._begun.is_set()

    async def begun(self) -> None:
        """Wait until no new session is being begun."""
        await self._begun.wait()

    @property
    def session_id(self) -> str:
        """The session's id, empty when there is none."""
        return self._session_id or ""

    @property
    def seq(self) -> int | None:
        """The last sequence number that was read."""
        return self._seq

    @property
    def resume_url(self) -> str | None:
        """Where to resume."""
        return self._resume_gateway_url

    @property
    def user_id(self) -> int:
        """The bot's own id, 0 before the first READY."""
        return int(self._user_id or 0)

    # --- connecting -----------------------------------------------------------------------------

    @override
    async def _connect(self) -> tuple[asyncio.Task[None], ...]:
        await self._permit.to_connect(self._shard_id)
        if self._seq is None:
            async with self._permit.to_identify(self._shard_id, self._shard_count):
                self._begun.clear()
                try:
                    return await self._dial()
                finally:
                    self._begun.set()
        self._replaying = True
        return await self._dial()

    async def _dial(self) -> tuple[asyncio.Task[None], ...]:
        """Connect and shake hands, and leave nothing running when that fails."""
        try:
            async with self._within_limit():
                tasks = await super()._connect()
        except errors.GatewayConnectionError:
            await self._abandon()
            self._count_failed_dial()
            raise
        except errors.GatewayServerClosedConnectionError as closed:
            await self._abandon()
            raise self._judge(closed) from closed
        except BaseException:
            await self._abandon()
            raise
        self._failed_dials = 0
        return tasks

    @asynccontextmanager
    async def _within_limit(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT):
                yield
        except TimeoutError:
            raise errors.GatewayConnectionError("no handshake in time") from None

    async def _abandon(self) -> None:
        """End the tasks of a connection that did not come about, which hikari forgets."""
        for task in tuple(self._lifetime):
            task.cancel()
        if self._lifetime:
            await asyncio.wait(self._lifetime)

    def _count_failed_dial(self) -> None:
        self._failed_dials += 1
        if self._failed_dials >= DIALS and self._resume_gateway_url is not None:
            log.warning("resume_url_is_dead", shard=self._shard_id)
            self._resume_gateway_url = None

    @override
    async def _heartbeat(self, heartbeat_interval: float) -> None:
        with self._tracked():
            await super()._heartbeat(heartbeat_interval)

    @contextmanager
    def _tracked(self) -> Generator[None]:
        """Keep the running task among those that belong to the connection."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._lifetime.add(task)
        try:
            yield
        finally:
            self._lifetime.discard(task)

    # --- reading --------------------------------------------------------------------------------

    @override
    async def _poll_events(self) -> None:
        with self._tracked():
            try:
                await self._read()
            except errors.GatewayServerClosedConnectionError as closed:
                raise self._judge(closed) from closed
            finally:
                self._metrics.connected.labels(self._shard_id).set(0)

    async def _read(self) -> None:
        """Read until the connection is to be made anew; not while the window is full."""
        transport = self._ws
        assert transport is not None
        while True:
            if self._window.full:
                await self._window.room()
            # the frame itself: hikari would decode it whole
            data = await transport._receive_and_check()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            frame = decode_frame(data)
            if frame is None:
                log.warning("unreadable_frame", shard=self._shard_id)
            elif frame.op == DISPATCH:
                self._dispatched(frame)
            elif await self._must_reconnect(frame):
                return

    async def _must_reconnect(self, frame: Frame) -> bool:
        """Obey a frame that is no event; say whether the connection is over."""
        if frame.op == HEARTBEAT_ACK:
            self._acknowledged()
        elif frame.op == HEARTBEAT:
            await self._send_heartbeat()
        elif frame.op == RECONNECT:
            log.info("discord_asks_to_reconnect", shard=self._shard_id)
            return True
        elif frame.op == INVALID_SESSION:
            if bytes(frame.d) != b"true":
                self._forget_session("discord calls it invalid")
            return True
        return False

    def _acknowledged(self) -> None:
        self._last_heartbeat_ack_received = time.time()
        self._heartbeat_latency = self._last_heartbeat_ack_received - self._last_heartbeat_sent
        self._metrics.heartbeat.labels(self._shard_id).set(self._heartbeat_latency)

    def _dispatched(self, frame: Frame) -> None:
        """Note an event and pass it on."""
        body, type_ = bytes(frame.d), frame.t or ""
        self._seq = frame.s
        if type_ == "READY":
            self._ready(body)
        elif type_ == "RESUMED":
            self._resumed()
        elif type_ == "RATE_LIMITED":
            log.warning("discord_limits_gateway_requests", shard=self._shard_id)
        self._window.take()
        self._sink.take(
            Dispatch(
                shard_id=self._shard_id,
                session_id=self.session_id,
                seq=frame.s or 0,
                type=type_,
                body=body,
                guild_id=guild_of(type_, body),
                replayed=self._replaying,
            )
        )

    def _ready(self, body: bytes) -> None:
        try:
            ready = msgspec.json.decode(body, type=Ready, strict=False)
        except msgspec.MsgspecError:
            raise errors.GatewayTransportError("an unreadable READY") from None
        self._session_id = ready.session_id
        self._resume_gateway_url = ready.resume_gateway_url
        self._user_id = Snowflake(ready.user.id)
        self._shaken_hands()
        self._metrics.identifies.labels(self._shard_id).inc()
        self._sink.begin(self._shard_id, ready)
        log.info("shard_is_ready", shard=self._shard_id, guilds=len(ready.guilds))

    def _resumed(self) -> None:
        self._shaken_hands()
        self._metrics.resumes.labels(self._shard_id).inc()
        log.info("shard_has_resumed", shard=self._shard_id, seq=self._seq)

    def _shaken_hands(self) -> None:
        self._replaying = False
        self._failed_resumes = 0
        self._metrics.connected.labels(self._shard_id).set(1)
        assert self._handshake_event is not None
        self._handshake_event.set()

    # --- losing ---------------------------------------------------------------------------------

    def _judge(
        self, closed: errors.GatewayServerClosedConnectionError
    ) -> errors.GatewayServerClosedConnectionError:
        """Decide what a close code means, where hikari is mistaken."""
        if closed is self._judged:
            return closed
        code = int(closed.code or 0)
        self._metrics.closes.labels(str(code)).inc()
        if code in SESSION_ENDED:
            self._forget_session(f"close code {code}")
        self._count_failed_resume()
        self._judged = errors.GatewayServerClosedConnectionError(
            closed.reason, closed.code, code not in FATAL
        )
        return self._judged

    def _count_failed_resume(self) -> None:
        """Give up a session that Discord keeps hanging up on."""
        if self._seq is None or (self._handshake_event and self._handshake_event.is_set()):
            return
        self._failed_resumes += 1
        if self._failed_resumes >= FAILED_RESUMES:
            self._forget_session("resuming keeps failing")

    def _forget_session(self, why: str) -> None:
        log.warning("session_is_lost", shard=self._shard_id, why=why)
        self._seq = self._session_id = self._resume_gateway_url = None
        self._failed_resumes = 0
        self._sink.lost(self._shard_id)
