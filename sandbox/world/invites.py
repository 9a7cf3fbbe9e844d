"""Invites to a guild: made, used up, taken back."""

import secrets
import string
from datetime import timedelta

from sandbox.errors import Code, DiscordError
from sandbox.models import By, Channel, Invite, Json, Member, User
from sandbox.world import members, render
from sandbox.world.audit import Action, change, record
from sandbox.world.state import State

MAX_INVITES = 1000
_LETTERS = string.ascii_letters + string.digits


def create(
    world: State,
    channel: Channel,
    *,
    by: By,
    max_age: int = 86400,
    max_uses: int = 0,
    temporary: bool = False,
    unique: bool = False,
) -> Invite:
    """Make an invite, or return the same one made before unless it has to be unique."""
    assert channel.guild_id is not None
    wanted = (channel.id, by.user_id, max_age, max_uses, temporary)
    known = of_guild(world, channel.guild_id)
    if not unique and (same := next((one for one in known if _terms(one) == wanted), None)):
        return same
    if len(known) >= MAX_INVITES:
        raise DiscordError.of(Code.TOO_MANY_INVITES)
    now = world.clock.now()
    invite = Invite(
        code="".join(secrets.choice(_LETTERS) for _ in range(8)),
        guild_id=channel.guild_id,
        channel_id=channel.id,
        inviter_id=by.user_id,
        created_at=now,
        max_age=max_age,
        max_uses=max_uses,
        temporary=temporary,
        expires_at=now + timedelta(seconds=max_age) if max_age else None,
    )
    world.invites[invite.code] = invite
    _tell(world, "INVITE_CREATE", invite, _as_event(world, invite))
    _record(world, invite, by, Action.INVITE_CREATE)
    return invite


def _terms(of: Invite) -> tuple[int, int | None, int, int, bool]:
    return of.channel_id, of.inviter_id, of.max_age, of.max_uses, of.temporary


def of_guild(world: State, guild_id: int) -> list[Invite]:
    """Return the invites of a guild that can still be used."""
    now = world.clock.now()
    of_this = [one for one in world.invites.values() if one.guild_id == guild_id]
    return [one for one in of_this if one.expires_at is None or one.expires_at > now]


def find(world: State, code: str) -> Invite:
    """Return an invite that can still be used, or answer 10006."""
    invite = world.invites.get(code)
    if invite is None or (invite.expires_at and invite.expires_at <= world.clock.now()):
        raise DiscordError.of(Code.UNKNOWN_INVITE)
    return invite


def accept(world: State, invite: Invite, user: User) -> Member:
    """Let somebody join by an invite; the banned are refused."""
    guild = world.guilds[invite.guild_id]
    if user.id in guild.bans:
        raise DiscordError.of(Code.USER_IS_BANNED)
    if user.id not in guild.members:
        invite.uses += 1
        if invite.max_uses and invite.uses >= invite.max_uses:
            del world.invites[invite.code]
    return members.add(world, guild, user)


def delete(world: State, invite: Invite, by: By) -> None:
    """Take an invite back."""
    del world.invites[invite.code]
    told: Json = {
        "channel_id": str(invite.channel_id),
        "guild_id": str(invite.guild_id),
        "code": invite.code,
    }
    _tell(world, "INVITE_DELETE", invite, told)
    _record(world, invite, by, Action.INVITE_DELETE)


def _as_event(world: State, invite: Invite) -> Json:
    told: Json = {
        **render.invite_usage(invite),
        "channel_id": str(invite.channel_id),
        "guild_id": str(invite.guild_id),
        "code": invite.code,
        "type": 0,
        "expires_at": render.iso(invite.expires_at) if invite.expires_at else None,
    }
    if invite.inviter_id is not None:
        told["inviter"] = render.user(world.users[invite.inviter_id])
    return told


def _tell(world: State, event: str, invite: Invite, told: Json) -> None:
    world.dispatch(event, told, guild_id=invite.guild_id, channel_id=invite.channel_id)


def _record(world: State, invite: Invite, by: By, action: Action) -> None:
    keys = ("code", "channel_id", "inviter_id", "uses", "max_uses", "max_age", "temporary")
    new = action is Action.INVITE_CREATE
    values = {key: getattr(invite, key) for key in keys}
    changes = [
        change(key, None if new else value, value if new else None) for key, value in values.items()
    ]
    record(world, world.guilds[invite.guild_id], by, action, changes=changes)
