"""Login by Discord: OAuth2's authorization code grant, and who it is that came."""

import base64
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Struct

from services.web.queries import UserGuild
from services.web.settings import Settings
from shared.contracts.discord import User
from shared.errors import UnavailableError, UserError

T = TypeVar("T")

SCOPES: Final = "identify guilds"
AWAY: Final = "Discord doesn't answer at the moment. Please try to log in again in a minute."
STALE: Final = "This login is no longer valid. Please log in again."


class Token(Struct, frozen=True):
    """What Discord gives for a code; used at once and thrown away."""

    access_token: str


class Discord:
    """Discord, as far as logging in needs it."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self._http = http
        self._settings = settings

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return where people are sent to log in.

        `state` comes back with them; without `verifier` the code they bring is of no use to anybody
        (RFC 7636).
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "client_id": self._settings.discord_client_id,
            "response_type": "code",
            "redirect_uri": self._settings.callback_url,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "prompt": "none",
        }
        return f"{self._settings.discord_oauth_url}?{urlencode(query)}"

    async def token(self, code: str, verifier: str) -> Token:
        """Exchange the code that somebody came back with; raises UserError when it is no good."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.callback_url,
            "code_verifier": verifier,
            "client_id": self._settings.discord_client_id,
            "client_secret": self._settings.discord_client_secret.reveal(),
        }
        return await self._ask("POST", "oauth2/token", Token, form=form)

    async def user(self, token: Token) -> User:
        """Return who logged in."""
        return await self._ask("GET", "users/@me", User, token=token)

    async def guilds(self, token: Token) -> tuple[UserGuild, ...]:
        """Return the guilds that they are in; Discord lets nobody be in more than 200."""
        return await self._ask("GET", "users/@me/guilds", tuple[UserGuild, ...], token=token)

    async def _ask(
        self,
        method: str,
        path: str,
        type_: type[T],
        *,
        token: Token | None = None,
        form: Mapping[str, str] | None = None,
    ) -> T:
        url = f"{self._settings.discord_api_url}/{path}"
        headers = {"Authorization": f"Bearer {token.access_token}"} if token else {}
        try:
            response = await self._http.request(method, url, data=form, headers=headers)
        except httpx.HTTPError as error:
            raise UnavailableError(AWAY) from error
        if response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            raise UserError(STALE)
        if not response.is_success:
            raise UnavailableError(AWAY)
        return msgspec.json.decode(response.content, type=type_, strict=False)
