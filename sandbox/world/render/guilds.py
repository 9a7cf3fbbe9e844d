"""Discord's JSON of guilds and what belongs to them."""

from sandbox import permissions
from sandbox.models import (
    AuditEntry,
    Ban,
    Channel,
    Guild,
    Invite,
    Json,
    Presence,
    Role,
    VoiceState,
    Webhook,
)
from sandbox.world.render.channels import channel
from sandbox.world.render.people import (
    iso,
    iso_or_none,
    member_with_user,
    presence,
    text_or_none,
    user,
)
from sandbox.world.state import State

_SEEN_ONLINE = ("online", "idle", "dnd")


def role(of: Role) -> Json:
    """Return a role."""
    shown: Json = {
        "id": str(of.id),
        "name": of.name,
        "description": None,
        "permissions": str(of.permissions),
        "position": of.position,
        "color": of.color,
        "colors": {"primary_color": of.color, "secondary_color": None, "tertiary_color": None},
        "hoist": of.hoist,
        "managed": of.managed,
        "mentionable": of.mentionable,
        "icon": of.icon,
        "unicode_emoji": of.unicode_emoji,
        "flags": of.flags,
    }
    if of.bot_id is not None:
        shown["tags"] = {"bot_id": str(of.bot_id)}
    return shown


def guild(of: Guild) -> Json:
    """Return a guild with its roles, as REST and GUILD_UPDATE show it."""
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": of.icon,
        "description": of.description,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": of.features,
        "banner": None,
        "owner_id": str(of.owner_id),
        "application_id": None,
        "region": "us-west",
        "afk_channel_id": text_or_none(of.afk_channel_id),
        "afk_timeout": of.afk_timeout,
        "system_channel_id": text_or_none(of.system_channel_id),
        "system_channel_flags": of.system_channel_flags,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": of.verification_level,
        "roles": [role(one) for one in of.roles.values()],
        "default_message_notifications": of.default_message_notifications,
        "mfa_level": of.mfa_level,
        "explicit_content_filter": of.explicit_content_filter,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": of.preferred_locale,
        "rules_channel_id": text_or_none(of.rules_channel_id),
        "safety_alerts_channel_id": text_or_none(of.safety_alerts_channel_id),
        "public_updates_channel_id": text_or_none(of.public_updates_channel_id),
        "premium_progress_bar_enabled": of.premium_progress_bar_enabled,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def counts(world: State, of: Guild) -> Json:
    """Return how many members a guild has and how many of them are online."""
    return {
        "approximate_member_count": len(of.members),
        "approximate_presence_count": len(_presences(world, of)),
    }


def guild_create(
    world: State, of: Guild, for_user: int, *, large_threshold: int = 50, presences: bool = True
) -> Json:
    """Return the payload of GUILD_CREATE for somebody who is a member.

    A guild with more than `large_threshold` members is sent with only those who are online (and
    the receiver); without `presences` nobody counts as online.
    """
    seen = _presences(world, of) if presences else {}
    large = len(of.members) > large_threshold
    ids = dict.fromkeys([for_user, *seen]) if large else of.members
    threads = [world.channels[one] for one in of.thread_ids]
    return guild(of) | {
        "joined_at": iso(of.members[for_user].joined_at),
        "large": large,
        "unavailable": False,
        "member_count": len(of.members),
        "members": [member_with_user(world, of.members[one]) for one in ids],
        "channels": [channel(world, world.channels[one]) for one in of.channel_ids],
        "threads": [_thread_for(world, one, for_user) for one in threads if _is_active(one)],
        "presences": [presence(one, shown, of.id) for one, shown in seen.items()],
        "voice_states": [voice_state(world, one, full=False) for one in of.voice_states.values()],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "activity_instances": [],
        "embedded_activities": [],
        "version": world.snowflakes.last,
    }


def _is_active(of: Channel) -> bool:
    return of.thread is not None and not of.thread.archived


def _thread_for(world: State, of: Channel, for_user: int) -> Json:
    return channel(world, of, for_user=for_user)


def _presences(world: State, of: Guild) -> dict[int, Presence]:
    return {
        user_id: shown
        for user_id, shown in world.presences.items()
        if user_id in of.members and shown.status in _SEEN_ONLINE
    }


def unavailable_guild(of: Guild) -> Json:
    """Return a guild as READY lists it."""
    return {"id": str(of.id), "unavailable": True}


def guild_of_user(world: State, of: Guild, user_id: int, *, with_counts: bool = False) -> Json:
    """Return a guild as `/users/@me/guilds` lists it."""
    bits = permissions.in_guild(of, of.members[user_id])
    shown: Json = {
        "id": str(of.id),
        "name": of.name,
        "icon": of.icon,
        "banner": None,
        "owner": of.owner_id == user_id,
        "permissions": str(bits),
        "features": of.features,
    }
    return shown | counts(world, of) if with_counts else shown


def partial_guild(of: Guild) -> Json:
    """Return a guild as an invite shows it."""
    return {
        "id": str(of.id),
        "name": of.name,
        "splash": None,
        "banner": None,
        "description": of.description,
        "icon": of.icon,
        "features": of.features,
        "verification_level": of.verification_level,
        "vanity_url_code": None,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_subscription_count": 0,
        "premium_tier": 0,
    }


def ban(world: State, of: Ban) -> Json:
    """Return a ban."""
    return {"reason": of.reason, "user": user(world.users[of.user_id])}


def voice_state(world: State, of: VoiceState, *, full: bool = True) -> Json:
    """Return where somebody is connected; `full` adds the guild and the member."""
    member = world.guilds[of.guild_id].members[of.user_id]
    shown: Json = {
        "channel_id": text_or_none(of.channel_id or None),
        "user_id": str(of.user_id),
        "session_id": of.session_id,
        "deaf": member.deaf,
        "mute": member.mute,
        "self_deaf": of.self_deaf,
        "self_mute": of.self_mute,
        "self_video": of.self_video,
        "self_stream": of.self_stream,
        "suppress": of.suppress,
        "request_to_speak_timestamp": None,
    }
    if full:
        shown["guild_id"] = str(of.guild_id)
        shown["member"] = member_with_user(world, member)
    return shown


def invite(world: State, of: Invite, *, with_counts: bool = False, full: bool = True) -> Json:
    """Return an invite; `full` adds what only those who manage it see."""
    guild_ = world.guilds[of.guild_id]
    where = world.channels[of.channel_id]
    shown: Json = {
        "type": 0,
        "code": of.code,
        "expires_at": iso_or_none(of.expires_at),
        "flags": 0,
        "guild": partial_guild(guild_),
        "guild_id": str(of.guild_id),
        "channel": {"id": str(where.id), "name": where.name, "type": where.type},
    }
    if of.inviter_id is not None:
        shown["inviter"] = user(world.users[of.inviter_id])
    if full:
        shown.update(invite_usage(of))
    return shown | counts(world, guild_) if with_counts else shown


def invite_usage(of: Invite) -> Json:
    """Return how an invite was used and how far it may be."""
    return {
        "uses": of.uses,
        "max_uses": of.max_uses,
        "max_age": of.max_age,
        "temporary": of.temporary,
        "created_at": iso(of.created_at),
    }


def audit_entry(of: AuditEntry) -> Json:
    """Return one line of the audit log."""
    shown: Json = {
        "id": str(of.id),
        "action_type": of.action_type,
        "user_id": text_or_none(of.user_id),
        "target_id": text_or_none(of.target_id),
    }
    if of.changes:
        shown["changes"] = of.changes
    if of.options:
        shown["options"] = of.options
    if of.reason:
        shown["reason"] = of.reason
    return shown


def webhook(world: State, of: Webhook, *, with_token: bool = True) -> Json:
    """Return a webhook."""
    shown: Json = {
        "id": str(of.id),
        "type": of.type,
        "name": of.name,
        "avatar": of.avatar,
        "channel_id": text_or_none(of.channel_id),
        "guild_id": text_or_none(of.guild_id),
        "application_id": text_or_none(of.application_id),
    }
    if of.user_id is not None and of.user_id in world.users:
        shown["user"] = user(world.users[of.user_id])
    if with_token:
        shown["token"] = of.token
        shown["url"] = f"{world.settings.base_url}/api/webhooks/{of.id}/{of.token}"
    return shown


__all__ = [
    "audit_entry",
    "ban",
    "counts",
    "guild",
    "guild_create",
    "guild_of_user",
    "invite",
    "invite_usage",
    "partial_guild",
    "role",
    "unavailable_guild",
    "voice_state",
    "webhook",
]
