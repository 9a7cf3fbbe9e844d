"""The sandbox's world: what exists, who may see it, and everything that changes it."""

from aiohttp import web

from sandbox.clock import Clock
from sandbox.models import (
    Application,
    BearerToken,
    By,
    Channel,
    ChannelType,
    Guild,
    Member,
    Message,
    Role,
    User,
    Webhook,
)
from sandbox.world.messages import Origin
from sandbox.world.payloads import Upload
from sandbox.world.state import Event, Settings, State
from sandbox.world.world import World

WORLD_KEY = web.AppKey("world", World)

__all__ = [
    "WORLD_KEY",
    "Application",
    "BearerToken",
    "By",
    "Channel",
    "ChannelType",
    "Clock",
    "Event",
    "Guild",
    "Member",
    "Message",
    "Origin",
    "Role",
    "Settings",
    "State",
    "Upload",
    "User",
    "Webhook",
    "World",
]
