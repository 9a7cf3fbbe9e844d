"""Who calls: a bot by its token, a person by a client's token, or an app in a person's name."""

from enum import Enum
from urllib.parse import unquote

from aiohttp import web
from msgspec import Struct

from sandbox.errors import Code, DiscordError, unauthorized
from sandbox.models import By, User
from sandbox.world import WORLD_KEY, World

MAX_REASON = 512


class Kind(Enum):
    """The three ways to authenticate."""

    BOT = "bot"
    USER = "user"
    BEARER = "bearer"


class Caller(Struct, frozen=True):
    """Who calls and how; `scopes` and `application_id` only with an OAuth2 token."""

    kind: Kind
    user: User
    token: str
    scopes: frozenset[str] = frozenset()
    application_id: int | None = None


def identify(world: World, header: str | None) -> Caller | None:
    """Return whom an Authorization header names, if anybody."""
    scheme, _, token = (header or "").strip().rpartition(" ")
    if scheme == "Bearer":
        return _bearer(world, token)
    user = world.user_by_token(token)
    if user is None or user.bot != (scheme == "Bot") or scheme not in ("", "Bot"):
        return None
    return Caller(Kind.BOT if user.bot else Kind.USER, user, token)


def _bearer(world: World, token: str) -> Caller | None:
    grant = world.bearer_tokens.get(token)
    if grant is None or grant.expires_at <= world.clock.now():
        return None
    user = world.users[grant.user_id]
    scopes = frozenset(grant.scopes)
    return Caller(Kind.BEARER, user, token, scopes, grant.application_id)


def any_caller(request: web.Request) -> Caller:
    """Return who calls, OAuth2 tokens included, or answer 401."""
    caller = identify(request.app[WORLD_KEY], request.headers.get("Authorization"))
    if caller is None:
        raise unauthorized()
    return caller


def caller(request: web.Request) -> Caller:
    """Return the bot or the person who calls, or answer 401; OAuth2 tokens may not do this."""
    found = any_caller(request)
    if found.kind is Kind.BEARER:
        raise unauthorized()
    return found


def bot(request: web.Request) -> Caller:
    """Return the bot who calls, or answer 401 or 20002."""
    found = caller(request)
    if found.kind is not Kind.BOT:
        raise DiscordError.of(Code.ONLY_BOTS_CAN)
    return found


def by(request: web.Request, user: User) -> By:
    """Return who does something and the reason they gave for the audit log."""
    reason = unquote(request.headers.get("X-Audit-Log-Reason", ""))[:MAX_REASON]
    return By(user.id, reason.strip() or None)
