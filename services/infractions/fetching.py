"""Fetching a file from Discord's file servers, and from nowhere else."""

import asyncio
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

import httpx

from shared.errors import UserError

PATIENCE: Final = 60.0
"""Seconds that a file may take in all."""

TRY_LATER: Final = frozenset({408, 425, 429})


class NotFetchedError(Exception):
    """A file was not fetched; `for_good` says that it makes no sense to try again."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good


def open_client() -> httpx.AsyncClient:
    """Return a client that follows no redirects and takes nothing from its environment."""
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=15)


def check_origin(url: str, origins: Collection[str]) -> None:
    """Raise UserError unless a URL is at one of the origins, such as `https://cdn.example`."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise UserError("That is no address of a file.") from None
    port = "" if parsed.port is None else f":{parsed.port}"
    origin = f"{parsed.scheme}://{parsed.host}{port}"
    if origin not in origins or parsed.userinfo:
        raise UserError("Only files of Discord are fetched: attach the file to the command.")


async def fetch(client: httpx.AsyncClient, url: str, most: int) -> bytes:
    """Return what is at a URL that was checked. Raises NotFetchedError, also when it is larger."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _fetch(client, url, most)
    except (TimeoutError, httpx.HTTPError) as error:
        raise NotFetchedError("Discord's file server does not answer.") from error


async def _fetch(client: httpx.AsyncClient, url: str, most: int) -> bytes:
    body = bytearray()
    # As it is, so that what is counted is what is kept.
    headers = {"Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=headers) as response:
        status = response.status_code
        if status != HTTPStatus.OK:
            again = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRY_LATER
            raise NotFetchedError(f"Discord's file server says {status}.", for_good=not again)
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > most:
                raise NotFetchedError(f"The file is larger than {most} bytes.", for_good=True)
    return bytes(body)
