"""HTTP calls to a running sandbox: REST with somebody's token, and the control API."""

from __future__ import annotations

import json
from typing import Any, Self

import aiohttp

Json = dict[str, Any]
"""Discord's JSON, as open as it is."""

FIRST_ERROR = 400


class RestError(AssertionError):
    """Discord refused: its status, code and words."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status}: {json.dumps(body)}")
        self.status = status
        self.code = body.get("code", 0)
        self.body = body


class Calls:
    """A line to a running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.last_status = 0
        self._http = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._http.close()

    @property
    def api_url(self) -> str:
        """Where REST is, as a bot is told it."""
        return f"{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """Where the websocket is."""
        return f"{self.url.replace('http', 'ws', 1)}/gateway"

    async def control(self, method: str, path: str, body: object = None, /, **query: object) -> Any:  # noqa: ANN401 - any JSON
        """Call the control API; raises RestError when it refuses."""
        asked = {name: str(value) for name, value in query.items() if value is not None}
        return await self._call(method, f"{self.url}/sandbox{path}", body, {}, asked)

    async def rest(
        self, token: str, method: str, path: str, body: object = None, reason: str | None = None
    ) -> Any:  # noqa: ANN401 - any JSON
        """Call the REST API as whom a token is; raises RestError when it refuses."""
        headers = {"Authorization": token}
        if reason is not None:
            headers["X-Audit-Log-Reason"] = reason
        return await self._call(method, f"{self.api_url}{path}", body, headers, {})

    async def _call(
        self, method: str, url: str, body: object, headers: dict[str, str], query: dict[str, str]
    ) -> Any:  # noqa: ANN401 - any JSON
        async with self._http.request(
            method, url, json=body, headers=headers, params=query
        ) as response:
            self.last_status = response.status
            text = await response.text()
            told = (
                json.loads(text) if text and response.content_type == "application/json" else None
            )
            if response.status >= FIRST_ERROR:
                raise RestError(response.status, told or {"message": text})
            return told
