"""What members are told of their infractions: by the guild's own template, or in words of ours."""

import re
from collections.abc import Mapping
from typing import Final

from services.infractions.model import Infraction, Kind
from services.infractions.wording import LONGEST_NAME, on_one_line, shown
from shared.commands import format_duration, timestamp

LONGEST: Final = 2000
"""Characters of a message on Discord."""

LONGEST_REASON: Final = 1500

OPENINGS: Final[Mapping[Kind, str]] = {
    Kind.WARNING: "You were warned in **{server}**",
    Kind.KICK: "You were kicked from **{server}**",
    Kind.MUTE: "You were muted in **{server}**",
    Kind.BAN: "You were banned from **{server}**",
    Kind.SOFTBAN: "You were kicked from **{server}**, and your recent messages there were deleted",
    Kind.UNBAN: "Your ban in **{server}** was lifted",
    Kind.UNMUTE: "Your mute in **{server}** was lifted",
    Kind.TEMPROLE: "You were given the role **{role}** in **{server}**",
}
"""What is said where the guild has no template."""

NO_END: Final = "further notice"
NO_LENGTH: Final = "an unlimited time"
NO_REASON: Final = "no reason given"

_PLACEHOLDER: Final = re.compile(r"\{(server|reason|until|duration|number|moderator|role)\}")


def notice(infraction: Infraction, template: str | None, *, server: str, role: str) -> str:
    """Return the message to the member; it fits, however long the reason is."""
    text = template or _ours(infraction)
    values = _values(infraction, server, role)
    longest = LONGEST_REASON
    while True:
        values["reason"] = shown(infraction.reason, longest) or NO_REASON
        told = _PLACEHOLDER.sub(lambda match: values[match[1]], text)
        if len(told) <= LONGEST or longest == 1:
            return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"
        times = max(1, text.count("{reason}"))
        longest = max(1, longest - (len(told) - LONGEST + times - 1) // times)


def _ours(infraction: Infraction) -> str:
    until = " until {until}" if infraction.expires_at is not None else ""
    why = "\nReason: {reason}" if infraction.reason else ""
    return f"{OPENINGS[infraction.kind]}{until}.{why}"


def _values(infraction: Infraction, server: str, role: str) -> dict[str, str]:
    """Return what stands for the placeholders, but for the reason."""
    ends = infraction.expires_at or infraction.counts_until
    return {
        "server": on_one_line(server, LONGEST_NAME),
        "until": NO_END if ends is None else timestamp(ends),
        "duration": NO_LENGTH if ends is None else format_duration(ends - infraction.created_at),
        "number": str(infraction.number),
        "moderator": on_one_line(infraction.moderator.name, LONGEST_NAME),
        "role": on_one_line(role, LONGEST_NAME),
    }
