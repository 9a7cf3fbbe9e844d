"""Where the parts of a sandbox are kept in its web application."""

from aiohttp import web

from sandbox.gateway import GatewayHub
from sandbox.traffic import Traffic

HUB_KEY = web.AppKey("hub", GatewayHub)
TRAFFIC_KEY = web.AppKey("traffic", Traffic)
