"""What is read from a file: infractions ready to be recorded, and the rows that can't be."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar, cast

import msgspec
from msgspec import Struct, field

from services.infractions.model import Infraction, Step
from shared.errors import UserError

T = TypeVar("T")

LARGEST_ID: Final = 2**63 - 1


class Brought(Struct, kw_only=True, frozen=True):
    """An infraction from a file; its number is what it had, and may be taken here.

    `line` is the line, or the place in the list, that it stood in.
    """

    line: int
    source_key: str
    infraction: Infraction
    history: tuple[Step, ...] = ()


class Mistake(Struct, frozen=True):
    """A row that can't be recorded, and why."""

    line: int
    reason: str


class Reading(Struct):
    """Everything that a file holds."""

    brought: list[Brought] = field(default_factory=list[Brought])
    mistakes: list[Mistake] = field(default_factory=list[Mistake])

    def take(self, line: int, make: Callable[[], Brought]) -> None:
        """Take a row, or note why it can't be."""
        try:
            self._check(made := make())
        except ValueError as error:
            self.mistakes.append(Mistake(line, str(error)))
        else:
            self.brought.append(made)

    def _check(self, made: Brought) -> None:
        one = made.infraction
        ids = (one.user_id, one.moderator_id, one.channel_id, one.message_id, one.role_id)
        if any(each is not None and not 0 <= each <= LARGEST_ID for each in ids):
            raise ValueError("an id is between 0 and 2^63 - 1")
        if not one.user_id:
            raise ValueError("the member's id is missing")


def rows_of(data: bytes, inside: str = "") -> Iterator[tuple[int, object]]:
    """Give the rows of a file with their places: a JSON list, an object in each line, or CSV.

    A JSON object may hold the list as `inside`. Raises UserError.
    """
    text = _text(data).lstrip("\ufeff \t\r\n")
    if not text:
        raise UserError("This file is empty.")
    if text[0] == "[" or (inside and text[0] == "{" and _object(text, inside)):
        yield from enumerate(_list(text, inside), start=1)
    elif text[0] == "{":
        yield from _lines(text)
    else:
        yield from _table(text)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UserError("This file is not text in UTF-8.") from None


def _object(text: str, inside: str) -> bool:
    return f'"{inside}"' in text[:1000]


def _list(text: str, inside: str) -> list[object]:
    try:
        found: object = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UserError(f"This is not JSON: {error}.") from None
    if isinstance(found, dict):
        found = cast("dict[str, object]", found).get(inside)
    if not isinstance(found, list):
        raise UserError(f"This file holds no list{f' of {inside}' if inside else ''}.")
    return cast("list[object]", found)


def _lines(text: str) -> Iterator[tuple[int, object]]:
    # By line feeds alone: JSON may hold what else counts as the end of a line.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            yield number, ValueError(f"this is not JSON: {error}")


def _table(text: str) -> Iterator[tuple[int, object]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            yield reader.line_num, {name: value for name, value in row.items() if value}
    except csv.Error as error:
        raise UserError(f"This is not CSV: {error}.") from None


def shaped(row: object, type_: type[T]) -> T:
    """Return a row as a Struct; numbers and ids may be text. Raises ValueError."""
    if isinstance(row, ValueError):
        raise row
    # Without what Postgres keeps in no text.
    cleaned = msgspec.json.decode(msgspec.json.encode(row).replace(b"\\u0000", b""))
    return msgspec.convert(cleaned, type_, strict=False)


def moment(said: str | None) -> datetime | None:
    """Read a time; one without a zone is UTC. Raises ValueError."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError:
        raise ValueError(f"{said!r} is no time such as 2024-05-01 12:30:00") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def created(said: str | None) -> datetime:
    """Read when something happened, which has to be said. Raises ValueError."""
    at = moment(said)
    if at is None:
        raise ValueError("`created_at` is missing")
    return at


def one_of(known: Mapping[object, T], value: object) -> T:
    """Return what a number or a word stands for. Raises ValueError."""
    key = int(value) if isinstance(value, str) and value.isdecimal() else value
    found = known.get(key.lower() if isinstance(key, str) else key)
    if found is None:
        raise ValueError(f"there is no type {value!r}")
    return found
