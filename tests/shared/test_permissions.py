"""Who may do what: levels, overrides, web roles, and who may act on whom."""

import pytest

from shared.contracts.config import (
    CommandOverride,
    CommandRule,
    CommandSelector,
    ConfigDocument,
    PermissionEntry,
)
from shared.contracts.discord import (
    ADMINISTRATOR,
    BAN_MEMBERS,
    KICK_MEMBERS,
    MANAGE_MESSAGES,
    MODERATE_MEMBERS,
    GuildSnapshot,
    Role,
)
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.invocations import CommandSpec
from shared.errors import ForbiddenError
from shared.permissions import (
    Disabled,
    HierarchyError,
    Person,
    check_command,
    explain,
    level_of,
    may_act_on,
    permissions_of,
    person_in,
    person_of,
    required_level,
    web_role_of,
)
from tests.support.invoking import by_text

EMPTY = ConfigDocument()
OPERATOR_ID, OWNER_ID, BOT_ID = UserId(1), UserId(2), UserId(3)
MEMBER_ID, OTHER_ID = UserId(10), UserId(11)
LOW, MIDDLE, HIGH, BOT = RoleId(21), RoleId(22), RoleId(23), RoleId(24)

GUILD = GuildSnapshot(
    id=GuildId(20),
    owner_id=OWNER_ID,
    bot_id=BOT_ID,
    bot_roles=(BOT,),
    roles=(
        Role(id=RoleId(20), position=0, permissions=MANAGE_MESSAGES),
        Role(id=LOW, position=1, permissions=KICK_MEMBERS),
        Role(id=MIDDLE, position=2, permissions=BAN_MEMBERS),
        Role(id=BOT, position=3),
        Role(id=HIGH, position=4, permissions=ADMINISTRATOR),
    ),
)
SEARCH = CommandSpec(name="infractions search", description="-", plugin="infractions", level=50)


def entries(**levels: int) -> ConfigDocument:
    """Make a configuration with entries such as `_10=50`."""
    return ConfigDocument(
        permissions={int(key[1:]): PermissionEntry(level=value) for key, value in levels.items()}
    )


def rules(*pairs: tuple[CommandSelector, CommandOverride]) -> ConfigDocument:
    return ConfigDocument(
        commands=tuple(CommandRule(selector=left, override=right) for left, right in pairs)
    )


@pytest.mark.parametrize(
    ("permissions", "level", "web"),
    [
        (0, 0, None),
        (MANAGE_MESSAGES, 0, None),
        (BAN_MEMBERS, 50, "viewer"),
        (KICK_MEMBERS, 50, "viewer"),
        (MODERATE_MEMBERS, 50, "viewer"),
        (ADMINISTRATOR, 100, "admin"),
        (ADMINISTRATOR | BAN_MEMBERS, 100, "admin"),
    ],
)
def test_without_a_configuration_discord_decides(
    permissions: int, level: int, web: str | None
) -> None:
    person = Person(id=MEMBER_ID, permissions=permissions)

    assert level_of(person, EMPTY) == level
    assert web_role_of(person, EMPTY) == web


def test_with_entries_discords_permissions_count_for_nothing() -> None:
    person = Person(id=MEMBER_ID, roles=(LOW,), permissions=ADMINISTRATOR)

    assert level_of(person, entries(_99=50)) == 0
    assert level_of(person, entries(_21=30)) == 30


def test_the_highest_entry_of_somebody_and_their_roles_counts() -> None:
    person = Person(id=MEMBER_ID, roles=(LOW, MIDDLE))

    assert level_of(person, entries(_21=10, _22=50, _10=30)) == 50
    assert level_of(person, entries(_21=10, _10=100)) == 100


def test_web_roles_add_up_in_their_own_order() -> None:
    config = ConfigDocument(
        permissions={
            LOW: PermissionEntry(level=100, web="viewer"),
            MEMBER_ID: PermissionEntry(web="editor"),
        }
    )

    assert web_role_of(Person(id=MEMBER_ID, roles=(LOW,)), config) == "editor"
    assert web_role_of(Person(id=OTHER_ID, roles=(LOW,)), config) == "viewer"
    assert web_role_of(Person(id=OTHER_ID), config) is None


def test_owners_and_operators_stand_above_every_entry() -> None:
    config = entries(_10=500)

    assert level_of(Person(id=OWNER_ID, owner=True), config) == 500
    assert level_of(Person(id=OPERATOR_ID), config, (OPERATOR_ID,)) == 1000
    assert web_role_of(Person(id=OWNER_ID, owner=True), config) == "admin"
    assert web_role_of(Person(id=OPERATOR_ID), config, (OPERATOR_ID,)) == "admin"


def test_no_entry_makes_an_operator() -> None:
    assert level_of(Person(id=MEMBER_ID), entries(_10=5000)) == 500


def test_an_invocation_tells_who_ran_it() -> None:
    person = person_of(by_text("ping", permissions=BAN_MEMBERS, roles=(LOW,)))

    assert (person.roles, person.permissions, person.owner) == ((LOW,), BAN_MEMBERS, False)


def test_everybody_has_the_permissions_of_everyone_too() -> None:
    assert permissions_of(GUILD, ()) == MANAGE_MESSAGES
    assert permissions_of(GUILD, (LOW, MIDDLE)) == MANAGE_MESSAGES | KICK_MEMBERS | BAN_MEMBERS


# --- overrides ----------------------------------------------------------------------------------

OF_COMMAND = CommandSelector(command="infractions.search")
OF_GROUP = CommandSelector(group="infractions")
OF_PLUGIN = CommandSelector(plugin="infractions")


def test_the_most_specific_selector_wins_in_whatever_order() -> None:
    plugin = (OF_PLUGIN, CommandOverride(level=10))
    group = (OF_GROUP, CommandOverride(level=20))
    command = (OF_COMMAND, CommandOverride(level=30))

    assert required_level(EMPTY, SEARCH) == 50
    assert required_level(rules(plugin), SEARCH) == 10
    assert required_level(rules(group, plugin), SEARCH) == 20
    assert required_level(rules(command, group, plugin), SEARCH) == 30
    assert required_level(rules(plugin, group, command), SEARCH) == 30


def test_a_command_may_stay_when_its_plugin_is_turned_off() -> None:
    off = (OF_PLUGIN, CommandOverride(disabled=True))
    on = (OF_COMMAND, CommandOverride(level=30))

    assert required_level(rules(off), SEARCH) == Disabled("{plugin.name: infractions}")
    assert required_level(rules(off, on), SEARCH) == 30


def test_other_commands_are_not_concerned() -> None:
    others = (
        CommandSelector(command="infractions.info"),
        CommandSelector(group="starboard"),
        CommandSelector(plugin="core"),
    )

    config = rules(*((each, CommandOverride(disabled=True)) for each in others))

    assert required_level(config, SEARCH) == 50


def test_guilds_have_no_say_in_commands_of_operators() -> None:
    dead = CommandSpec(name="dead", description="-", plugin="core", level=1000)
    config = rules((CommandSelector(command="dead"), CommandOverride(level=0)))

    assert required_level(config, dead) == 1000


def test_a_refusal_names_both_levels() -> None:
    with pytest.raises(ForbiddenError, match="needs level 50, and yours is 0"):
        check_command(by_text("infractions search", permissions=0), SEARCH, EMPTY)


def test_even_the_owner_can_not_use_what_is_turned_off() -> None:
    config = rules((OF_COMMAND, CommandOverride(disabled=True)))

    with pytest.raises(ForbiddenError, match="turned off"):
        check_command(by_text("infractions search"), SEARCH, config)


@pytest.mark.parametrize(
    ("person", "config", "lines"),
    [
        (
            Person(id=MEMBER_ID),
            EMPTY,
            [
                "`infractions search` needs level 50, as nothing in the configuration changes it.",
                (
                    "<@10> has level 0: the server has no `permissions` in its configuration, and "
                    "they don't moderate in Discord."
                ),
                "So <@10> may not use it.",
            ],
        ),
        (
            Person(id=MEMBER_ID, roles=(LOW,)),
            ConfigDocument(
                permissions={LOW: PermissionEntry(level=60)},
                commands=(CommandRule(selector=OF_GROUP, override=CommandOverride(level=60)),),
            ),
            [
                "`infractions search` needs level 60, by `{command.group: infractions}`.",
                "<@10> has level 60: the entry of <@&21> in `permissions`.",
                "So <@10> may use it.",
            ],
        ),
        (
            Person(id=OWNER_ID, owner=True),
            rules((OF_PLUGIN, CommandOverride(disabled=True))),
            [
                "`infractions search` is turned off by `{plugin.name: infractions}`.",
                "<@2> has level 500: the owner of the server.",
                "So nobody may use it.",
            ],
        ),
    ],
)
def test_why_somebody_may_or_may_not_is_explained(
    person: Person, config: ConfigDocument, lines: list[str]
) -> None:
    assert explain(person, SEARCH, config) == lines


# --- acting on somebody -------------------------------------------------------------------------


def refusal(actor: Person, target: Person, config: ConfigDocument = EMPTY) -> str | None:
    """Return the rule by which somebody may not act on somebody else, if one does."""
    try:
        may_act_on(actor, target, GUILD, config, (OPERATOR_ID,))
    except HierarchyError as error:
        return error.rule
    return None


def member(*roles: RoleId, user_id: UserId = MEMBER_ID) -> Person:
    return person_in(GUILD, user_id, roles)


def other(*roles: RoleId) -> Person:
    return member(*roles, user_id=OTHER_ID)


OWNER = person_in(GUILD, OWNER_ID)
OPERATOR = person_in(GUILD, OPERATOR_ID)


def test_a_moderator_may_act_on_a_member() -> None:
    assert refusal(member(MIDDLE), other()) is None


def test_a_moderator_may_act_on_who_is_not_in_the_guild() -> None:
    assert refusal(member(MIDDLE), Person(id=OTHER_ID)) is None


@pytest.mark.parametrize(
    ("actor", "target", "rule"),
    [
        (member(MIDDLE), member(MIDDLE), "self"),
        (OWNER, OWNER, "self"),
        (member(HIGH), person_in(GUILD, BOT_ID, (BOT,)), "bot"),
        (member(HIGH), OWNER, "owner"),
        (OPERATOR, OWNER, "owner"),
        # above the bot, above the moderator, and of a higher level: the bot comes first
        (member(LOW), other(HIGH), "bot_position"),
        (OWNER, other(HIGH), "bot_position"),
        (OPERATOR, other(BOT), "bot_position"),
        # of the same level, and above the moderator: the level comes first
        (member(LOW), other(MIDDLE), "level"),
        (member(MIDDLE), other(LOW), "level"),
    ],
)
def test_the_refusal_says_by_which_rule(actor: Person, target: Person, rule: str) -> None:
    assert refusal(actor, target) == rule


def test_nobody_acts_above_their_own_top_role() -> None:
    config = entries(_10=100, _11=50)

    assert refusal(member(LOW), other(MIDDLE), config) == "top_role"
    assert refusal(member(MIDDLE), other(MIDDLE), config) == "top_role"
    assert refusal(member(MIDDLE), other(LOW), config) is None


def test_owners_and_operators_need_no_role() -> None:
    assert refusal(OWNER, other(MIDDLE)) is None
    assert refusal(OPERATOR, other(MIDDLE)) is None


def test_who_left_keeps_the_level_of_their_own_entry() -> None:
    gone = Person(id=OTHER_ID)

    assert refusal(member(MIDDLE), gone, entries(_10=50, _11=50)) == "level"
    assert refusal(member(MIDDLE), gone, entries(_10=50, _21=100)) is None
