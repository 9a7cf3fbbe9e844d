"""What values of a configuration must be beyond their type, so that they can work."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from msgspec import Struct

from shared.contracts.config import (
    CommandOverride,
    CommandSelector,
    CorePlugin,
    PermissionEntry,
    StatsPlugin,
)
from shared.permissions import OWNER

Check = Callable[[object], str | None]
"""Returns what was expected of the value instead, or None when it is fine."""

LONGEST_NICKNAME: Final = 32
"""Discord's limit."""

LONGEST_PREFIX: Final = 10
LONGEST_NAME: Final = 100
LARGEST_ID: Final = 2**63 - 1


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
