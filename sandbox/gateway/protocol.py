"""The gateway's side of the conversation with one client, from HELLO to the close code."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import msgspec
from aiohttp import WSMsgType
from msgspec import Struct

from sandbox.gateway import greeting
from sandbox.gateway.codes import Close, Op
from sandbox.gateway.compression import ZlibPayloads
from sandbox.gateway.connection import Connection
from sandbox.gateway.core import Core
from sandbox.gateway.details import send_channels, send_sounds
from sandbox.gateway.faults import invalid_session
from sandbox.gateway.identify import Identify, Refused, TooEarly
from sandbox.gateway.members import send_members
from sandbox.gateway.presence import PresenceUpdate, set_presence
from sandbox.gateway.record import Received
from sandbox.gateway.session import Session
from sandbox.gateway.voice import update_voice_state
from sandbox.models import Json


class Payload(Struct):
    """What a client sends."""

    op: int
    d: object = None


class Resume(Struct):
    """The data of op 6."""

    token: str
    session_id: str
    seq: int


_ACKNOWLEDGE = b'{"t":null,"s":null,"op":%d,"d":null}' % Op.HEARTBEAT_ACK
_MINUTE = 60.0
_SECRET = frozenset({"token"})


class Conversation:
    """Reads one client's payloads and does what they ask; ends with the connection."""

    def __init__(self, core: Core, connection: Connection, resume_url: str) -> None:
        self._core = core
        self._connection = connection
        self._resume_url = resume_url
        self._plain = True
        self._recent: deque[float] = deque()
        self._handlers: Mapping[int, Callable[[object], Awaitable[None]]] = {
            Op.HEARTBEAT: self._heartbeat,
            Op.IDENTIFY: self._identify,
            Op.RESUME: self._resume,
            Op.PRESENCE_UPDATE: self._request(_update_presence),
            Op.VOICE_STATE_UPDATE: self._request(update_voice_state),
            Op.REQUEST_GUILD_MEMBERS: self._request(send_members),
            Op.REQUEST_SOUNDBOARD_SOUNDS: self._request(send_sounds),
            Op.REQUEST_CHANNEL_INFO: self._request(send_channels),
        }

    async def run(self, *, plain: bool) -> None:
        """Converse until the client leaves, breaks a rule or falls silent."""
        self._plain = plain
        settings = self._core.settings
        self._connection.send(_hello(settings.heartbeat_interval.total_seconds()))
        try:
            await self._listen()
        except Refused as refused:
            await self._connection.close(refused.code)
        except msgspec.MsgspecError:
            await self._connection.close(Close.DECODE_ERROR)
        except TimeoutError:
            self._forget()
            await self._connection.close(Close.SESSION_TIMED_OUT)

    async def _listen(self) -> None:
        settings = self._core.settings
        patience = settings.heartbeat_interval.total_seconds() * settings.missed_heartbeats
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(patience) as deadline:
            async for message in self._connection.ws:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    return
                payload = self._decode(message.data)
                if payload.op == Op.HEARTBEAT:
                    deadline.reschedule(loop.time() + patience)
                await self._handle(payload)

    def _decode(self, data: str | bytes) -> Payload:
        if len(data) > self._core.settings.payload_size:
            raise Refused(Close.DECODE_ERROR)
        return msgspec.json.decode(data, type=Payload)

    async def _handle(self, payload: Payload) -> None:
        self._note(payload)
        handler = self._handlers.get(payload.op)
        if handler is None:
            raise Refused(Close.UNKNOWN_OPCODE)
        if payload.op != Op.HEARTBEAT:
            self._count()
        await handler(payload.d)

    def _note(self, payload: Payload) -> None:
        session = self._connection.session
        data = payload.d
        if isinstance(data, dict):
            given = cast("Json", data)
            data = {key: value for key, value in given.items() if key not in _SECRET}
        self._core.record.add(
            Received(
                self._core.world.clock.now(),
                self._connection.number,
                session.id if session else None,
                session.account_id if session else None,
                session.shard if session else None,
                payload.op,
                data,
            )
        )

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._recent and self._recent[0] <= now - _MINUTE:
            self._recent.popleft()
        self._recent.append(now)
        if len(self._recent) > self._core.settings.payloads_per_minute:
            raise Refused(Close.RATE_LIMITED)

    async def _heartbeat(self, data: object) -> None:
        seq = msgspec.convert(data, int | None)
        session = self._connection.session
        if session is not None:
            session.heartbeats += 1
            session.acknowledged = seq
        if self._connection.acknowledges:
            self._connection.send(_ACKNOWLEDGE)

    async def _identify(self, data: object) -> None:
        if self._connection.session is not None:
            raise Refused(Close.ALREADY_AUTHENTICATED)
        asked = msgspec.convert(data, Identify)
        try:
            user = self._core.gate.admit(asked)
        except TooEarly:
            self._connection.send(invalid_session(resumable=False))
            return
        presence = msgspec.convert(asked.presence or {}, PresenceUpdate)
        set_presence(self._core.world, user.id, presence)
        if asked.compress and self._plain:
            self._connection.pack_with(ZlibPayloads())
        session = self._core.sessions.open(
            user.id, bot=user.bot, intents=asked.intents or 0, shard=asked.shard
        )
        session.large_threshold = asked.large_threshold
        self._greet(session.id)

    def _greet(self, session_id: str) -> None:
        core = self._core
        session = core.sessions.find(session_id)
        assert session is not None
        user = core.world.users[session.account_id]
        core.sessions.attach(session, self._connection)
        core.faults.apply(self._connection)
        core.send(session, "READY", greeting.ready(core.world, session, user, self._resume_url))
        if session.bot:
            for guild in greeting.available(core.world, session):
                core.send(
                    session, "GUILD_CREATE", greeting.guild_create(core.world, session, guild)
                )

    async def _resume(self, data: object) -> None:
        if self._connection.session is not None:
            raise Refused(Close.ALREADY_AUTHENTICATED)
        asked = msgspec.convert(data, Resume)
        sessions = self._core.sessions
        user = self._core.world.user_by_token(asked.token.removeprefix("Bot "))
        if user is None:
            raise Refused(Close.AUTHENTICATION_FAILED)
        session = sessions.find(asked.session_id)
        if session is not None and asked.seq > session.seq:
            sessions.forget(session)
            raise Refused(Close.INVALID_SEQUENCE)
        if session is None or session.account_id != user.id or not session.can_replay(asked.seq):
            self._connection.send(invalid_session(resumable=False))
            return
        former = sessions.holder(session)
        session.resume(asked.seq)
        sessions.attach(session, self._connection)
        self._core.faults.apply(self._connection)
        if former is not None:
            former.drop()

    def _request(
        self, answer: Callable[[Core, Session, object], None]
    ) -> Callable[[object], Awaitable[None]]:
        async def handle(data: object) -> None:
            if self._connection.session is None:
                raise Refused(Close.NOT_AUTHENTICATED)
            answer(self._core, self._connection.session, data)

        return handle

    def _forget(self) -> None:
        if self._connection.session is not None:
            self._core.sessions.forget(self._connection.session)


def _update_presence(core: Core, session: Session, data: object) -> None:
    set_presence(core.world, session.account_id, msgspec.convert(data, PresenceUpdate))


def _hello(interval: float) -> bytes:
    hello = {
        "t": None,
        "s": None,
        "op": int(Op.HELLO),
        "d": {"heartbeat_interval": round(interval * 1000), "_trace": ["sandbox"]},
    }
    return msgspec.json.encode(hello)
