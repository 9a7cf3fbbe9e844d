"""Application commands, interactions and webhooks; `install` comes before the routes."""

from aiohttp import web

from sandbox.interactions import (
    by_token,
    callback,
    command_index,
    command_routes,
    submit,
    webhooks,
)
from sandbox.interactions.commands import Command, Commands
from sandbox.interactions.desk import Desk, Interaction
from sandbox.interactions.keys import COMMANDS_KEY, DESK_KEY
from sandbox.world import World

ALL_ROUTES: list[web.RouteTableDef] = [
    command_routes.routes,
    command_index.routes,
    submit.routes,
    callback.routes,
    webhooks.routes,
    by_token.routes,
]


def install(app: web.Application, world: World) -> None:
    """Give an application the commands and interactions that the routes work on."""
    app[COMMANDS_KEY] = Commands(world)
    app[DESK_KEY] = Desk(world)


__all__ = [
    "ALL_ROUTES",
    "COMMANDS_KEY",
    "DESK_KEY",
    "Command",
    "Commands",
    "Desk",
    "Interaction",
    "install",
]
