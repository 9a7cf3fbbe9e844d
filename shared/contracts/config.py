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


InfractionKind = Literal[
    "note", "warning", "kick", "mute", "ban", "softban", "unban", "unmute", "temprole"
]
"""What can happen to a member."""

Told = Literal["warning", "kick", "mute", "ban", "softban", "unban", "unmute", "temprole"]
"""The kinds that a member can be told of; never notes."""


class Templates(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a member is told by direct message, by kind; a text of the bot's own where None.

    A text may hold `{server}`, `{reason}`, `{until}`, `{duration}`, `{number}`, `{moderator}` and
    `{role}`.
    """

    warning: str | None = None
    kick: str | None = None
    mute: str | None = None
    ban: str | None = None
    softban: str | None = None
    unban: str | None = None
    unmute: str | None = None
    temprole: str | None = None


class EscalationRule(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """So many points of warnings in so long lead to a measure.

    `within` and `duration` are lengths of time such as `30d`; without them: ever, and for good.
    """

    points: int = 3
    within: str | None = None
    action: Literal["mute", "kick", "softban", "ban"] = "mute"
    duration: str | None = None


class InfractionsPlugin(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How infractions are answered, told and logged, and what they demand.

    `ack_actions_delete_after` is in seconds, 0 for never. `notify_kinds` narrows `notify_user`;
    every kind when empty. `mute_role` mutes by a role instead of Discord's timeout.
    `warning_expiry` and `evidence_retention` are lengths of time such as `90d`.
    """

    ack_actions: bool = True
    ack_actions_use_reaction: bool = False
    ack_actions_delete_after: int = 0
    notify_user: bool = False
    notify_kinds: tuple[Told, ...] = ()
    messages: Templates = Templates()
    require_reason: bool = False
    reason_edit_level: int = 100
    mute_role: int | None = None
    modlog_channel: int | None = None
    escalation: tuple[EscalationRule, ...] = ()
    warning_expiry: str | None = None
    own_record: bool = False
    record_manual: bool = True
    evidence_messages: int = 0
    evidence_retention: str | None = "90d"


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
