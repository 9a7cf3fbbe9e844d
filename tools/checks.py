"""How the stack asks a server whether it is ready."""

from __future__ import annotations

import asyncio
import http.client
from base64 import b64encode

ANSWER_WITHIN = 5.0


async def http_ok(port: int, path: str, login: tuple[str, str] | None = None) -> bool:
    """Tell whether a local server answers a GET with 200."""
    return await asyncio.to_thread(_get_ok, port, path, login)


def _get_ok(port: int, path: str, login: tuple[str, str] | None) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
    headers = {"authorization": _basic(*login)} if login else {}
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


async def port_open(port: int) -> bool:
    """Tell whether anybody listens on a port of the loopback."""
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", port), ANSWER_WITHIN
        )
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
