"""Configurations as YAML: read, refused with the place, written, and changed by a path."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.checks import LONGEST_NAME
from shared.config.editing import set_value, unset_value
from shared.config.problems import ConfigError
from shared.config.reading import LARGEST, load_yaml
from shared.config.writing import dump_yaml
from shared.contracts.config import (
    CommandOverride,
    CommandRule,
    CommandSelector,
    ConfigDocument,
    CorePlugin,
    InfractionsPlugin,
    PermissionEntry,
    Plugins,
    StatsPlugin,
)

DESIGN = """\
permissions:
  123456789012345678:        # a role, or a user
    level: 100
    web: viewer              # viewer | editor | admin
commands:
  {plugin.name: infractions}: {level: 50}
  {command.group: starboard}: {disabled: true}
  {command: "role.add"}: {disabled: true}
plugins:
  core: {nickname: "Harbourmaster"}
  infractions: {notify_user: true}
"""

DESIGNED = ConfigDocument(
    permissions={123456789012345678: PermissionEntry(level=100, web="viewer")},
    commands=(
        CommandRule(
            selector=CommandSelector(plugin="infractions"), override=CommandOverride(level=50)
        ),
        CommandRule(
            selector=CommandSelector(group="starboard"), override=CommandOverride(disabled=True)
        ),
        CommandRule(
            selector=CommandSelector(command="role.add"), override=CommandOverride(disabled=True)
        ),
    ),
    plugins=Plugins(
        core=CorePlugin(nickname="Harbourmaster"), infractions=InfractionsPlugin(notify_user=True)
    ),
)


def test_the_text_of_the_design_is_valid() -> None:
    assert load_yaml(DESIGN) == DESIGNED


def test_what_is_written_is_what_a_person_would_have_written() -> None:
    assert dump_yaml(DESIGNED) == (
        "permissions:\n"
        "  123456789012345678:\n"
        "    level: 100\n"
        "    web: viewer\n"
        "commands:\n"
        "  {plugin.name: infractions}: {level: 50}\n"
        "  {command.group: starboard}: {disabled: true}\n"
        "  {command: role.add}: {disabled: true}\n"
        "plugins:\n"
        "  core:\n"
        "    nickname: Harbourmaster\n"
        "  infractions:\n"
        "    notify_user: true\n"
    )


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "permissions:\ncommands:\nplugins:\n", "plugins: {core: {}}", "{}"]
)
def test_an_empty_configuration_is_the_default_one(text: str) -> None:
    assert load_yaml(text) == ConfigDocument()


names = st.text(min_size=1, max_size=LONGEST_NAME)
levels = st.integers(0, 500)
selectors = st.one_of(
    st.builds(CommandSelector, plugin=names),
    st.builds(CommandSelector, group=names),
    st.builds(CommandSelector, command=names),
)
documents = st.builds(
    ConfigDocument,
    permissions=st.dictionaries(
        st.integers(1, 2**63 - 1),
        st.builds(
            PermissionEntry,
            level=levels,
            web=st.sampled_from([None, "viewer", "editor", "admin"]),
        ),
        max_size=4,
    ),
    commands=st.lists(
        st.builds(
            CommandRule,
            selector=selectors,
            override=st.builds(CommandOverride, level=st.none() | levels, disabled=st.booleans()),
        ),
        max_size=4,
        unique_by=lambda rule: rule.selector,
    ).map(tuple),
    plugins=st.builds(
        Plugins,
        core=st.builds(
            CorePlugin,
            nickname=st.none() | st.text(min_size=1, max_size=32).filter(str.strip),
            prefix=st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=10),
            mention=st.booleans(),
        ),
        infractions=st.builds(InfractionsPlugin),
        stats=st.builds(StatsPlugin, timezone=st.sampled_from(["UTC", "Europe/Berlin"])),
    ),
)


@given(documents)
def test_every_configuration_is_read_as_it_was_written(document: ConfigDocument) -> None:
    assert load_yaml(dump_yaml(document)) == document


PIECES = (
    "plugins core prefix commands 1 {command: {command.group: { } [ ] , &a *a << ! !!int ? | ' \" #"
    " null true - :"
)
pieces = st.lists(st.sampled_from([*PIECES.split(), ": ", "\n", "  ", "\t"])).map("".join)


@given(st.text(max_size=200) | pieces)
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with suppress(ConfigError):
        load_yaml(text)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("plugin: {}", 1, 1, "Unknown key `plugin`. Did you mean `plugins`?"),
        ("plugins:\n  core:\n    prefx: x", 3, 5, "Did you mean `prefix`? Expected one of"),
        ("plugins:\n  infractions: {notify_user: 'true'}", 2, 30, "Expected true or false"),
        ("plugins: {infractions: {notify_user: maybe}}", 1, 38, "got `maybe`"),
        ("permissions: {1: {level: high}}", 1, 26, "Expected a whole number, got `high`"),
        ("permissions: {1: {level: 1.5}}", 1, 26, "Expected a whole number"),
        ("permissions: {1: {level: 501}}", 1, 26, "Expected a level from 0 to 500"),
        ("permissions: {1: {level: -1}}", 1, 26, "Expected a level from 0 to 500"),
        ("permissions: {1: {web: edtor}}", 1, 24, "Did you mean `editor`?"),
        ("permissions: {me: {level: 1}}", 1, 15, "Expected the id of a role or a user"),
        ("permissions: [1]", 1, 14, "Expected ids as keys, got a list"),
        ("permissions:\n  1: {}\n  01: {}", 3, 3, "`1` is here for the second time"),
        ("plugins: {}\nplugins: {}", 2, 1, "`plugins` is here for the second time"),
        ("commands:\n  {command: a}: {}\n  {command: a}: {}", 3, 3, "for the second time"),
        ("commands:\n  {command: a, plugin.name: b}: {}", 2, 3, "exactly one of plugin.name"),
        ("commands:\n  {}: {level: 5}", 2, 3, "exactly one of plugin.name"),
        ("commands:\n  {comand: a}: {}", 2, 4, "Did you mean `command`?"),
        ("commands: {role.add: {level: 5}}", 1, 12, "got `role.add`"),
        ("plugins: {core: {prefix: }}", 1, 25, "Expected text, got nothing"),
        ("plugins: {core: {prefix: 'a b'}}", 1, 26, "without spaces"),
        ("plugins: {core: {nickname: " + "x" * 33 + "}}", 1, 28, "1 to 32 characters"),
        ("plugins: {stats: {timezone: Mars/Base}}", 1, 29, "a time zone such as UTC"),
        ("plugins: {core: {prefix: !x y}}", 1, 26, "Tags such as `!x` are not allowed"),
        ("plugins: !!python/object/apply:os.system {}", 1, 10, "Tags such as"),
        ("plugins: {<<: {core: {}}}", 1, 11, "Unknown key `<<`"),
        ("plugins: [", 1, 11, "This is not YAML"),
        ("a: 1\n\tb: 2", 2, 1, "This is not YAML"),
        ("plugins: {}\n---\nplugins: {}", 2, 1, "This is not YAML"),
        ("plugins: \x01", 1, 10, "a character that text can't have"),
        ("- plugins", 1, 1, "Expected the keys `permissions`, `commands`, `plugins`, got a list"),
        ("[" * 5000, 1, 17, "nested deeper than 16 levels"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(
    text: str, line: int, column: int, said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        load_yaml(text)

    assert said in error.value.message
    assert (error.value.line, error.value.column) == (line, column)
    assert error.value.message.startswith(f"Line {line}, column {column}: ")


def test_a_configuration_has_a_largest_size() -> None:
    with pytest.raises(ConfigError, match="longer than 64 KiB"):
        load_yaml("#" * (LARGEST + 1))


def test_references_can_not_be_piled_up_into_a_bomb() -> None:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 100)]
    bombs = (
        "\n".join(lines),
        "commands:\n  ? " + "\n    ".join(lines) + "\n  : {}",
        "permissions: &all {1: *all}",
    )

    for bomb in bombs:
        with pytest.raises(ConfigError):
            load_yaml(bomb)


# --- changing by a path -------------------------------------------------------------------------

COMMENTED = "# ours\nplugins:\n  core: {nickname: Harbourmaster}  # the boss\n"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("plugins.core.nickname", "Bob: the 1st", "Bob: the 1st"),
        ("plugins.core.nickname", "123", "123"),
        ("plugins.core.nickname", "null", None),
        ("plugins.core.nickname", "{not yaml", "{not yaml"),
    ],
)
def test_a_value_is_set_and_what_stands_around_it_kept(
    path: str, value: str, expected: str | None
) -> None:
    text = set_value(COMMENTED, path, value)

    assert load_yaml(text).plugins.core.nickname == expected
    assert text.startswith("# ours\n")
    assert text.endswith("}  # the boss\n")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("plugins.core.prefix", "?"),
        ("plugins.infractions.notify_user", "true"),
        ("permissions.5.level", "50"),
        ("permissions.<@&123456789012345678>.web", "editor"),
        ("commands.{command:role.add}.disabled", "true"),
    ],
)
def test_a_new_value_leaves_every_other_line_as_it_was(path: str, value: str) -> None:
    text = f"permissions:\n  123456789012345678: # staff\n    level: 100 # all\n{COMMENTED}"

    lines = set_value(text, path, value).splitlines()

    kept = [line for line in text.splitlines() if line in lines]
    assert len(kept) >= len(text.splitlines()) - 1
    assert {"# staff", "# all", "# ours", "# the boss"} <= {
        f"# {line.partition('# ')[2]}" for line in lines
    }


@pytest.mark.parametrize("prefix", ["!", "?", "-", "#", "&", "*", ">", "|", "%", "@", "`", "$"])
def test_every_prefix_can_be_set(prefix: str) -> None:
    text = set_value(COMMENTED, "plugins.core.prefix", prefix)

    assert load_yaml(text).plugins.core.prefix == prefix


def test_a_rule_is_written_on_one_line_with_what_makes_it_one() -> None:
    text = set_value("", "plugins.infractions.escalation", "[{within: 30d}, {points: 5}]")

    assert "    - {points: 3, within: 30d, action: mute}\n" in text
    assert "    - {points: 5, action: mute}\n" in text


@pytest.mark.parametrize("mention", ["<@&123456789012345678>", "<#123456789012345678>"])
def test_a_mention_is_the_id_of_what_it_names(mention: str) -> None:
    text = set_value("", "plugins.infractions.mute_role", mention)

    assert load_yaml(text).plugins.infractions.mute_role == 123456789012345678


def test_a_mention_in_a_text_stays_a_mention() -> None:
    text = set_value("", "plugins.infractions.messages.ban", "<#123456789012345678>")

    assert load_yaml(text).plugins.infractions.messages.ban == "<#123456789012345678>"


def test_what_was_not_there_is_added() -> None:
    text = set_value("", "permissions.<@&123456789012345678>.level", "50")
    text = set_value(text, "permissions.<@123456789012345679>.web", "editor")
    text = set_value(text, "commands.{command:role.add}.disabled", "true")
    text = set_value(text, "commands.{command: role.add}.level", "100")

    assert load_yaml(text) == ConfigDocument(
        permissions={
            123456789012345678: PermissionEntry(level=50),
            123456789012345679: PermissionEntry(web="editor"),
        },
        commands=(
            CommandRule(
                selector=CommandSelector(command="role.add"),
                override=CommandOverride(disabled=True, level=100),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("plugins.core.prefx", "x", "`plugins.core.prefx`: Unknown key `prefx`. Did you mean"),
        ("plugins.infractions.notify_user", "maybe", "Expected true or false, got `maybe`"),
        ("plugins", "x", "`plugins`: Expected the keys"),
        ("plugins..core", "x", "is not a path"),
        ("", "x", "is not a path"),
    ],
)
def test_a_path_or_value_that_can_not_be_is_explained(path: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        set_value(COMMENTED, path, value)

    assert said in error.value.message
    assert "Line" not in error.value.message


def test_a_value_is_unset_and_its_default_holds() -> None:
    text = unset_value(DESIGN, "permissions.123456789012345678")

    assert load_yaml(text).permissions == {}
    with pytest.raises(ConfigError, match="is not set"):
        unset_value(text, "permissions.123456789012345678")
