"""OAuth2 grants: codes that wait to be exchanged, and the tokens that came of them."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from sandbox.models import Application, BearerToken, User
from sandbox.oauth2.authorization import Authorization
from sandbox.world import World

CODE_LIFETIME = timedelta(minutes=1)
TOKEN_LIFETIME = timedelta(days=7)
_DOCUMENT = "oauth2_codes"


class Code(Struct, kw_only=True):
    """What a person agreed to, until the application fetches its tokens."""

    user_id: int
    application_id: int
    scopes: list[str]
    redirect_uri: str
    expires_at: datetime
    guild_id: int | None = None
    challenge: str | None = None
    challenge_method: str = "plain"

    def is_proven_by(self, verifier: str | None) -> bool:
        """Say whether a PKCE verifier (RFC 7636) fits the challenge, if there was one."""
        if self.challenge is None:
            return True
        shown = verifier or ""
        if self.challenge_method == "S256":
            digest = hashlib.sha256(shown.encode()).digest()
            shown = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return hmac.compare_digest(shown.encode(), self.challenge.encode())


def issue_code(world: World, asked: Authorization, user: User, guild_id: int | None = None) -> str:
    """Return a new code for what a person agreed to."""
    assert asked.redirect_uri is not None
    code = secrets.token_urlsafe(22)
    issued = Code(
        user_id=user.id,
        application_id=asked.application.id,
        scopes=list(asked.scopes),
        redirect_uri=asked.redirect_uri,
        expires_at=world.clock.now() + CODE_LIFETIME,
        guild_id=guild_id,
        challenge=asked.code_challenge,
        challenge_method=asked.code_challenge_method,
    )
    codes = _codes(world)
    for lapsed in [one for one, kept in codes.items() if kept.expires_at <= world.clock.now()]:
        del codes[lapsed]
    codes[code] = issued
    _keep(world, codes)
    return code


def take_code(world: World, code: str) -> Code | None:
    """Return what a code stands for, once, while it is fresh."""
    codes = _codes(world)
    found = codes.pop(code, None)
    _keep(world, codes)
    if found is None or found.expires_at <= world.clock.now():
        return None
    return found


def _codes(world: World) -> dict[str, Code]:
    return msgspec.convert(world.documents.get(_DOCUMENT, {}), dict[str, Code])


def _keep(world: World, codes: dict[str, Code]) -> None:
    world.documents[_DOCUMENT] = msgspec.to_builtins(codes)


def issue_token(
    world: World, application: Application, user_id: int, scopes: list[str]
) -> BearerToken:
    """Return a new token of a person for an application."""
    token = BearerToken(
        access_token=secrets.token_urlsafe(22),
        refresh_token=secrets.token_urlsafe(22),
        user_id=user_id,
        application_id=application.id,
        scopes=scopes,
        expires_at=world.clock.now() + TOKEN_LIFETIME,
    )
    world.bearer_tokens[token.access_token] = token
    return token


def refresh(world: World, application: Application, refresh_token: str) -> BearerToken | None:
    """Exchange a refresh token for new tokens; the former ones are void."""
    for former in list(world.bearer_tokens.values()):
        if _is(former, application) and former.refresh_token == refresh_token:
            del world.bearer_tokens[former.access_token]
            return issue_token(world, application, former.user_id, former.scopes)
    return None


def revoke(world: World, application: Application, token: str) -> None:
    """Void everything that a person granted an application, given any token of it."""
    mine = [one for one in world.bearer_tokens.values() if _is(one, application)]
    named = [one for one in mine if token in (one.access_token, one.refresh_token)]
    for revoked in mine:
        if any(revoked.user_id == one.user_id for one in named):
            del world.bearer_tokens[revoked.access_token]


def _is(token: BearerToken, application: Application) -> bool:
    return token.application_id == application.id
