"""What the gateway received: counts and payloads, for tests and the control API to read."""

from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from sandbox.gateway.codes import Op


class Received(Struct, frozen=True):
    """One payload of a client; tokens are left out."""

    at: datetime
    connection: int
    session_id: str | None
    account_id: int | None
    shard: tuple[int, int] | None
    op: int
    data: object


class Closed(Struct, frozen=True):
    """The end of a connection; `by_client` tells who closed, a code of None is a cut wire."""

    at: datetime
    connection: int
    session_id: str | None
    account_id: int | None
    code: int | None
    by_client: bool


class Record:
    """The newest payloads, and counts of all since the start."""

    def __init__(self, limit: int) -> None:
        self.received: deque[Received] = deque(maxlen=limit)
        self.closed: deque[Closed] = deque(maxlen=limit)
        self.counts: Counter[str] = Counter()

    def add(self, received: Received) -> None:
        """Keep a payload and count it by the name of its opcode."""
        self.received.append(received)
        self.counts[_name(received.op)] += 1

    def end(self, closed: Closed) -> None:
        """Keep how a connection ended."""
        self.closed.append(closed)
        self.counts["closed"] += 1

    def of(self, op: Op, account_id: int | None = None) -> Iterator[Received]:
        """Yield the kept payloads of an opcode, of one account or of all."""
        for received in self.received:
            if received.op == op and account_id in (None, received.account_id):
                yield received


def _name(op: int) -> str:
    try:
        return Op(op).name.lower()
    except ValueError:
        return "unknown"
