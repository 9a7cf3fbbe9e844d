"""Sessions: what a login begins, a cookie carries, and a logout ends."""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

from services.web import queries
from services.web.deps import Deps
from services.web.queries import Session, UserGuild
from shared.contracts.discord import User

KEY_BYTES: Final = 32


async def begin(deps: Deps, user: User, guilds: tuple[UserGuild, ...], now: datetime) -> str:
    """Log somebody in; returns what their cookie is to hold, which nobody else knows."""
    key = secrets.token_urlsafe(KEY_BYTES)
    session = Session(
        id=_digest(key),
        user_id=user.id,
        name=user.name,
        avatar=user.avatar,
        guilds=guilds,
        created_at=now,
        expires_at=now + deps.settings.session_length,
    )
    await queries.remove_ended(deps.db, now)
    await queries.add_session(deps.db, session)
    return key


async def find(deps: Deps, key: str, now: datetime) -> Session | None:
    """Return whose cookie it is, unless their session has ended."""
    return await queries.session(deps.db, _digest(key), now) if key else None


async def end(deps: Deps, session: Session) -> None:
    """Log somebody out."""
    await queries.remove_session(deps.db, session.id)


def form_token(deps: Deps, session: Session) -> str:
    """Return what every form of this session carries, to show that the page was ours."""
    secret = deps.settings.session_secret.reveal().encode()
    return hmac.new(secret, b"form:" + session.id, hashlib.sha256).hexdigest()


def is_form_token(deps: Deps, session: Session, given: str) -> bool:
    """Say whether a form came from a page of this session."""
    return hmac.compare_digest(form_token(deps, session).encode(), given.encode())


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
