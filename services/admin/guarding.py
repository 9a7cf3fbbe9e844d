"""What nobody may do through the configuration: raise themselves, or touch what is above them."""

from collections.abc import Iterable, Sequence

from services.admin.model import Author
from shared.contracts.config import ConfigDocument, PermissionEntry
from shared.contracts.invocations import CommandSpec
from shared.errors import ForbiddenError
from shared.permissions import (
    ADMINISTRATOR,
    Disabled,
    level_of,
    required_level,
    web_rank,
    web_role_of,
)


def check_change(
    author: Author,
    before: ConfigDocument,
    after: ConfigDocument,
    specs: Iterable[CommandSpec],
    operators: Sequence[int],
) -> None:
    """Raise ForbiddenError, which says why, when an author may not make this change."""
    _check_own_rise(author, before, after, operators)
    _check_entries(author, before, after, operators)
    _check_commands(author, before, after, specs, operators=operators)


def _check_own_rise(
    author: Author, before: ConfigDocument, after: ConfigDocument, operators: Sequence[int]
) -> None:
    old, new = (level_of(author.person, each, operators) for each in (before, after))
    if new > old:
        raise ForbiddenError(
            f"This would raise your own level from {old} to {new}; somebody above you must do it."
        )
    web = web_role_of(author.person, before, operators)
    new_web = web_role_of(author.person, after, operators)
    if web_rank(new_web) > web_rank(web):
        raise ForbiddenError(
            f"This would raise your own web role from {web or 'none'} to {new_web}; somebody "
            "above you must do it."
        )


def _check_entries(
    author: Author, before: ConfigDocument, after: ConfigDocument, operators: Sequence[int]
) -> None:
    level = level_of(author.person, before, operators)
    rank = web_rank(web_role_of(author.person, before, operators))
    for key in sorted(before.permissions.keys() | after.permissions.keys()):
        entries = [each.permissions.get(key, _NOTHING) for each in (before, after)]
        if entries[0] == entries[1]:
            continue
        highest = max(entry.level for entry in entries)
        if highest > level:
            raise ForbiddenError(
                f"The entry of {key} is about level {highest}, and yours is {level}: you can't "
                "change it."
            )
        if max(web_rank(entry.web) for entry in entries) > rank:
            raise ForbiddenError(
                f"The entry of {key} is about a web role above your own: you can't change it."
            )
    if before.permissions and not after.permissions and level < ADMINISTRATOR:
        raise ForbiddenError(
            "Without any entry in `permissions`, Discord's permissions decide: only level "
            f"{ADMINISTRATOR} may do that, and yours is {level}."
        )


def _check_commands(
    author: Author,
    before: ConfigDocument,
    after: ConfigDocument,
    specs: Iterable[CommandSpec],
    *,
    operators: Sequence[int],
) -> None:
    level = level_of(author.person, before, operators)
    for spec in specs:
        old, new = required_level(before, spec), required_level(after, spec)
        levels = [each for each in (old, new) if not isinstance(each, Disabled)]
        if old != new and max(levels, default=spec.level) > level:
            raise ForbiddenError(
                f"`{spec.name}` is about level {max(levels, default=spec.level)}, and yours is "
                f"{level}: you can't change who may use it."
            )


_NOTHING = PermissionEntry()
