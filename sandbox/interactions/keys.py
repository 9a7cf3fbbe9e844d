"""Where the application commands and interactions are kept in the sandbox's web application."""

from aiohttp import web

from sandbox.interactions.commands import Commands
from sandbox.interactions.desk import Desk

COMMANDS_KEY = web.AppKey("commands", Commands)
DESK_KEY = web.AppKey("desk", Desk)
