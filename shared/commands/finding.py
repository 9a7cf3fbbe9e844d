"""Which command somebody meant, and what there is when it is none."""

from typing import TypeVar

from shared.commands.markup import code
from shared.commands.registry import Command, Registry
from shared.commands.usage import nearest, unknown_subcommand
from shared.contracts.invocations import Invocation
from shared.errors import NotFoundError

D = TypeVar("D")


def find_command(commands: Registry[D], by: Invocation) -> tuple[Command[D], str]:
    """Return the command that was meant, and what followed its name.

    Raises NotFoundError, which lists what there is.
    """
    line = f"{by.command} {by.text}".lstrip() if by.source == "text" else by.command
    rest, name = line, ""
    while rest.strip():
        word, rest = _cut(rest)
        name = f"{name} {word.lower()}".lstrip()
        if name in commands.names:
            return commands.by_name[commands.names[name]], rest
        if not any(known.startswith(f"{name} ") for known in commands.names):
            break
    raise NotFoundError(_unknown(commands, name, by.prefix))


def _cut(line: str) -> tuple[str, str]:
    """Split off the first word, at whatever space follows it."""
    word, *rest = line.split(maxsplit=1)
    return word, rest[0] if rest else ""


def _unknown(commands: Registry[D], name: str, prefix: str) -> str:
    group, _, word = name.rpartition(" ")
    names = [known for known in commands.by_name if known.startswith(f"{group} ")]
    if group and names:
        return unknown_subcommand(group, word, names, prefix)
    inside = [known for known in commands.by_name if known.startswith(f"{name} ")]
    if inside:
        return unknown_subcommand(name, "", inside, prefix)
    meant = nearest(name, commands.first_words())
    guess = f" Did you mean `{prefix}{meant}`?" if meant else ""
    return f"There is no command {code(name)}.{guess}"
