"""Discord's JSON of users, members, presences and applications."""

from datetime import datetime

from sandbox.models import Application, Json, Member, Presence, User
from sandbox.world.state import State


def iso(moment: datetime) -> str:
    """Return a moment as Discord writes it."""
    return moment.isoformat(timespec="microseconds")


def iso_or_none(moment: datetime | None) -> str | None:
    """Return a moment as Discord writes it, or nothing."""
    return None if moment is None else iso(moment)


def text_or_none(snowflake: int | None) -> str | None:
    """Return an id as text, or nothing."""
    return None if snowflake is None else str(snowflake)


def user(of: User) -> Json:
    """Return a user as others see them."""
    shown: Json = {
        "id": str(of.id),
        "username": of.username,
        "avatar": of.avatar,
        "discriminator": of.discriminator,
        "public_flags": of.public_flags,
        "flags": of.public_flags,
        "banner": of.banner,
        "accent_color": of.accent_color,
        "global_name": of.global_name,
        "avatar_decoration_data": None,
        "collectibles": None,
        "display_name_styles": None,
        "banner_color": None,
        "clan": None,
        "primary_guild": None,
    }
    if of.bot:
        shown["bot"] = True
    return shown


def current_user(of: User, *, with_email: bool = False) -> Json:
    """Return a user as they see themselves."""
    shown = user(of) | {
        "mfa_enabled": of.mfa_enabled,
        "locale": of.locale,
        "premium_type": 0,
        "verified": True,
        "bio": "",
    }
    if with_email or of.bot:
        shown["email"] = of.email
    return shown


def member(of: Member) -> Json:
    """Return a membership without the user, as messages carry it."""
    return {
        "avatar": of.avatar,
        "banner": None,
        "communication_disabled_until": iso_or_none(of.communication_disabled_until),
        "flags": of.flags,
        "joined_at": iso(of.joined_at),
        "nick": of.nick,
        "pending": of.pending,
        "premium_since": iso_or_none(of.premium_since),
        "roles": [str(role) for role in of.roles],
        "mute": of.mute,
        "deaf": of.deaf,
    }


def member_with_user(world: State, of: Member) -> Json:
    """Return a membership and its user."""
    return {**member(of), "user": user(world.users[of.user_id])}


def presence(user_id: int, of: Presence, guild_id: int) -> Json:
    """Return how somebody shows up in a guild."""
    return {
        "user": {"id": str(user_id)},
        "guild_id": str(guild_id),
        "status": of.status,
        "activities": of.activities,
        "client_status": {} if of.status in ("offline", "invisible") else {"web": of.status},
    }


def partial_application(of: Application) -> Json:
    """Return an application as READY names it."""
    return {"id": str(of.id), "flags": of.flags}


def application(world: State, of: Application) -> Json:
    """Return an application as its developer sees it."""
    owner = world.users.get(of.owner_id or of.id) or world.users[of.id]
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": None,
        "description": of.description,
        "summary": "",
        "type": None,
        "bot": user(world.users[of.id]),
        "bot_public": of.bot_public,
        "bot_require_code_grant": False,
        "verify_key": of.public_key,
        "flags": of.flags,
        "flags_new": str(of.flags),
        "hook": True,
        "is_monetized": False,
        "tags": [],
        "redirect_uris": of.redirect_uris,
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(owner),
        "approximate_guild_count": len(world.guilds_of(of.id)),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "integration_types_config": {"0": {}},
        "install_params": {"scopes": ["bot", "applications.commands"], "permissions": "0"},
        "eligible_oauth2_scopes": ["bot", "applications.commands", "identify", "guilds", "email"],
    }
