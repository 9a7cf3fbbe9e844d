"""Somebody who visits the dashboard, without a browser: what goes over the wire, and only that."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.people import Person

from .bay import Bay

TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


class Visitor:
    """A cookie jar with somebody behind it."""

    def __init__(self, bay: Bay, client: httpx.AsyncClient) -> None:
        self.bay = bay
        self.client = client

    async def gets(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def panel(self, path: str) -> httpx.Response:
        """Ask as htmx does."""
        return await self.gets(path, **{"HX-Request": "true"})

    async def posts(self, path: str, **form: str) -> httpx.Response:
        return await self.client.post(path, data=form)

    async def goes_to_discord(self, next_: str = "/guilds") -> dict[str, str]:
        """Begin to log in; returns what Discord is told."""
        response = await self.client.get("/login", params={"next": next_})
        assert response.status_code == 303
        parts = urlsplit(response.headers["location"])
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
            self.bay.settings.discord_oauth_url
        )
        return {name: value for name, (value,) in parse_qs(parts.query).items()}

    async def agrees(self, asked: dict[str, str], person: Person) -> dict[str, str]:
        """Agree at Discord; returns what the browser brings back."""
        query = str(httpx.QueryParams(asked))
        answer = await person.rest("POST", f"/oauth2/authorize?{query}", {"authorize": True})
        back = urlsplit(str(answer["location"]))
        return {name: value for name, (value,) in parse_qs(back.query).items()}

    async def comes_back(self, brought: dict[str, str]) -> httpx.Response:
        return await self.client.get("/login/callback", params=brought)

    async def logs_in(self, name: str, next_: str = "/guilds") -> httpx.Response:
        """Log in as one of the people of the bay."""
        asked = await self.goes_to_discord(next_)
        response = await self.comes_back(await self.agrees(asked, self.bay.people[name]))
        assert response.status_code == 303, response.text
        return response

    async def form_token(self) -> str:
        """Return the token that is in the forms of their pages."""
        found = TOKEN.search((await self.gets("/guilds")).text)
        assert found is not None
        return found[1]
