"""What can be made to go wrong at the gateway, for tests and the control API."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from sandbox.gateway.codes import Op
from sandbox.gateway.connection import Connection
from sandbox.gateway.session import Session


class Target(Struct, frozen=True):
    """Whose connections a fault hits: everybody's, an account's, or one shard's."""

    account_id: int | None = None
    shard_id: int | None = None

    def hits(self, session: Session | None) -> bool:
        """Say whether a session's connection is meant; one without a session by faults for all."""
        if session is None:
            return self.account_id is None and self.shard_id is None
        right_account = self.account_id in (None, session.account_id)
        return right_account and self.shard_id in (None, session.shard[0])


EVERYBODY = Target()


class Ailment(Struct, frozen=True):
    """A lasting fault: nothing sent, heartbeats unanswered, or all late by `delay` seconds."""

    target: Target = EVERYBODY
    silent: bool = False
    deaf: bool = False
    delay: float = 0.0


class GatewayFaults:
    """Faults of the gateway; each returns the number of connections that it hit."""

    def __init__(
        self,
        connections: Callable[[], list[Connection]],
        forget: Callable[[Target], None],
    ) -> None:
        self._connections = connections
        self._forget = forget
        self.refusing = False
        self.ailments: list[Ailment] = []

    def refuse(self, *, on: bool = True) -> None:
        """Answer new connections with 503, or stop doing so."""
        self.refusing = on

    def afflict(self, ailment: Ailment) -> int:
        """Begin a lasting fault, for those connected now and those that come."""
        self.ailments.append(ailment)
        return self._reapply()

    def heal(self) -> int:
        """End all lasting faults."""
        self.refusing = False
        self.ailments.clear()
        return self._reapply()

    def apply(self, connection: Connection) -> None:
        """Let the present lasting faults act on a connection."""
        hits = [ailment for ailment in self.ailments if ailment.target.hits(connection.session)]
        connection.silent = any(ailment.silent for ailment in hits)
        connection.acknowledges = not any(ailment.deaf for ailment in hits)
        connection.delay = max((ailment.delay for ailment in hits), default=0.0)
        connection.wake()

    def drop(self, target: Target = EVERYBODY) -> int:
        """Cut the wire, so that the client sees no close code."""
        hit = list(self._hit(target))
        for connection in hit:
            connection.drop()
        return len(hit)

    async def close(self, code: int, target: Target = EVERYBODY, reason: str | None = None) -> int:
        """Close with a code; sessions stay resumable."""
        hit = list(self._hit(target))
        for connection in hit:
            await connection.close(code, reason)
        return len(hit)

    def reconnect(self, target: Target = EVERYBODY) -> int:
        """Send op 7: come back and resume."""
        return self._send(target, b'{"t":null,"s":null,"op":%d,"d":null}' % Op.RECONNECT)

    def invalidate(self, target: Target = EVERYBODY, *, resumable: bool = False) -> int:
        """Send op 9; sessions that are not resumable are forgotten, connected or not."""
        hit = list(self._hit(target))
        if not resumable:
            self._forget(target)
        for connection in hit:
            connection.send(invalid_session(resumable=resumable))
        return len(hit)

    def ask_heartbeat(self, target: Target = EVERYBODY) -> int:
        """Send op 1: the client must answer with a heartbeat at once."""
        return self._send(target, b'{"t":null,"s":null,"op":%d,"d":null}' % Op.HEARTBEAT)

    def _send(self, target: Target, payload: bytes) -> int:
        hit = list(self._hit(target))
        for connection in hit:
            connection.send(payload)
        return len(hit)

    def _hit(self, target: Target) -> Iterator[Connection]:
        return (one for one in self._connections() if target.hits(one.session))

    def _reapply(self) -> int:
        connections = self._connections()
        for connection in connections:
            self.apply(connection)
        return len(connections)


def invalid_session(*, resumable: bool) -> bytes:
    """Return the payload of op 9."""
    return b'{"t":null,"s":null,"op":9,"d":%b}' % (b"true" if resumable else b"false")
