"""Running commands: an invocation from the bus, checked, converted, run and answered."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar
from uuid import uuid4

import msgspec
import structlog
from prometheus_client import CollectorRegistry

from shared.bus import Bus, Consumption, Delivery, QueueSpec
from shared.commands.finding import find_command
from shared.commands.fitting import fitted_choices
from shared.commands.metrics import CommandMetrics
from shared.commands.reading import (
    Arguments,
    ArgumentsError,
    read_text,
    read_values,
    read_words,
)
from shared.commands.registry import MENU_FORM, Command, Registry, arguments_of
from shared.commands.reply import Modal, Reply, to_action
from shared.commands.signature import Parameter
from shared.commands.usage import usage
from shared.contracts.actions import Action, ActionRequest, Autocomplete, TextInput
from shared.contracts.codec import decode
from shared.contracts.config import ConfigDocument
from shared.contracts.ids import GuildId
from shared.contracts.invocations import (
    CommandsAnnounced,
    CommandSpec,
    CommandsWanted,
    Invocation,
    OptionValue,
    reply_key,
)
from shared.contracts.topology import (
    DISCORD_COMMANDS,
    FLOTILLA_EVENTS,
    GATEWAY_ACTIONS,
    INTERACTIVE,
    autocomplete_key,
    component_key,
)
from shared.errors import Poison, Retry, UserError
from shared.logging import bound
from shared.permissions import check_command
from shared.postgres import is_unavailable

D = TypeVar("D")

PATIENCE: Final = timedelta(minutes=1)
"""How long after a command it is tried again while something is away; then the user is told."""

_OUTDATED: Final = "This is of an older version of the bot: run the command again."
_OF_FORM: Final = 2
"""Words that the form of a menu carries: the command and what was clicked."""

_MOST_INPUTS: Final = 5
_LONG_TEXT: Final = 2

log = structlog.get_logger()


class Configs(Protocol):
    """Where the configurations of guilds are, such as a ConfigStore."""

    def get(self, guild_id: GuildId) -> ConfigDocument:
        """Return a guild's configuration, the default one where there is none."""
        ...


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Commands(Registry[D]):
    """The commands of a service: declare them, then start to answer."""

    async def start(
        self,
        bus: Bus,
        deps: D,
        *,
        configs: Configs,
        operators: Sequence[int] = (),
        registry: CollectorRegistry | None = None,
        clock: Callable[[], datetime] = now,
    ) -> Consumption:
        """Answer invocations from the queue `<service>.commands`, and announce the commands.

        They are announced again whenever the gateway asks for it. `registry` is where they are
        counted. Drain the consumption to stop.
        """
        runner = Runner(
            self,
            bus,
            deps,
            configs,
            operators=operators,
            metrics=CommandMetrics(registry),
            clock=clock,
        )
        consumption = await bus.consume(self.queue(), runner.handle)
        await runner.announce()
        return consumption

    def queue(self) -> QueueSpec:
        """Return the queue of this service's invocations, with what is routed to it."""
        words = self.first_words()
        return QueueSpec(
            name=f"{self.service}.commands",
            bindings=(
                *((DISCORD_COMMANDS, word) for word in words),
                *((DISCORD_COMMANDS, autocomplete_key(word)) for word in words),
                (DISCORD_COMMANDS, component_key(self.service)),
                (FLOTILLA_EVENTS, CommandsWanted.KEY),
            ),
        )


class Runner(Generic[D]):
    """Runs the commands of one service."""

    def __init__(
        self,
        commands: Registry[D],
        bus: Bus,
        deps: D,
        configs: Configs,
        *,
        operators: Sequence[int],
        metrics: CommandMetrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._commands = commands
        self._bus = bus
        self._deps = deps
        self._configs = configs
        self._operators = operators
        self._metrics = metrics
        self._clock = clock

    async def announce(self) -> None:
        """Tell the gateway, and who else wants to know, which commands there are."""
        await self._bus.publish(
            FLOTILLA_EVENTS,
            CommandsAnnounced.KEY,
            CommandsAnnounced(service=self._commands.service, commands=self._commands.specs()),
            message_id=uuid4().hex,
            type=CommandsAnnounced.KEY,
        )

    async def handle(self, delivery: Delivery) -> None:
        """Run what arrived, and send the answer; raises when it is to be tried again."""
        if delivery.routing_key == CommandsWanted.KEY:
            await self.announce()
            return
        try:
            by = decode(delivery.body, Invocation)
        except msgspec.MsgspecError as error:
            raise Poison(str(error)) from error
        with bound(invocation_id=by.id, command=by.command):
            await self._handle(by)

    async def _handle(self, by: Invocation) -> None:
        if by.deadline <= self._clock():
            log.warning("invocation_expired", deadline=by.deadline.isoformat())
            self._count(by, "expired")
            return
        action, outcome = await self._action(by)
        if action is None:
            self._count(by, outcome)
            return
        name = str(action.__struct_config__.tag)
        await self._bus.publish(
            GATEWAY_ACTIONS,
            INTERACTIVE,
            ActionRequest(action=action, deadline=by.deadline, key=reply_key(by.id)),
            message_id=reply_key(by.id),
            guild_id=by.guild_id,
            type=name,
            mandatory=True,
        )
        self._count(by, outcome)
        log.info("command_answered", action=name, source=by.source, outcome=outcome)

    def _count(self, by: Invocation, outcome: str) -> None:
        known = by.command if by.command in self._commands.by_name else ""
        self._metrics.answered.labels(known, by.source, outcome).inc()
        took = (self._clock() - by.received_at).total_seconds()
        self._metrics.seconds.labels(known).observe(max(0.0, took))

    async def _action(self, by: Invocation) -> tuple[Action | None, str]:
        """Run it, and say how it went; every error that is not to be tried again is an answer."""
        try:
            return await self._run(by), "done"
        except Retry:
            raise
        except Exception as error:
            if is_unavailable(error):
                if self._clock() < by.received_at + PATIENCE:
                    raise
                log.warning("command_given_up", error=repr(error))
                return _refusal(by, _away(error)), "unavailable"
            if isinstance(error, UserError):
                return _refusal(by, error.message), "refused"
            case = secrets.token_hex(4).upper()
            log.exception("command_failed", case=case)
            return _refusal(by, f"Something went wrong. Case {case}"), "failed"

    async def _run(self, by: Invocation) -> Action | None:
        if by.source == "autocomplete":
            return await self._complete(by)
        if by.source in ("component", "modal"):
            return await self._press(by)
        return await self._command(by)

    # --- commands -------------------------------------------------------------------------------

    async def _command(self, by: Invocation) -> Action | None:
        command, rest = find_command(self._commands, by)
        self._check(by, command.spec)
        if by.source in ("user_menu", "message_menu"):
            return await self._from_menu(by, command, by.target_id or 0)
        files = by.resolved.attachments
        if by.source == "text":
            attached = by.message.attachments if by.message else ()
            return await self._go(
                by, command, lambda: read_text(command.parameters, rest, attached)
            )
        return await self._go(
            by, command, lambda: read_values(command.parameters, by.options, files)
        )

    async def _from_menu(self, by: Invocation, command: Command[D], target: int) -> Action | None:
        """Run a command on what was clicked, or ask for the rest of its options first."""
        first, *others = (each for each in command.parameters if not each.by_name)
        if any(each.required for each in others) or (command.menu_form and others):
            return to_action(self._form(command, others, target), by)
        values: Mapping[str, OptionValue] = {first.option.name: str(target)}
        return await self._go(by, command, lambda: read_values(command.parameters, values, {}))

    def _form(self, command: Command[D], asked: Sequence[Parameter], target: int) -> Modal:
        inputs = tuple(_input(each) for each in asked[:_MOST_INPUTS])
        custom_id = self._commands.custom_id(MENU_FORM, command.spec.name, target)
        return Modal(custom_id=custom_id, title=command.spec.menu_name, inputs=inputs)

    async def _go(
        self, by: Invocation, command: Command[D], read: Callable[[], Arguments]
    ) -> Action | None:
        try:
            arguments = read()
        except ArgumentsError as error:
            written = usage(command.spec, by.prefix if by.source == "text" else "/")
            raise UserError(f"{error}\nUsage: `{written}`") from None
        answer = await command.run(self._deps, by, **arguments)
        return to_action(answer, by, ephemeral=command.spec.ephemeral)

    def _check(self, by: Invocation, spec: CommandSpec) -> None:
        """Raise UserError when it may not be run here, or not like this, or not by them."""
        if by.source == "text" and not spec.text:
            raise UserError(f"`{spec.name}` works as a slash command only: `/{spec.name}`.")
        if by.guild is None and spec.guild_only:
            raise UserError(f"`{spec.name}` works in a server only.")
        check_command(by, spec, self._configs.get(by.guild_id), self._operators)

    # --- components, forms and completion -------------------------------------------------------

    async def _press(self, by: Invocation) -> Action | None:
        name, words = arguments_of(by.custom_id)
        if name == MENU_FORM:
            return await self._submitted(by, words)
        component = self._commands.components.get(name)
        if component is None:
            raise UserError(_OUTDATED)
        self._check(by, component.spec)
        carried = [each for each in component.parameters if each.option.name not in by.options]
        filled = [each for each in component.parameters if each.option.name in by.options]
        try:
            arguments = read_words(carried, words)
            arguments |= read_values(filled, by.options, {})
        except ArgumentsError as error:
            raise UserError(str(error) if by.source == "modal" else _OUTDATED) from None
        return to_action(await component.run(self._deps, by, **arguments), by)

    async def _submitted(self, by: Invocation, words: Sequence[str]) -> Action | None:
        """Run a command from the menu, with what its form asked for."""
        command = self._commands.by_name.get(words[0]) if len(words) == _OF_FORM else None
        if command is None or not command.spec.menu:
            raise UserError(_OUTDATED)
        self._check(by, command.spec)
        values = {**by.options, command.parameters[0].option.name: words[1]}
        return await self._go(by, command, lambda: read_values(command.parameters, values, {}))

    async def _complete(self, by: Invocation) -> Action:
        """Offer choices; whatever is wrong, nothing is offered, as nobody could read an error."""
        try:
            command, _ = find_command(self._commands, by)
            self._check(by, command.spec)
            complete = self._commands.completions[command.spec.name, by.focused]
            choices = await complete(self._deps, by, str(by.options.get(by.focused, "")))
        except UserError:
            choices = ()
        except Exception:
            log.exception("completion_failed")
            choices = ()
        return Autocomplete(to=by.reply_to, choices=fitted_choices(choices))


def _input(parameter: Parameter) -> TextInput:
    option = parameter.option
    return TextInput(
        custom_id=option.name,
        label=option.name.replace("_", " ").capitalize(),
        style=_LONG_TEXT if parameter.kind.rest else 1,
        required=option.required,
        max_length=min(option.max_length or 1000, 4000),
        placeholder=option.description,
    )


def _refusal(by: Invocation, text: str) -> Action | None:
    if by.source == "autocomplete":
        return Autocomplete(to=by.reply_to, choices=())
    return to_action(Reply(text, ephemeral=True), by)


def _away(error: Exception) -> str:
    said = f" {error.message}" if isinstance(error, UserError) else ""
    return f"Something that this needs is away at the moment, so it was not finished.{said}"
