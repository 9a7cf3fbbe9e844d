"""Where the commands of admin are declared, and what several of them need."""

from typing import Final

from services.admin.deps import Deps
from services.admin.model import Author
from shared.commands import Commands
from shared.contracts.invocations import Invocation
from shared.permissions import person_of

commands: Final[Commands[Deps]] = Commands("admin", plugin="core")


def author_of(by: Invocation) -> Author:
    """Return who ran a command, as the author of a change."""
    return Author(person=person_of(by), name=by.user.name)


def prefix_of(by: Invocation) -> str:
    """Return what is written before a command's name, where this one was run."""
    return by.prefix if by.source == "text" else "/"
