"""Discord's REST API v10: one module per resource, each with its table of routes."""

from aiohttp import web

from sandbox.rest import (
    applications,
    audit,
    bans,
    channels,
    gateway,
    guilds,
    invites,
    members,
    messages,
    reactions,
    roles,
    threads,
    users,
    voice,
)

ALL_ROUTES: list[web.RouteTableDef] = [
    applications.routes,
    audit.routes,
    bans.routes,
    channels.routes,
    gateway.routes,
    guilds.routes,
    invites.routes,
    members.routes,
    messages.routes,
    reactions.routes,
    roles.routes,
    threads.routes,
    users.routes,
    voice.routes,
]

__all__ = ["ALL_ROUTES"]
