"""One sandbox: the world behind Discord's REST API and gateway, the control API and the chat page."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from aiohttp import web

from sandbox import errors, faults, ratelimits
from sandbox import oauth2 as oauth
from sandbox import rest
from sandbox.control import TABLES
from sandbox.control import requests as record
from sandbox.control.keys import HUB_KEY, TRAFFIC_KEY
from sandbox.control.reading import ControlError, answer
from sandbox.control.requests import REQUESTS_KEY, RequestLog
from sandbox.faults import FAULTS_KEY, Faults, Handler
from sandbox.gateway import GatewayHub
from sandbox.traffic import Traffic
from sandbox.world import WORLD_KEY, World

PAGE = Path(__file__).with_name("page")
VERSIONS = ("/api/v10", "/api/v9", "/api")
