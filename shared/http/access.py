"""Who may use a route: by the dashboard's token or a guild's API key, and a scope."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.errors import ForbiddenError
from shared.http.keys import PREFIX, KeyStore
from shared.http.problems import UnauthorizedError
from shared.http.tokens import Actor, Role, verify
from shared.settings import Secret

READ: Final = frozenset({"infractions:read", "evidence:read", "stats:read", "config:read"})
WRITE: Final = frozenset({"infractions:write", "config:write"})
SCOPES: Final = READ | WRITE | {"infractions:admin", "keys:write", "webhooks:write", "people:erase"}
"""What a guild's API key may be allowed."""

OPERATOR: Final = "operator"
"""The scope that only operators of the installation have."""

ROLES: Final[dict[Role, frozenset[str]]] = {
    "viewer": READ,
    "editor": READ | WRITE,
    "admin": SCOPES,
    "operator": SCOPES | {OPERATOR},
}

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key or token",
    description="An API key of the server (`flk_...`), or the dashboard's token.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Access:
    """Tells who is asking, for one service."""

    def __init__(
        self,
        service: str,
        secret: Secret,
        operators: tuple[int, ...] = (),
        keys: KeyStore | None = None,
    ) -> None:
        self._service = service
        self._secret = secret
        self._operators = operators
        self._keys = keys

    async def identify(self, credentials: str, guild_id: int) -> Actor:
        """Return who is asking about a guild (0: about none). Raises UnauthorizedError."""
        if credentials.startswith(PREFIX):
            if self._keys is None or not guild_id:
                raise UnauthorizedError("API keys are of a server, and open nothing here.")
            return await self._keys.verify(credentials, guild_id)
        return verify(self._secret.reveal(), credentials, self._service)

    def allow(self, actor: Actor, scope: str, guild_id: int) -> None:
        """Refuse an actor who may not do this in a guild. Raises ForbiddenError."""
        if actor.role == "operator":
            if actor.user_id not in self._operators:
                raise ForbiddenError("You are not an operator of this installation.")
        elif actor.guild_id != guild_id or not guild_id:
            raise ForbiddenError("You may not see this server.")
        if scope not in scopes_of(actor):
            raise ForbiddenError(f"This needs the scope {scope}, which you do not have.")


def scopes_of(actor: Actor) -> frozenset[str]:
    """Return what an actor may do."""
    if actor.role == "key":
        return frozenset(actor.scopes) & SCOPES
    return ROLES[actor.role]


def require(scope: str) -> Callable[..., Awaitable[Actor]]:
    """Make a dependency of a route: whoever asks has `scope` in the guild of its path.

    The guild is the path parameter `guild_id`; without one, only operators pass.
    """

    async def authorize(request: Request, credentials: Credentials) -> Actor:
        if credentials is None:
            raise UnauthorizedError("Send a key or token: Authorization: Bearer ...")
        access: Access = request.app.state.access
        guild_id = _guild_id(request)
        actor = await access.identify(credentials.credentials, guild_id)
        access.allow(actor, scope, guild_id)
        return actor

    return authorize


def _guild_id(request: Request) -> int:
    text = str(request.path_params.get("guild_id", ""))
    return int(text) if text.isascii() and text.isdigit() else 0
