"""The dashboard's only table: who is logged in."""

from datetime import datetime

from msgspec import Struct

from shared.contracts.ids import GuildId, UserId
from shared.postgres import Executor, execute, fetch_one


class UserGuild(Struct, frozen=True):
    """A guild as Discord shows it to one of its members."""

    id: GuildId
    name: str
    icon: str | None = None
    owner: bool = False
    permissions: int = 0


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who is logged in, with the guilds that they were in then."""

    id: bytes
    user_id: UserId
    name: str
    avatar: str | None
    guilds: tuple[UserGuild, ...]
    created_at: datetime
    expires_at: datetime

    @property
    def avatar_url(self) -> str | None:
        """Where Discord keeps their picture."""
        if self.avatar is None:
            return None
        return f"https://cdn.discordapp.com/avatars/{self.user_id}/{self.avatar}.png?size=64"


async def add_session(db: Executor, session: Session) -> int:
    """Keep a new session."""
    return await execute(
        db,
        """
        INSERT INTO sessions (id, user_id, name, avatar, guilds, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        session.id,
        session.user_id,
        session.name,
        session.avatar,
        session.guilds,
        session.created_at,
        session.expires_at,
    )


async def session(db: Executor, id_: bytes, now: datetime) -> Session | None:
    """Return a session that has not ended."""
    return await fetch_one(
        db, Session, "SELECT * FROM sessions WHERE id = $1 AND expires_at > $2", id_, now
    )


async def remove_session(db: Executor, id_: bytes) -> int:
    """End a session."""
    return await execute(db, "DELETE FROM sessions WHERE id = $1", id_)


async def remove_ended(db: Executor, now: datetime) -> int:
    """Forget the sessions that have ended; returns how many."""
    return await execute(db, "DELETE FROM sessions WHERE expires_at <= $1", now)
