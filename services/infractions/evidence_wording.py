"""Evidence in words."""

from collections.abc import Sequence
from typing import Final

from services.infractions.evidence_model import Evidence, EvidenceKind, EvidenceState
from services.infractions.wording import LONGEST_NAME, on_one_line
from shared.commands import timestamp

LONGEST: Final = 3900
"""Characters of a list, below the 4096 of an embed."""

LONGEST_LINE: Final = 300


def evidence_list(pieces: Sequence[Evidence]) -> str:
    """List pieces of evidence, as many as fit, the newest first."""
    lines: list[str] = []
    for piece in reversed(pieces):
        line = _line(piece)
        if sum(len(each) + 1 for each in (*lines, line)) > LONGEST:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


def added(pieces: Sequence[Evidence], number: int) -> str:
    """Say what was added."""
    if not pieces:
        return f"Infraction #{number} has that already."
    named = ", ".join(f"{each.kind.value} {each.id}" for each in pieces)
    later = " Files are being fetched." if any(_is_wanted(each) for each in pieces) else ""
    return f"Kept with infraction #{number}: {named}.{later}"


def _is_wanted(piece: Evidence) -> bool:
    return piece.state is EvidenceState.WANTED


def _line(piece: Evidence) -> str:
    until = f", until {timestamp(piece.expires_at, 'd')}" if piece.expires_at else ""
    by = on_one_line(piece.added_by_name, LONGEST_NAME)
    head = f"**{piece.id}** {_what(piece)} · {_standing(piece)} · by {by}"
    where = f" · [where it was]({piece.link})" if piece.link else ""
    digest = f"\n> SHA-256 `{piece.sha256}`" if piece.sha256 else ""
    return f"{head} {timestamp(piece.added_at)}{until}{where}{digest}"


def _what(piece: Evidence) -> str:
    if piece.kind is EvidenceKind.FILE:
        return f"file {on_one_line(piece.name, LONGEST_NAME)} ({piece.size} bytes)"
    author = on_one_line(piece.author_name, LONGEST_NAME)
    return f"message of {author}: {on_one_line(piece.content, LONGEST_LINE)}"


def _standing(piece: Evidence) -> str:
    why = f": {on_one_line(piece.failure, LONGEST_LINE)}" if piece.failure else ""
    return f"{piece.state.value}{why}"
