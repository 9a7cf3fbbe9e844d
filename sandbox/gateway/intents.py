"""Which events a bot is sent for its intents, and what is left out of them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.gateway.codes import Intents

# JSON objects of Discord are open: their values are looked at by name only.
Json = dict[str, Any]


def _table(intent: Intents, names: str) -> dict[str, Intents]:
    return dict.fromkeys(names.split(), intent)


_MESSAGES: Final = "MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE MESSAGE_DELETE_BULK"
_REACTIONS: Final = """
    MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE
    MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI
"""
_POLLS: Final = "MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE"
_GUILDS: Final = """
    GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_UPDATE GUILD_ROLE_DELETE
    CHANNEL_CREATE CHANNEL_UPDATE CHANNEL_DELETE CHANNEL_PINS_UPDATE
    THREAD_CREATE THREAD_UPDATE THREAD_DELETE THREAD_LIST_SYNC THREAD_MEMBER_UPDATE
    STAGE_INSTANCE_CREATE STAGE_INSTANCE_UPDATE STAGE_INSTANCE_DELETE
"""
_MEMBERS: Final = "GUILD_MEMBER_ADD GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE THREAD_MEMBERS_UPDATE"
_MODERATION: Final = "GUILD_AUDIT_LOG_ENTRY_CREATE GUILD_BAN_ADD GUILD_BAN_REMOVE"
_EXPRESSIONS: Final = """
    GUILD_EMOJIS_UPDATE GUILD_STICKERS_UPDATE GUILD_SOUNDBOARD_SOUND_CREATE
    GUILD_SOUNDBOARD_SOUND_UPDATE GUILD_SOUNDBOARD_SOUND_DELETE GUILD_SOUNDBOARD_SOUNDS_UPDATE
"""
_INTEGRATIONS: Final = """
    GUILD_INTEGRATIONS_UPDATE INTEGRATION_CREATE INTEGRATION_UPDATE INTEGRATION_DELETE
"""
_SCHEDULED: Final = """
    GUILD_SCHEDULED_EVENT_CREATE GUILD_SCHEDULED_EVENT_UPDATE GUILD_SCHEDULED_EVENT_DELETE
    GUILD_SCHEDULED_EVENT_USER_ADD GUILD_SCHEDULED_EVENT_USER_REMOVE
"""
_RULES: Final = """
    AUTO_MODERATION_RULE_CREATE AUTO_MODERATION_RULE_UPDATE AUTO_MODERATION_RULE_DELETE
"""

GUILD_EVENTS: Final[Mapping[str, Intents]] = {
    **_table(Intents.GUILDS, _GUILDS),
    **_table(Intents.GUILD_MEMBERS, _MEMBERS),
    **_table(Intents.GUILD_MODERATION, _MODERATION),
    **_table(Intents.GUILD_EXPRESSIONS, _EXPRESSIONS),
    **_table(Intents.GUILD_INTEGRATIONS, _INTEGRATIONS),
    **_table(Intents.GUILD_WEBHOOKS, "WEBHOOKS_UPDATE"),
    **_table(Intents.GUILD_INVITES, "INVITE_CREATE INVITE_DELETE"),
    **_table(Intents.GUILD_VOICE_STATES, "VOICE_STATE_UPDATE VOICE_CHANNEL_EFFECT_SEND"),
    **_table(Intents.GUILD_PRESENCES, "PRESENCE_UPDATE"),
    **_table(Intents.GUILD_MESSAGES, _MESSAGES),
    **_table(Intents.GUILD_MESSAGE_REACTIONS, _REACTIONS),
    **_table(Intents.GUILD_MESSAGE_TYPING, "TYPING_START"),
    **_table(Intents.GUILD_SCHEDULED_EVENTS, _SCHEDULED),
    **_table(Intents.AUTO_MODERATION_CONFIGURATION, _RULES),
    **_table(Intents.AUTO_MODERATION_EXECUTION, "AUTO_MODERATION_ACTION_EXECUTION"),
    **_table(Intents.GUILD_MESSAGE_POLLS, _POLLS),
}

DIRECT_EVENTS: Final[Mapping[str, Intents]] = {
    **_table(Intents.DIRECT_MESSAGES, _MESSAGES + " CHANNEL_PINS_UPDATE"),
    **_table(Intents.DIRECT_MESSAGE_REACTIONS, _REACTIONS),
    **_table(Intents.DIRECT_MESSAGE_TYPING, "TYPING_START"),
    **_table(Intents.DIRECT_MESSAGE_POLLS, _POLLS),
}

# Events whose payload carries what somebody wrote.
WITH_CONTENT: Final = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE"})
_CONTENT_FIELDS: Final[Mapping[str, object]] = {
    "content": "",
    "embeds": [],
    "attachments": [],
    "components": [],
}


def wanted(intents: int, name: str, *, in_guild: bool) -> bool:
    """Say whether a bot with these intents is sent the event; events of no intent always are."""
    needed = (GUILD_EVENTS if in_guild else DIRECT_EVENTS).get(name)
    return needed is None or bool(intents & needed)


def sees_content(intents: int, bot_id: int, message: Json, *, in_guild: bool) -> bool:
    """Say whether a bot may read a message: by intent, as author, as mentioned, or in a DM."""
    if intents & Intents.MESSAGE_CONTENT or not in_guild:
        return True
    own = str(bot_id)
    author: Json = message.get("author") or {}
    mentions: Iterable[Json] = message.get("mentions") or ()
    return author.get("id") == own or any(user.get("id") == own for user in mentions)


def without_content(message: Json) -> Json:
    """Return the message as a bot without the MESSAGE_CONTENT intent gets it."""
    blanked = message | {
        field: empty for field, empty in _CONTENT_FIELDS.items() if field in message
    }
    blanked.pop("poll", None)
    referenced = message.get("referenced_message")
    if referenced:
        blanked["referenced_message"] = without_content(referenced)
    return blanked
