"""The commands of one service, declared once: for slash, text, menus, buttons, forms and help."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Concatenate, Final, Generic, Literal, ParamSpec, TypeVar

import msgspec

from shared.commands.kinds import MESSAGE, USER
from shared.commands.reply import Answer
from shared.commands.signature import (
    DeclarationError,
    Parameter,
    description_of,
    parameters_of,
)
from shared.contracts.invocations import Choice, CommandSpec, Invocation

D = TypeVar("D")
P = ParamSpec("P")
R = TypeVar("R", bound=Answer)
A = TypeVar("A", bound=Answer)

CommandHandler = Callable[Concatenate[D, Invocation, P], Awaitable[R]]
ComponentHandler = Callable[Concatenate[D, Invocation, P], Awaitable[A]]
CompletionHandler = Callable[[D, Invocation, str], Awaitable[Sequence[Choice]]]

LONGEST_CUSTOM_ID: Final = 100
MENU_FORM: Final = "menu"
"""The name in the `custom_id` of the form that asks for what a context menu can't give."""

_MOST_WORDS: Final = 3
_MOST_IN_GROUP: Final = 25
_LONGEST_MENU_NAME: Final = 32
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[D]):
    """A declared command: what is announced of it, and the function that runs it."""

    spec: CommandSpec
    parameters: tuple[Parameter, ...]
    run: Callable[..., Awaitable[Answer]]
    menu_form: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Generic[D]):
    """A declared handler of a component or a form; `spec` decides who may use it."""

    spec: CommandSpec
    parameters: tuple[Parameter, ...]
    run: Callable[..., Awaitable[Answer]]


class Registry(Generic[D]):
    """The commands of a service; decorators only register, nothing is opened.

    `plugin` is the name by which a guild's configuration selects them; the service's by default.
    """

    def __init__(self, service: str, *, plugin: str | None = None) -> None:
        self.service = service
        self.plugin = plugin or service
        self.by_name: dict[str, Command[D]] = {}
        self.names: dict[str, str] = {}
        self.components: dict[str, Component[D]] = {}
        self.completions: dict[tuple[str, str], CompletionHandler[D]] = {}

    def command(
        self,
        name: str,
        *,
        level: int = 0,
        ephemeral: bool = False,
        aliases: tuple[str, ...] = (),
        text: bool = True,
        slash: bool = True,
        guild_only: bool = True,
        menu: Literal["user", "message"] | None = None,
        menu_name: str = "",
        menu_form: bool = False,
    ) -> Callable[[CommandHandler[D, P, R]], CommandHandler[D, P, R]]:
        """Declare a command of one to three words: the signature is its option list.

        The docstring's first line is its description. `menu` also makes it an entry of the
        context menu of members or messages, which fill its first option; what else is required is
        asked for with a form, and what is optional too with `menu_form`. `text` or `slash` turns
        one form of it off. Raises DeclarationError.
        """

        def register(handler: CommandHandler[D, P, R]) -> CommandHandler[D, P, R]:
            parameters = parameters_of(handler)
            spec = CommandSpec(
                name=name,
                description=description_of(handler),
                plugin=self.plugin,
                level=level,
                options=tuple(each.option for each in parameters),
                aliases=aliases,
                ephemeral=ephemeral,
                text=text,
                slash=slash,
                guild_only=guild_only,
                menu=menu,
                menu_name=(menu_name or name.capitalize()) if menu else "",
            )
            self._add(Command(spec=spec, parameters=parameters, run=handler, menu_form=menu_form))
            return handler

        return register

    def component(
        self, name: str, *, level: int = 0, of: str | None = None
    ) -> Callable[[ComponentHandler[D, P, A]], ComponentHandler[D, P, A]]:
        """Declare what a button, a menu or a form with this name does; see `custom_id`.

        The options after `deps, by` are what the `custom_id` carries, in order, and, by their
        name, the inputs of a form. `of` names the command whose level it needs. Chosen values of
        a select menu are in `by.values`. Raises DeclarationError.
        """

        def register(handler: ComponentHandler[D, P, A]) -> ComponentHandler[D, P, A]:
            if name in self.components or name == MENU_FORM or not _WORD.fullmatch(name):
                raise DeclarationError(
                    f"The component {name!r} of {self.service} is declared twice, or its name is "
                    f"not 1 to 32 of a-z, 0-9, _ and -, or it is {MENU_FORM!r}: choose another."
                )
            self.components[name] = Component(
                spec=self._spec_of_component(name, level, of),
                parameters=parameters_of(handler),
                run=handler,
            )
            return handler

        return register

    def autocomplete(
        self, command: str, option: str
    ) -> Callable[[CompletionHandler[D]], CompletionHandler[D]]:
        """Declare what to offer to somebody who types an option: `(deps, by, typed) -> choices`.

        Raises DeclarationError when there is no such option (declare the command first).
        """

        def register(handler: CompletionHandler[D]) -> CompletionHandler[D]:
            self._mark_autocomplete(command, option)
            self.completions[command, option] = handler
            return handler

        return register

    def specs(self) -> tuple[CommandSpec, ...]:
        """Return all commands as they are announced."""
        return tuple(command.spec for command in self.by_name.values())

    def first_words(self) -> tuple[str, ...]:
        """Return the words that invocations of these commands are routed by."""
        return tuple(sorted({name.split(" ", 1)[0] for name in self.names}))

    def custom_id(self, component: str, *arguments: object) -> str:
        """Return the `custom_id` that calls a component's handler with these arguments.

        Raises ValueError when it has over 100 characters, or there is no such component.
        """
        if component not in self.components and component != MENU_FORM:
            raise ValueError(f"{self.service} has no component {component!r}: declare it first.")
        words = (_protect(str(argument)) for argument in arguments)
        custom_id = ":".join([self.service, component, *words])
        if len(custom_id) > LONGEST_CUSTOM_ID:
            raise ValueError(f"{custom_id!r} has over {LONGEST_CUSTOM_ID} characters.")
        return custom_id

    def _add(self, command: Command[D]) -> None:
        spec = command.spec
        for name in (spec.name, *spec.aliases):
            self._check_name(name)
            self.names[name] = spec.name
        self._check_menu(command)
        self.by_name[spec.name] = command

    def _check_name(self, name: str) -> None:
        words = name.split(" ")
        if len(words) > _MOST_WORDS or not all(_WORD.fullmatch(word) for word in words):
            raise DeclarationError(
                f"The command name {name!r} must be one to three words, each 1 to 32 of a-z, 0-9, "
                "_ and -."
            )
        if name in self.names:
            raise DeclarationError(
                f"The command name {name!r} is taken by {self.names[name]!r}: choose another."
            )
        for other in self.names:
            if other.startswith(f"{name} ") or name.startswith(f"{other} "):
                raise DeclarationError(
                    f"{name!r} and {other!r}: a group of commands can't be a command itself; give "
                    "it a further word."
                )
        self._check_group(words)

    def _check_group(self, words: list[str]) -> None:
        group = " ".join(words[:-1])
        inside = {name for name in self.names if name.rpartition(" ")[0] == group}
        if group and len(inside) >= _MOST_IN_GROUP:
            raise DeclarationError(f"The group {group!r} has over {_MOST_IN_GROUP} commands.")

    def _check_menu(self, command: Command[D]) -> None:
        spec, parameters = command.spec, command.parameters
        if spec.menu is None:
            return
        wanted = USER if spec.menu == "user" else MESSAGE
        if not parameters or parameters[0].kind is not wanted:
            type_ = "UserId" if spec.menu == "user" else "MessageId"
            raise DeclarationError(
                f"{spec.name!r} is in the menu of a {spec.menu}: make its first option a {type_}."
            )
        if len(spec.menu_name) > _LONGEST_MENU_NAME:
            raise DeclarationError(f"The menu name of {spec.name!r} has over 32 characters.")

    def _spec_of_component(self, name: str, level: int, of: str | None) -> CommandSpec:
        if of is None:
            return CommandSpec(name=name, description=name, plugin=self.plugin, level=level)
        if of not in self.by_name:
            raise DeclarationError(f"The component {name!r} is of {of!r}: declare that first.")
        return self.by_name[of].spec

    def _mark_autocomplete(self, name: str, option: str) -> None:
        command = self.by_name.get(name)
        if command is None or option not in {each.name for each in command.spec.options}:
            raise DeclarationError(
                f"There is no option {option!r} of a command {name!r} to complete: declare the "
                "command first."
            )
        options = tuple(
            msgspec.structs.replace(each, autocomplete=True) if each.name == option else each
            for each in command.spec.options
        )
        spec = msgspec.structs.replace(command.spec, options=options)
        self.by_name[name] = replace(command, spec=spec)


def _protect(argument: str) -> str:
    return argument.replace("%", "%25").replace(":", "%3A")


def arguments_of(custom_id: str) -> tuple[str, list[str]]:
    """Return the component's name ("" where there is none) and the arguments of a `custom_id`."""
    _, name, *words = custom_id.split(":") if ":" in custom_id else (custom_id, "")
    return name, [word.replace("%3A", ":").replace("%25", "%") for word in words]
