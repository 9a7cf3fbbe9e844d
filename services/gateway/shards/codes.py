"""Discord's close codes: which end a session, and which mean that somebody has to act."""

from typing import Final

SESSION_ENDED: Final = frozenset({4007, 4009})
"""Invalid sequence number, session timed out: identify anew (reference, "Gateway Close Codes")."""

FATAL: Final[dict[int, str]] = {
    4004: "Discord refuses the bot token: put a valid one into DISCORD_TOKEN "
    "(developer portal, your application, Bot, Reset Token).",
    4010: "Discord refuses the shard number: check SHARD_COUNT, or leave it 0.",
    4011: "The bot is in too many servers for this many shards: raise SHARD_COUNT, or leave it 0.",
    4012: "Discord no longer speaks version 10 of its gateway: upgrade Flotilla.",
    4013: "Discord does not know the intents that were asked for: upgrade Flotilla.",
    4014: "Discord refuses the privileged intents: switch on 'Server Members Intent' and "
    "'Message Content Intent' (developer portal, your application, Bot).",
}
"""Codes after which reconnecting is pointless, with what to do."""


class FatalGatewayError(Exception):
    """Discord will not let the bot in until somebody acts; the message says what to do."""
