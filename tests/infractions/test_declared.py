"""The commands as Discord is given them: within its limits, each with both forms."""

import pytest

from services.gateway.recognition.slash import commands_of
from services.infractions.commands import commands
from shared.contracts.invocations import CommandSpec

MENU_ONLY = {"warn-author", "report"}
SPECS = {spec.name: spec for spec in commands.specs()}


def test_every_command_works_by_text_and_by_slash() -> None:
    assert {name for name, spec in SPECS.items() if not (spec.text and spec.slash)} == MENU_ONLY


def test_a_group_has_no_more_than_discord_takes() -> None:
    for command in commands_of(SPECS.values()):
        options = command.get("options", [])
        assert isinstance(options, list)
        assert len(options) <= 25  # pyright: ignore[reportUnknownArgumentType] - open JSON


def test_there_are_no_more_menus_than_discord_takes() -> None:
    for menu in ("user", "message"):
        named = [spec.menu_name for spec in SPECS.values() if spec.menu == menu]
        assert len(named) == len(set(named)) <= 5


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_option_that_is_a_number_of_an_infraction_is_completed(name: str) -> None:
    spec: CommandSpec = SPECS[name]

    for option in spec.options:
        assert option.autocomplete == (option.name == "number")
