"""The commands that all services have announced, merged: names, aliases, groups and menus."""

import difflib
from collections.abc import Iterable
from typing import Literal

import structlog
from msgspec import Struct

from shared.contracts.invocations import CommandsAnnounced, CommandSpec

MOST_WORDS = 3

log = structlog.get_logger()


class Entry(Struct, frozen=True):
    """A command and the service that owns it."""

    service: str
    spec: CommandSpec


class Meant(Struct, frozen=True, kw_only=True):
    """What a line of text means: a command (or a group, without `spec`), and what follows it."""

    command: str
    first_word: str
    rest: str
    spec: CommandSpec | None = None


class CommandBook:
    """Every command by name. A word belongs to one service: the one whose name sorts first."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._owners: dict[str, str] = {}
        self._entries: dict[str, Entry] = {}
        self._spoken: dict[str, CommandSpec] = {}
        self._groups: set[str] = set()
        self._slash_only: set[str] = set()
        self._menus: dict[tuple[str, str], CommandSpec] = {}

    def replace(self, announcements: Iterable[CommandsAnnounced]) -> None:
        """Take what every service announced instead of what was known."""
        self._clear()
        for announced in announcements:
            for spec in announced.commands:
                self._add(announced.service, spec)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every command, in the order of their names."""
        return tuple(self._entries[name] for name in sorted(self._entries))

    def named(self, name: str) -> CommandSpec | None:
        """Return the command with this full name."""
        entry = self._entries.get(name)
        return entry.spec if entry else None

    def menu(self, kind: Literal["user", "message"], name: str) -> CommandSpec | None:
        """Return the command that a context menu entry runs."""
        return self._menus.get((kind, name))

    def service_of(self, first_word: str) -> str | None:
        """Return who owns a first word."""
        return self._owners.get(first_word)

    def read(self, line: str) -> Meant | None:
        """Return what a line (without its prefix) means; None when its first word is unknown."""
        words = line.split(maxsplit=MOST_WORDS)
        spoken = [word.lower() for word in words[:MOST_WORDS]]
        for count in range(len(spoken), 0, -1):
            spec = self._spoken.get(" ".join(spoken[:count]))
            if spec is not None:
                return Meant(
                    command=spec.name,
                    first_word=spec.first_word,
                    rest=_after(line, count),
                    spec=spec,
                )
        if spoken and spoken[0] in self._groups:
            return Meant(command=spoken[0], first_word=spoken[0], rest=_after(line, 1))
        return None

    def slash_only(self, line: str) -> str | None:
        """Return the command, or the group, that a line names though it is not for messages."""
        words = line.lower().split(maxsplit=MOST_WORDS)[:MOST_WORDS]
        names = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        return next((name for name in names if name in self._slash_only), None)

    def nearest(self, word: str) -> str | None:
        """Return the first word that somebody probably meant."""
        words = {name.split(" ", 1)[0] for name in self._spoken}
        found = difflib.get_close_matches(word.lower(), sorted(words), n=1)
        return found[0] if found else None

    def _add(self, service: str, spec: CommandSpec) -> None:
        owner = self._owners.setdefault(spec.first_word, service)
        if owner != service:
            log.error("command_announced_twice", command=spec.name, by=service, owner=owner)
            return
        self._entries[spec.name] = Entry(service, spec)
        if spec.text:
            for name in (spec.name, *spec.aliases):
                self._spoken.setdefault(name, spec)
            if " " in spec.name:
                self._groups.add(spec.first_word)
        elif spec.slash:
            self._slash_only |= {spec.name, spec.first_word}
        if spec.menu is not None:
            self._menus[spec.menu, spec.menu_name] = spec


def _after(line: str, words: int) -> str:
    """Return what follows that many words, as it was written."""
    parts = line.split(maxsplit=words)
    return parts[words] if len(parts) > words else ""
