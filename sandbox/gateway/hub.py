"""The gateway: accepts websockets, and sends the world's events to whom they concern."""

import asyncio
from contextlib import suppress

from aiohttp import web

from sandbox.gateway.audience import Outgoing, form_for
from sandbox.gateway.codes import ENDS_SESSION, VERSION, Close
from sandbox.gateway.compression import packer
from sandbox.gateway.connection import Connection
from sandbox.gateway.core import Core
from sandbox.gateway.faults import GatewayFaults
from sandbox.gateway.mailbox import ClientEvent
from sandbox.gateway.protocol import Conversation
from sandbox.gateway.record import Closed, Record
from sandbox.gateway.session import Session
from sandbox.gateway.settings import GatewaySettings
from sandbox.models import Json
from sandbox.world import Event, World
from sandbox.world.visibility import may_receive


class GatewayHub:
    """Discord's gateway over a world; mount `handle` at /gateway."""

    def __init__(self, world: World, settings: GatewaySettings | None = None) -> None:
        self._core = Core(world, settings or GatewaySettings())
        self._numbers = 0
        self._unsubscribe = world.subscribe(self._deliver)

    @property
    def faults(self) -> GatewayFaults:
        """What can be made to go wrong."""
        return self._core.faults

    @property
    def record(self) -> Record:
        """What was received."""
        return self._core.record

    @property
    def settings(self) -> GatewaySettings:
        """The gateway's numbers."""
        return self._core.settings

    @settings.setter
    def settings(self, changed: GatewaySettings) -> None:
        for name in GatewaySettings.__struct_fields__:
            setattr(self._core.settings, name, getattr(changed, name))

    def sessions(self) -> list[Session]:
        """Return the sessions that are open or may be resumed."""
        return self._core.sessions.all()

    def connections(self) -> list[Connection]:
        """Return the websockets that are open."""
        return list(self._core.connections.values())

    # For users without a websocket

    @property
    def newest_client_event(self) -> int:
        """The number to read client events after, for those from now on."""
        return self._core.mailboxes.number

    def client_events(self, user_id: int, after: int = 0) -> list[ClientEvent]:
        """Return what a user's client was told after a number, oldest first."""
        return self._core.mailboxes.read(user_id, after)

    async def wait_client_events(
        self, user_id: int, after: int, within: float
    ) -> list[ClientEvent]:
        """Return them as soon as there are any, or none when `within` seconds are over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                return await self._core.mailboxes.wait(user_id, after)
        return []

    # Events

    def _deliver(self, event: Event) -> None:
        outgoing = Outgoing(event)
        for session in self._core.sessions.all():
            form = form_for(self._core.world, session, outgoing)
            if form is not None:
                self._core.sessions.push(session, outgoing.name, form)
        self._keep_for_users(event)

    def _keep_for_users(self, event: Event) -> None:
        world, mailboxes = self._core.world, self._core.mailboxes
        for user_id in mailboxes.reading() | (event.users or frozenset()):
            if user_id not in world.applications and may_receive(world, event, user_id):
                mailboxes.put(user_id, event)

    def send_raw(self, session: Session, name: str, data: bytes) -> None:
        """Send recorded bytes as an event's data, as fast as may be."""
        self._core.sessions.push(session, name.encode(), data)

    # Connections

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one client for as long as its websocket lives."""
        if self.faults.refusing:
            return web.Response(status=503, text="upstream connect error")
        ws = web.WebSocketResponse(compress=False, autoping=True, timeout=1.0)
        await ws.prepare(request)
        self._numbers += 1
        connection = Connection(self._numbers, request, ws)
        self._core.connections[connection.number] = connection
        writer = asyncio.create_task(connection.write())
        try:
            await self._converse(request, connection)
        finally:
            self._leave(connection)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return ws

    async def _converse(self, request: web.Request, connection: Connection) -> None:
        query = request.query
        chosen = packer(query.get("compress"))
        if chosen is None or query.get("encoding", "json") != "json":
            await connection.close(Close.DECODE_ERROR)
        elif query.get("v", str(VERSION)) != str(VERSION):
            await connection.close(Close.INVALID_VERSION)
        else:
            connection.pack_with(chosen)
            self.faults.apply(connection)
            conversation = Conversation(self._core, connection, self._address(request))
            await conversation.run(plain="compress" not in query)

    def _address(self, request: web.Request) -> str:
        configured = self._core.world.settings.gateway_url
        return configured or f"ws://{request.host}{request.path}"

    def _leave(self, connection: Connection) -> None:
        session = connection.session
        code = connection.ws.close_code
        by_client = not connection.closed_here
        self._core.connections.pop(connection.number, None)
        self._core.record.end(
            Closed(
                self._core.world.clock.now(),
                connection.number,
                session.id if session else None,
                session.account_id if session else None,
                code,
                by_client,
            )
        )
        if session is not None and by_client and code in ENDS_SESSION:
            self._core.sessions.forget(session)
        self._core.sessions.detach(connection)

    async def close(self) -> None:
        """Tell every client that the gateway goes away."""
        self._unsubscribe()
        goodbyes = [connection.close(Close.GOING_AWAY) for connection in self.connections()]
        await asyncio.gather(*goodbyes, return_exceptions=True)

    def describe(self) -> list[Json]:
        """Return every session as JSON, for the control API to show."""
        return [_describe(session) for session in self.sessions()]


def _describe(session: Session) -> Json:
    return {
        "id": session.id,
        "account_id": str(session.account_id),
        "bot": session.bot,
        "intents": session.intents,
        "shard": list(session.shard),
        "connected": session.lost_at is None,
        "seq": session.seq,
        "unsent": session.unsent,
        "heartbeats": session.heartbeats,
        "acknowledged_seq": session.acknowledged,
        "resumes": session.resumes,
    }
