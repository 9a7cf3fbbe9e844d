"""Discord's gateway v10 over the sandbox's world: websockets, sessions, shards, intents, faults."""

from sandbox.gateway.codes import Close, Intents, Op
from sandbox.gateway.faults import EVERYBODY, Ailment, GatewayFaults, Target
from sandbox.gateway.hub import GatewayHub
from sandbox.gateway.mailbox import ClientEvent
from sandbox.gateway.record import Closed, Received, Record
from sandbox.gateway.session import Session
from sandbox.gateway.settings import GatewaySettings

__all__ = [
    "EVERYBODY",
    "Ailment",
    "ClientEvent",
    "Close",
    "Closed",
    "GatewayFaults",
    "GatewayHub",
    "GatewaySettings",
    "Intents",
    "Op",
    "Received",
    "Record",
    "Session",
    "Target",
]
