"""The sessions that are open or may still be resumed, and the connections that hold them."""

import secrets
from collections.abc import Callable

from sandbox.gateway.connection import Connection
from sandbox.gateway.session import Overflow, Session
from sandbox.gateway.settings import GatewaySettings
from sandbox.world import World


class Sessions:
    """Open, find, resume and forget sessions; `ended` is told whose session is over."""

    def __init__(
        self, world: World, settings: GatewaySettings, ended: Callable[[int], None]
    ) -> None:
        self._world = world
        self._settings = settings
        self._ended = ended
        self._by_id: dict[str, Session] = {}
        self._holders: dict[str, Connection] = {}

    def all(self) -> list[Session]:
        """Return every session that is still alive."""
        lapsed = [session for session in self._by_id.values() if self._lapsed(session)]
        for session in lapsed:
            self.forget(session)
        return list(self._by_id.values())

    def of(self, account_id: int) -> list[Session]:
        """Return the sessions of an account."""
        return [session for session in self.all() if session.account_id == account_id]

    def open(
        self, account_id: int, *, bot: bool, intents: int = 0, shard: tuple[int, int] = (0, 1)
    ) -> Session:
        """Begin a session."""
        session = Session(
            secrets.token_hex(16),
            account_id,
            bot=bot,
            intents=intents,
            shard=shard,
            limit=self._settings.session_limit,
        )
        self._by_id[session.id] = session
        return session

    def find(self, session_id: str) -> Session | None:
        """Return a session that may be resumed."""
        session = self._by_id.get(session_id)
        if session is not None and self._lapsed(session):
            self.forget(session)
            return None
        return session

    def holder(self, session: Session) -> Connection | None:
        """Return the connection that a session's events are written to."""
        return self._holders.get(session.id)

    def attach(self, session: Session, connection: Connection) -> None:
        """Give a session to a connection, and take it from the one that held it until now."""
        former = self._holders.get(session.id)
        if former is not None:
            former.session = None
        self._holders[session.id] = connection
        connection.session = session
        connection.wake()

    def detach(self, connection: Connection) -> None:
        """Keep a connection's session for a while without it."""
        session = connection.session
        if session is None:
            return
        connection.session = None
        self._holders.pop(session.id, None)
        session.lost_at = self._world.clock.now()

    def forget(self, session: Session) -> None:
        """End a session for good; its connection stays open without one."""
        if self._by_id.pop(session.id, None) is None:
            return
        holder = self._holders.pop(session.id, None)
        if holder is not None:
            holder.session = None
        self._ended(session.account_id)

    def push(self, session: Session, name: bytes, data: bytes) -> None:
        """Append an event and wake the writer; who reads too slowly loses the session."""
        try:
            session.push(name, data)
        except Overflow:
            self._lose(session)
            return
        holder = self._holders.get(session.id)
        if holder is not None:
            holder.wake()

    def _lose(self, session: Session) -> None:
        holder = self._holders.get(session.id)
        self.forget(session)
        if holder is not None:
            holder.drop()

    def _lapsed(self, session: Session) -> bool:
        lost = session.lost_at
        return lost is not None and self._world.clock.now() - lost > self._settings.session_lifetime
