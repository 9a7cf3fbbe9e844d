"""What somebody typed or chose, turned into the arguments of a handler."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.commands.kinds import Kind, Mismatch
from shared.commands.markup import code
from shared.commands.signature import Parameter
from shared.contracts.discord import Attachment
from shared.contracts.invocations import OptionType, OptionValue

Arguments = dict[str, object]

_WORD: Final = re.compile(r'"([^"]*)"(?!\S)|“([^”]*)”(?!\S)|(\S+)')
_ID_DIGITS: Final = 19
_IDS: Final = (OptionType.USER, OptionType.ROLE, OptionType.CHANNEL, OptionType.MENTIONABLE)


class ArgumentsError(Exception):
    """What was given does not fit the options; the message says which, and what was expected."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line, or several in quotes, and where it begins."""

    text: str
    start: int


def words_of(line: str) -> list[Word]:
    """Split a line into words; `"several words"` in quotes are one."""
    return [
        Word(next(group for group in match.groups() if group is not None), match.start())
        for match in _WORD.finditer(line)
    ]


def read_text(
    parameters: Sequence[Parameter], line: str, attachments: Sequence[Attachment] = ()
) -> Arguments:
    """Read the arguments of a text command from what follows its name.

    An optional argument that a word does not look like is left out, and the word given to the
    next one. `name:word` gives an optional argument by its name, before the rest of the line; to
    one that is `by_name` nothing else does.
    Raises ArgumentsError.
    """
    words = words_of(line)
    files = list(attachments)
    found: Arguments = {}
    skipped: Mismatch | None = None
    at = 0
    for each in parameters:
        at = _read_named(parameters, words, at, found)
        if each.name in found or each.by_name:
            continue
        if each.kind.type is OptionType.ATTACHMENT:
            found[each.name] = _next_file(each, files)
        elif at == len(words):
            found[each.name] = _absent(each)
        elif each.kind.rest:
            found[each.name] = _read(each, line[words[at].start :].strip())
            at = len(words)
        elif each.kind.many:
            found[each.name], at = _read_many(each, words, at)
        else:
            try:
                found[each.name] = each.kind.read(words[at].text)
                at += 1
            except Mismatch as mismatch:
                if each.required or mismatch.meant:
                    raise _wrong(each, mismatch) from None
                skipped = skipped or mismatch
    at = _read_named(parameters, words, at, found)
    if at < len(words):
        raise _left_over(words[at], skipped)
    return {each.name: found.get(each.name, each.default) for each in parameters}


def _read_named(
    parameters: Sequence[Parameter], words: Sequence[Word], at: int, found: Arguments
) -> int:
    """Read the next words that name the optional argument they are for, and skip them."""
    while at < len(words):
        name, _, value = words[at].text.partition(":")
        named = (each for each in parameters if each.option.name == name.lower())
        each = next(named, None)
        if not value or each is None or each.required or each.kind.rest or each.name in found:
            break
        found[each.name] = _read(each, value)
        at += 1
    return at


def _read_many(parameter: Parameter, words: Sequence[Word], at: int) -> tuple[object, int]:
    """Read every next word that is of a kind, at least one, and say where the others begin."""
    end = at
    while end < len(words):
        try:
            parameter.kind.read(words[end].text)
        except Mismatch as mismatch:
            if end == at or mismatch.meant:
                raise _wrong(parameter, mismatch) from None
            break
        end += 1
    return _read(parameter, " ".join(word.text for word in words[at:end])), end


def read_values(
    parameters: Sequence[Parameter],
    values: Mapping[str, OptionValue],
    attachments: Mapping[int, Attachment],
) -> Arguments:
    """Read the arguments of a slash command from Discord's values by option name.

    Raises ArgumentsError.
    """
    found: Arguments = {}
    for each in parameters:
        value = values.get(each.option.name)
        if value is None or (value == "" and not each.required):
            found[each.name] = _absent(each)
        elif each.kind.type is OptionType.ATTACHMENT:
            found[each.name] = attachments[int(value)]
        elif each.kind.type in _IDS and _is_id(str(value)):
            found[each.name] = int(value)
        else:
            found[each.name] = _read(each, str(value).strip())
    return found


def read_words(parameters: Sequence[Parameter], words: Sequence[str]) -> Arguments:
    """Read the arguments that a component's `custom_id` carries, one word for each.

    Raises ArgumentsError.
    """
    if len(words) > len(parameters):
        raise ArgumentsError("This button is of an older version: run the command again.")
    given: dict[str, OptionValue] = {
        each.option.name: word for each, word in zip(parameters, words, strict=False)
    }
    return read_values(parameters, given, {})


def _is_id(text: str) -> bool:
    """Whether a text is an id that Discord can have given out: 63 bits, in digits."""
    return text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS and int(text) < 2**63


def _read(parameter: Parameter, text: str) -> object:
    try:
        return parameter.kind.read(text)
    except Mismatch as mismatch:
        raise _wrong(parameter, mismatch) from None


def _absent(parameter: Parameter) -> object:
    if parameter.required:
        raise ArgumentsError(
            f"`{parameter.option.name}` is missing: expected {_of(parameter.kind)}."
        )
    return parameter.default


def _next_file(parameter: Parameter, files: list[Attachment]) -> object:
    return files.pop(0) if files else _absent(parameter)


def _of(kind: Kind) -> str:
    return kind.expected


def _wrong(parameter: Parameter, mismatch: Mismatch) -> ArgumentsError:
    return ArgumentsError(f"`{parameter.option.name}`: {mismatch}")


def _left_over(word: Word, skipped: Mismatch | None) -> ArgumentsError:
    if skipped is not None:
        return ArgumentsError(str(skipped))
    return ArgumentsError(
        f"{code(word.text)} is too much: nothing more was expected there. "
        'Put several words that belong together in "quotes".'
    )
