"""A stand-in for Discord's file servers, which can be slow, broken, or lead elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web

from shared.contracts.discord import Attachment


class FileServer:
    """Files by their path; `broken` ones are answered so many times with an error first."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.files: dict[str, bytes] = {}
        self.broken: Counter[str] = Counter()
        self.leads: dict[str, str] = {}
        self.asked: defaultdict[str, int] = defaultdict(int)

    def puts(
        self, attachment_id: int, name: str, body: bytes, size: int | None = None
    ) -> Attachment:
        """Serve a file, and return what Discord says of it."""
        path = f"/attachments/{attachment_id}/{name}"
        self.files[path] = body
        return Attachment(
            id=attachment_id,
            filename=name,
            size=len(body) if size is None else size,
            url=f"{self.origin}{path}?ex=1",
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for a file."""
        path = request.path
        self.asked[path] += 1
        if self.broken[path] > 0:
            self.broken[path] -= 1
            return web.Response(status=503)
        if path in self.leads:
            return web.Response(status=302, headers={"Location": self.leads[path]})
        if path not in self.files:
            return web.Response(status=404)
        return web.Response(body=self.files[path], content_type="text/html")


@asynccontextmanager
async def file_server(origin: str) -> AsyncGenerator[FileServer]:
    """Serve files at an origin."""
    server = FileServer(origin)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    place = urlsplit(origin)
    assert place.hostname is not None
    await web.TCPSite(runner, place.hostname, place.port).start()
    try:
        yield server
    finally:
        await runner.cleanup()
