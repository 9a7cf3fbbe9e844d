"""Discord's interactions, read into invocations: commands, menus, components, forms."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec import Struct

from services.gateway.recognition.book import CommandBook
from services.gateway.shards.dispatch import Dispatch
from services.gateway.snapshots import Snapshots
from shared.contracts.discord import Member, MessageRef, User
from shared.contracts.ids import ChannelId, GuildId, InteractionId, Snowflake, UserId
from shared.contracts.invocations import (
    CommandSpec,
    GuildRef,
    InteractionTarget,
    Invocation,
    OptionValue,
    Resolved,
    Source,
)
from shared.contracts.topology import autocomplete_key, component_key

VALID: Final = timedelta(minutes=15)
"""How long an interaction's token is good for (Discord's reference, "Receiving and Responding")."""

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
USER_MENU, MESSAGE_MENU = 2, 3
SUBCOMMAND, GROUP = 1, 2


class _Option(Struct, frozen=True, kw_only=True):
    name: str
    type: int = 0
    value: OptionValue | None = None
    options: tuple["_Option", ...] = ()
    focused: bool = False


class _Input(Struct, frozen=True, kw_only=True):
    """An input of a form, a row of them, or a label around one."""

    custom_id: str = ""
    value: str | None = None
    values: tuple[str, ...] = ()
    components: tuple["_Input", ...] = ()
    component: "_Input | None" = None


class _Data(Struct, frozen=True, kw_only=True):
    name: str = ""
    type: int = 1
    options: tuple[_Option, ...] = ()
    resolved: Resolved = Resolved()
    target_id: Snowflake | None = None
    custom_id: str = ""
    values: tuple[str, ...] = ()
    components: tuple[_Input, ...] = ()


class Interaction(Struct, frozen=True, kw_only=True):
    """An INTERACTION_CREATE."""

    id: InteractionId
    application_id: Snowflake
    token: str
    type: int
    data: _Data = _Data()
    guild_id: GuildId = GuildId(0)
    channel_id: ChannelId = ChannelId(0)
    member: Member | None = None
    user: User | None = None
    message: MessageRef | None = None
    locale: str = "en-US"
    app_permissions: int = 0

    @property
    def target(self) -> InteractionTarget:
        """Where its answer goes."""
        return InteractionTarget(id=self.id, application_id=self.application_id, token=self.token)


class Asked(Struct, frozen=True, kw_only=True):
    """An interaction with where it goes: `routing_key` is None when nobody announced it.

    `deferral` is the type of callback that buys time (5, or 6 for components), None where none may.
    """

    interaction: Interaction
    invocation: Invocation
    routing_key: str | None
    service: str = ""
    deferral: Literal[5, 6] | None = None
    ephemeral: bool = False


class Interactions:
    """Reads interactions, with the announced commands at hand."""

    def __init__(self, book: CommandBook, snapshots: Snapshots) -> None:
        self._book = book
        self._snapshots = snapshots

    def read(self, event: Dispatch) -> Asked | None:
        """Return what an INTERACTION_CREATE asks for; None for pings and what can't be read."""
        try:
            interaction = msgspec.json.decode(event.body, type=Interaction, strict=False)
        except msgspec.MsgspecError:
            return None
        match interaction.type:
            case 2:
                return self._command(interaction)
            case 3:
                return self._component(interaction, "component")
            case 4:
                return self._autocomplete(interaction)
            case 5:
                return self._component(interaction, "modal")
            case _:
                return None

    def _command(self, interaction: Interaction) -> Asked:
        data = interaction.data
        if data.type == USER_MENU:
            spec, source, options = self._book.menu("user", data.name), "user_menu", ()
        elif data.type == MESSAGE_MENU:
            spec, source, options = self._book.menu("message", data.name), "message_menu", ()
        else:
            name, options = _full_name(data)
            spec, source = self._book.named(name), "slash"
        return self._asked(
            interaction,
            self._invocation(interaction, source, spec, _values(options)),
            spec,
            deferral=5,
        )

    def _autocomplete(self, interaction: Interaction) -> Asked:
        name, options = _full_name(interaction.data)
        spec = self._book.named(name)
        focused = next((option.name for option in options if option.focused), "")
        invocation = self._invocation(
            interaction, "autocomplete", spec, _values(options), focused=focused
        )
        return Asked(
            interaction=interaction,
            invocation=invocation,
            routing_key=autocomplete_key(spec.first_word) if spec else None,
            service=self._service(spec),
        )

    def _component(self, interaction: Interaction, source: Literal["component", "modal"]) -> Asked:
        """Read a press or a filled form; its `custom_id` begins with the service that sent it."""
        service = interaction.data.custom_id.split(":", 1)[0]
        values = dict(_inputs(interaction.data.components))
        on_message = interaction.message is not None
        return Asked(
            interaction=interaction,
            invocation=self._invocation(interaction, source, None, values),
            routing_key=component_key(service),
            service=service,
            deferral=6 if on_message else 5,
            ephemeral=not on_message,
        )

    def _asked(
        self,
        interaction: Interaction,
        invocation: Invocation,
        spec: CommandSpec | None,
        deferral: Literal[5, 6],
    ) -> Asked:
        return Asked(
            interaction=interaction,
            invocation=invocation,
            routing_key=spec.first_word if spec else None,
            service=self._service(spec),
            deferral=deferral,
            ephemeral=spec.ephemeral if spec else True,
        )

    def _service(self, spec: CommandSpec | None) -> str:
        return (self._book.service_of(spec.first_word) or "") if spec else ""

    def _invocation(
        self,
        interaction: Interaction,
        source: Source,
        spec: CommandSpec | None,
        options: dict[str, OptionValue],
        focused: str = "",
    ) -> Invocation:
        data, now = interaction.data, datetime.now(UTC)
        member = interaction.member
        user = interaction.user or (member.user if member else None) or User(id=UserId(0))
        message = interaction.message
        if source == "message_menu" and data.target_id is not None:
            message = data.resolved.messages.get(data.target_id)
        return Invocation(
            id=str(interaction.id),
            command=spec.name if spec else "",
            source=source,
            user=user,
            channel_id=interaction.channel_id,
            reply_to=interaction.target,
            received_at=now,
            deadline=now + VALID,
            guild=self._guild(interaction.guild_id),
            member=member,
            options=options,
            resolved=data.resolved,
            target_id=data.target_id,
            custom_id=data.custom_id,
            values=data.values,
            focused=focused,
            message=message,
            locale=interaction.locale,
            app_permissions=interaction.app_permissions,
        )

    def _guild(self, guild_id: GuildId) -> GuildRef | None:
        if not guild_id:
            return None
        guild = self._snapshots.get(guild_id)
        if guild is None:
            return GuildRef(id=guild_id)
        return GuildRef(
            id=guild_id, name=guild.name, owner_id=guild.owner_id, version=guild.version
        )


def _full_name(data: _Data) -> tuple[str, tuple[_Option, ...]]:
    """Return the whole name of a slash command, and the options of its innermost part."""
    name, options = data.name, data.options
    while options and options[0].type in (SUBCOMMAND, GROUP):
        name, options = f"{name} {options[0].name}", options[0].options
    return name, options


def _values(options: Iterable[_Option]) -> dict[str, OptionValue]:
    return {option.name: option.value for option in options if option.value is not None}


def _inputs(components: Iterable[_Input]) -> Iterable[tuple[str, OptionValue]]:
    """Yield what was typed into a form, by input."""
    for component in components:
        if component.custom_id and component.value is not None:
            yield component.custom_id, component.value
        elif component.custom_id and component.values:
            yield component.custom_id, ",".join(component.values)
        yield from _inputs(component.components)
        if component.component is not None:
            yield from _inputs((component.component,))
