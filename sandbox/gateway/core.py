"""What the gateway's parts share: the world, sessions, faults, records and the way to send."""

from datetime import datetime

import msgspec

from sandbox.gateway.connection import Connection
from sandbox.gateway.faults import GatewayFaults, Target
from sandbox.gateway.identify import Gate
from sandbox.gateway.mailbox import Mailboxes
from sandbox.gateway.presence import set_offline
from sandbox.gateway.record import Record
from sandbox.gateway.session import Session
from sandbox.gateway.sessions import Sessions
from sandbox.gateway.settings import GatewaySettings
from sandbox.models import Json
from sandbox.world import World


class Core:
    """The gateway without its door."""

    def __init__(self, world: World, settings: GatewaySettings) -> None:
        self.world = world
        self.settings = settings
        self.gate = Gate(world, settings)
        self.record = Record(settings.record_limit)
        self.sessions = Sessions(world, settings, self._session_ended)
        self.mailboxes = Mailboxes(settings.mailbox_limit)
        self.connections: dict[int, Connection] = {}
        self.member_lists: dict[tuple[int, int], datetime] = {}
        self.faults = GatewayFaults(lambda: list(self.connections.values()), self._forget)

    def send(self, session: Session, name: str, data: Json) -> None:
        """Send an event to one session only."""
        self.sessions.push(session, name.encode(), msgspec.json.encode(data))

    def _forget(self, target: Target) -> None:
        for session in self.sessions.all():
            if target.hits(session):
                self.sessions.forget(session)

    def _session_ended(self, account_id: int) -> None:
        if not self.sessions.of(account_id):
            set_offline(self.world, account_id)
