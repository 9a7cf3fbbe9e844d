"""What values of a configuration must be beyond their type, so that they can work."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Final, cast
from zoneinfo import available_timezones

from msgspec import Struct

from shared.commands.durations import parse_duration
from shared.contracts.config import (
    CommandOverride,
    CommandSelector,
    CorePlugin,
    EscalationRule,
    InfractionsPlugin,
    PermissionEntry,
    StatsPlugin,
    Templates,
)
from shared.permissions import OWNER

Check = Callable[[object], str | None]
"""Returns what was expected of the value instead, or None when it is fine."""

LONGEST_NICKNAME: Final = 32
"""Discord's limit."""

LONGEST_PREFIX: Final = 10
LONGEST_NAME: Final = 100
LARGEST_ID: Final = 2**63 - 1
LONGEST_TEMPLATE: Final = 1500
MOST_RULES: Final = 20
MOST_POINTS: Final = 1000
MOST_EVIDENCE: Final = 50
LONGEST_SHOWN_ACK: Final = 3600
"""Seconds after which an acknowledgement can be deleted at the latest."""

PLACEHOLDERS: Final = ("server", "reason", "until", "duration", "number", "moderator", "role")
"""What a template for a direct message may hold, in braces."""


def _level(value: object) -> str | None:
    fine = value is None or (isinstance(value, int) and 0 <= value <= OWNER)
    return None if fine else f"a level from 0 to {OWNER}"


def _nickname(value: object) -> str | None:
    fine = value is None or (isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_NICKNAME)
    return None if fine else f"1 to {LONGEST_NICKNAME} characters"


def _prefix(value: object) -> str | None:
    fine = isinstance(value, str) and 0 < len(value) <= LONGEST_PREFIX and not _has_space(value)
    return None if fine else f"1 to {LONGEST_PREFIX} characters without spaces"


def _has_space(value: str) -> bool:
    return any(character.isspace() for character in value)


def _timezone(value: object) -> str | None:
    return None if value in _timezones() else "a time zone such as UTC or Europe/Berlin"


def _name(value: object) -> str | None:
    fine = value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST_NAME)
    return None if fine else f"a name of 1 to {LONGEST_NAME} characters"


def _duration(value: object) -> str | None:
    try:
        fine = value is None or parse_duration(str(value)) > timedelta()
    except ValueError:
        fine = False
    return None if fine else "a length of time such as 12h, 7d or 1w2d"


def _between(least: int, most: int, what: str) -> Check:
    """Return the check of a number that has limits."""

    def check(value: object) -> str | None:
        fine = isinstance(value, int) and least <= value <= most
        return None if fine else f"{what} from {least} to {most}"

    return check


def _id(value: object) -> str | None:
    fine = value is None or (isinstance(value, int) and 0 < value <= LARGEST_ID)
    return None if fine else "an id"


def _rules(value: object) -> str | None:
    fine = isinstance(value, tuple) and len(cast("tuple[object, ...]", value)) <= MOST_RULES
    return None if fine else f"{MOST_RULES} rules at most"


def _template(value: object) -> str | None:
    """Accept a text whose braces are all placeholders that exist."""
    if value is None:
        return None
    text = str(value)
    if not 0 < len(text) <= LONGEST_TEMPLATE:
        return f"1 to {LONGEST_TEMPLATE} characters"
    left = text
    for name in PLACEHOLDERS:
        left = left.replace("{" + name + "}", "")
    if "{" in left or "}" in left:
        return "only the placeholders " + ", ".join("{" + name + "}" for name in PLACEHOLDERS)
    return None


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones()) | {"UTC"}


CHECKS: Final[Mapping[tuple[type[Struct], str], Check]] = {
    (PermissionEntry, "level"): _level,
    (CommandOverride, "level"): _level,
    (CommandSelector, "plugin"): _name,
    (CommandSelector, "group"): _name,
    (CommandSelector, "command"): _name,
    (CorePlugin, "nickname"): _nickname,
    (CorePlugin, "prefix"): _prefix,
    (StatsPlugin, "timezone"): _timezone,
    (InfractionsPlugin, "ack_actions_delete_after"): _between(0, LONGEST_SHOWN_ACK, "seconds"),
    (InfractionsPlugin, "reason_edit_level"): _level,
    (InfractionsPlugin, "mute_role"): _id,
    (InfractionsPlugin, "modlog_channel"): _id,
    (InfractionsPlugin, "escalation"): _rules,
    (InfractionsPlugin, "warning_expiry"): _duration,
    (InfractionsPlugin, "evidence_messages"): _between(0, MOST_EVIDENCE, "a number"),
    (InfractionsPlugin, "evidence_retention"): _duration,
    (EscalationRule, "points"): _between(1, MOST_POINTS, "a number"),
    (EscalationRule, "within"): _duration,
    (EscalationRule, "duration"): _duration,
    **{(Templates, field): _template for field in Templates.__struct_fields__},
}
"""By Struct and field."""


def expected_of(type_: type[Struct], field: str, value: object) -> str | None:
    """Return what was expected of a field's value instead, or None when it is fine."""
    check = CHECKS.get((type_, field))
    return None if check is None else check(value)


def expected_of_whole(value: Struct) -> str | None:
    """Return what was expected of several fields together, or None when they are fine."""
    if isinstance(value, CommandSelector):
        given = [each for each in (value.plugin, value.group, value.command) if each is not None]
        if len(given) != 1:
            return "exactly one of plugin.name, command.group and command"
    return None
