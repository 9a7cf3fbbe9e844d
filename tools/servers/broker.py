"""How to reach the stack's RabbitMQ, whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tools.checks import http_ok, port_open
from tools.ports import Ports

USER = "flotilla"


@dataclass(frozen=True)
class Listeners:
    """The ports of a node: AMQP, its management, Erlang's name daemon and its node protocol."""

    amqp: int
    management: int
    names: int
    distribution: int

    @classmethod
    def choose(cls, ports: Ports) -> Listeners:
        """Take four free ports."""
        uses = ("rabbitmq", "rabbitmq.management", "rabbitmq.names", "rabbitmq.distribution")
        return cls(*(ports.get(use) for use in uses))


@dataclass(frozen=True)
class Broker:
    """A RabbitMQ on the loopback, whoever runs it."""

    ports: Listeners
    password: str

    @property
    def url(self) -> str:
        """Return the AMQP address."""
        return f"amqp://{self._login}@127.0.0.1:{self.ports.amqp}/"

    @property
    def management_url(self) -> str:
        """Return the address of the management API and page."""
        return f"http://{self._login}@127.0.0.1:{self.ports.management}"

    @property
    def _login(self) -> str:
        return f"{USER}:{quote(self.password, safe='')}"

    async def is_ready(self) -> bool:
        """Tell whether the node takes connections and its management API answers."""
        login = (USER, self.password)
        return await port_open(self.ports.amqp) and await http_ok(
            self.ports.management, "/api/overview", login
        )
