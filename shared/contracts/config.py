"""A guild's configuration: every key that exists, with its type and its default."""

from typing import Literal

from msgspec import Struct, field

WebRole = Literal["viewer", "editor", "admin"]


class PermissionEntry(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a role or a user may do: a level for commands, a role for the dashboard."""

    level: int = 0
    web: WebRole | None = None


class CommandOverride(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A changed level for commands, or their end."""

    level: int | None = None
    disabled: bool = False


class CommandSelector(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which commands an override concerns; exactly one of the three is given.

    A command is named by its words with dots: `role.add`; a group by its first word.
    """

    plugin: str | None = field(default=None, name="plugin.name")
    group: str | None = field(default=None, name="command.group")
    command: str | None = None


class CommandRule(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An entry of `commands`: whom it concerns and what it says."""

    selector: CommandSelector
    override: CommandOverride


class CorePlugin(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How the bot shows itself: its nickname in the guild and the prefix of text commands."""

    nickname: str | None = None
    prefix: str = "!"
    mention: bool = True


class InfractionsPlugin(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How infractions are told, and what they demand."""

    notify_user: bool = False
    require_reason: bool = False


class StatsPlugin(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is counted."""

    enabled: bool = True
    timezone: str = "UTC"


class Plugins(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The settings of every plugin."""

    core: CorePlugin = CorePlugin()
    infractions: InfractionsPlugin = InfractionsPlugin()
    stats: StatsPlugin = StatsPlugin()


class ConfigDocument(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The whole configuration of a guild; an empty one is valid and useful.

    `permissions` is keyed by the id of a role or a user.
    """

    permissions: dict[int, PermissionEntry] = {}
    commands: tuple[CommandRule, ...] = ()
    plugins: Plugins = Plugins()
