"""Short-lived signed tokens by which the dashboard says for whom it is asking."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import jwt
import msgspec
from msgspec import Struct

from shared.http.problems import UnauthorizedError

Role = Literal["viewer", "editor", "admin", "operator", "key"]

ISSUER: Final = "flotilla"
ALGORITHM: Final = "HS256"
LIFETIME: Final = timedelta(seconds=60)


class Actor(Struct, frozen=True, kw_only=True):
    """Who is asking: a person on the dashboard with their role in a guild, or a guild's API key.

    `guild_id` is 0 for operators, who may act in any. `scopes` are those of a key, and `user_id` is
    who made it.
    """

    user_id: int
    guild_id: int
    role: Role
    scopes: tuple[str, ...] = ()
    name: str = ""
    key_id: str = ""


class _Claims(Struct):
    """The part of a token that is ours."""

    actor: Actor


def sign(secret: str, actor: Actor, audience: str, ttl: timedelta = LIFETIME) -> str:
    """Make a token for one service (`audience`), valid for `ttl`."""
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(actor.user_id),
        "iat": now,
        "exp": now + ttl,
        "actor": msgspec.to_builtins(actor),
    }
    # pyjwt's types name those of cryptography, which HS256 does without
    return jwt.encode(claims, secret, algorithm=ALGORITHM)  # pyright: ignore[reportUnknownMemberType]


def verify(secret: str, token: str, audience: str) -> Actor:
    """Return for whom a token speaks. Raises UnauthorizedError."""
    try:
        # pyjwt's types name those of cryptography, which HS256 does without
        claims = jwt.decode(  # pyright: ignore[reportUnknownMemberType]
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "aud", "iss"]},
        )
        return msgspec.convert(claims, _Claims).actor
    except jwt.ExpiredSignatureError:
        raise UnauthorizedError("This token has expired. Ask for a new one.") from None
    except (jwt.InvalidTokenError, msgspec.ValidationError):
        raise UnauthorizedError("This token is not valid for this service.") from None
