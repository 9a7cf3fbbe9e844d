"""What is typed to find a text: words, parts of words, "phrases", and -what must not be there."""

import re
from typing import Final

from msgspec import Struct

SHORTEST_PART: Final = 3
"""Characters that the index of parts of words needs; what is shorter has to be a whole word."""

_TERM: Final = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')


class Terms(Struct, frozen=True):
    """`parts` (patterns of LIKE) and whole `words` that are there, and `without` that are not."""

    parts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def read_terms(text: str) -> Terms:
    """Take a search apart; nothing in it is an instruction to Postgres."""
    parts: list[str] = []
    words: list[str] = []
    without: list[str] = []
    for found in _TERM.finditer(text.replace("\0", "")):
        said = (found[2] if found[4] is None else found[4]).strip()
        if not said:
            continue
        if found[1] or found[3]:
            without.append(_pattern(said))
        elif sum(each.isalnum() for each in said) < SHORTEST_PART and said.isalnum():
            words.append(said)
        else:
            parts.append(_pattern(said))
    return Terms(tuple(parts), tuple(words), tuple(without))


def _pattern(said: str) -> str:
    escaped = said.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
