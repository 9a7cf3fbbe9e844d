"""A filter as conditions of SQL: only for what is given, every value a parameter."""

from collections.abc import Sequence
from typing import Final

from services.infractions.model import Filter
from services.infractions.queries.terms import read_terms

SEARCHED: Final = "lower(reason || E'\\n' || user_name || E'\\n' || moderator_name)"
"""What text is looked for in; written as in the index `infractions_text`."""

PART: Final = 1 << 13
"""Numbers of a guild that the indexes keep together, as in the migration."""


class Conditions:
    """Conditions that grow together with the values of their parameters."""

    def __init__(self, *first: str) -> None:
        self._conditions = list(first)
        self.values: list[object] = []

    def bind(self, value: object) -> str:
        """Take a value, and return what stands for it."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str, value: object) -> None:
        """Add a condition in which `?` stands for a value."""
        self._conditions.append(condition.replace("?", self.bind(value)))

    def always(self, condition: str) -> None:
        """Add a condition without a value."""
        self._conditions.append(condition)

    def __str__(self) -> str:
        return " AND ".join(self._conditions)


def add_ids(to: Conditions, matching: Filter, *, names: Sequence[str]) -> None:
    """Ask that the named columns are what the filter says, where it says something."""
    for name in names:
        value: object = getattr(matching, name)
        if value is not None:
            to.add(f"{name} = ?", value)


def add_times(to: Conditions, matching: Filter) -> None:
    """Ask for the time."""
    if matching.since is not None:
        to.add("created_at >= ?", matching.since)
    if matching.until is not None:
        to.add("created_at < ?", matching.until)


def add_hidden(to: Conditions, matching: Filter) -> None:
    """Ask for what was hidden, or for the rest."""
    to.always("hidden_at IS NOT NULL" if matching.hidden else "hidden_at IS NULL")


def add_text(to: Conditions, matching: Filter) -> None:
    """Ask for every part and word of the text, and for none that is not wanted."""
    terms = read_terms(matching.text)
    for part in terms.parts:
        to.add(f"{SEARCHED} LIKE lower(?::text)", part)
    for word in terms.words:
        query = "websearch_to_tsquery('simple', lower(?::text))"
        to.add(f"to_tsvector('simple', {SEARCHED}) @@ {query}", word)
    for part in terms.without:
        to.add(f"{SEARCHED} NOT LIKE lower(?::text)", part)


def add_all(to: Conditions, matching: Filter) -> None:
    """Ask for everything that the filter says."""
    names = ("user_id", "moderator_id", "kind", "state", "role_id", "source")
    add_ids(to, matching, names=names)
    add_times(to, matching)
    add_hidden(to, matching)
    add_text(to, matching)
