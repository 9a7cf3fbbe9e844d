"""What people type and choose, as the arguments of a handler."""

from datetime import timedelta
from enum import Enum
from typing import Annotated, Literal

import pytest

from shared.commands import Duration, Length, Range, Reply, Text, usage
from shared.commands.reading import ArgumentsError, read_text, read_values
from shared.commands.registry import Registry
from shared.contracts.discord import Attachment
from shared.contracts.ids import ChannelId, MessageId, RoleId, Snowflake, UserId
from shared.contracts.invocations import Invocation, OptionValue

commands: Registry[None] = Registry("dock")

RAIDER = 200000000000000003
CHANNEL_LINK = "https://discord.com/channels/100000000000000001/300000000000000001"


class Flag(Enum):
    """Flags of ships."""

    RED = "red"
    BLUE = "blue"


@commands.command("ban")
async def ban(
    deps: None,
    by: Invocation,
    user: UserId,
    delete_days: Annotated[int, Range(0, 7)] = 0,
    reason: Text = "",
) -> Reply:
    """Ban."""
    return Reply()


@commands.command("mute")
async def mute(
    deps: None,
    by: Invocation,
    user: UserId,
    duration: Duration | None = None,
    reason: Annotated[Text, Length(20)] = "",
) -> Reply:
    """Mute."""
    return Reply()


@commands.command("extend")
async def extend(deps: None, by: Invocation, number: int, duration: Duration | None) -> Reply:
    """Extend."""
    return Reply()


@commands.command("moor")
async def moor(
    deps: None,
    by: Invocation,
    name: str,
    flag: Flag = Flag.RED,
    side: Literal["port", "starboard"] = "port",
    load: float = 1.0,
    lit: bool = False,
) -> Reply:
    """Moor."""
    return Reply()


@commands.command("point")
async def point(
    deps: None,
    by: Invocation,
    role: RoleId,
    channel: ChannelId,
    message: MessageId,
    anything: Snowflake,
) -> Reply:
    """Point at things."""
    return Reply()


@commands.command("keep")
async def keep(deps: None, by: Invocation, file: Attachment, note: Text = "") -> Reply:
    """Keep a file."""
    return Reply()


def read(line: str) -> dict[str, object]:
    """Read a line as the gateway hands it over, without the prefix."""
    name, _, rest = line.partition(" ")
    return read_text(commands.by_name[name].parameters, rest)


def chosen(command: str, /, **values: OptionValue) -> dict[str, object]:
    """Read the values of a slash command."""
    return read_values(commands.by_name[command].parameters, values, {})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"ban <@{RAIDER}>", {"user": RAIDER, "delete_days": 0, "reason": ""}),
        (f"ban <@!{RAIDER}> 3", {"user": RAIDER, "delete_days": 3, "reason": ""}),
        (f"ban {RAIDER} 3 spam", {"user": RAIDER, "delete_days": 3, "reason": "spam"}),
        (f"ban {RAIDER} spam", {"user": RAIDER, "delete_days": 0, "reason": "spam"}),
        (f"ban {RAIDER} 3rd time", {"user": RAIDER, "delete_days": 0, "reason": "3rd time"}),
        (
            f"ban   {RAIDER}\n 1   two  spaces\nand a line ",
            {"user": RAIDER, "delete_days": 1, "reason": "two  spaces\nand a line"},
        ),
        (
            f'ban {RAIDER} "so it is" he said',
            {"user": RAIDER, "delete_days": 0, "reason": '"so it is" he said'},
        ),
        (
            f"mute {RAIDER} 1h30m loud",
            {"user": RAIDER, "duration": timedelta(minutes=90), "reason": "loud"},
        ),
        (f"mute {RAIDER} loud", {"user": RAIDER, "duration": None, "reason": "loud"}),
        (f"mute {RAIDER} permanent", {"user": RAIDER, "duration": None, "reason": ""}),
        ("extend 5 Permanent", {"number": 5, "duration": None}),
        ("extend 5 2d", {"number": 5, "duration": timedelta(days=2)}),
        (
            'moor "The Old Swan" BLUE starboard -2.5 yes',
            {
                "name": "The Old Swan",
                "flag": Flag.BLUE,
                "side": "starboard",
                "load": -2.5,
                "lit": True,
            },
        ),
        (
            "moor “The Old Swan” starboard",
            {
                "name": "The Old Swan",
                "flag": Flag.RED,
                "side": "starboard",
                "load": 1.0,
                "lit": False,
            },
        ),
        (
            f"point <@&11> <#12> {CHANNEL_LINK}/400000000000000001 <@13>",
            {"role": 11, "channel": 12, "message": 400000000000000001, "anything": 13},
        ),
    ],
)
def test_a_line_becomes_arguments(line: str, expected: dict[str, object]) -> None:
    assert read(line) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ban", "`user` is missing: expected a member"),
        ("ban raider", "`user`: `raider` is not a member"),
        ("ban <#12>", "`user`: `<#12>` is not a member"),
        ("ban 99999999999999999999", "is not a member"),
        (f"ban {RAIDER} 9 spam", "`delete_days`: `9` is not a whole number from 0 to 7"),
        (f"ban {RAIDER} -1 spam", "`delete_days`: `-1` is not a whole number from 0 to 7"),
        (f"mute {RAIDER} 7x spam", "`duration`: `7x` is not a length of time"),
        (f"mute {RAIDER} 1h1h spam", "`duration`: `1h1h` has `h` twice"),
        (f"mute {RAIDER} 0s", "`duration`: `0s` is no time at all"),
        (f"mute {RAIDER} 1h far too long a reason", "`reason`: The text has 21 characters"),
        ("extend 5", "`duration` is missing"),
        ("extend five 1h", "`number`: `five` is not a whole number"),
        ("moor swan green", "`green` is not one of `red`, `blue`"),
        ("moor swan blue port 1 yes more", "`more` is too much"),
        ("moor The Old Swan", "`Old` is not one of"),
        ("keep", "`file` is missing: expected an attached file"),
    ],
)
def test_what_is_wrong_is_told_with_what_was_expected(line: str, said: str) -> None:
    with pytest.raises(ArgumentsError) as error:
        read(line)

    assert said in str(error.value)


def test_a_backtick_in_a_wrong_word_does_not_break_the_answer() -> None:
    with pytest.raises(ArgumentsError) as error:
        read("ban ```@everyone")

    assert "`'''@everyone`" in str(error.value)


def test_discords_values_become_the_same_arguments() -> None:
    assert chosen("ban", user=str(RAIDER), delete_days=3, reason="spam") == read(
        f"ban {RAIDER} 3 spam"
    )
    assert chosen("moor", name="The Old Swan", load=2, lit=True) == read(
        'moor "The Old Swan" 2 yes'
    )
    assert chosen("mute", user=str(RAIDER), duration="permanent") == read(f"mute {RAIDER}")


def test_an_empty_field_of_a_form_is_one_that_was_not_filled_in() -> None:
    assert chosen("mute", user=str(RAIDER), duration="", reason="")["duration"] is None


def test_a_file_comes_with_the_message_or_by_its_id() -> None:
    file = Attachment(id=5, filename="log.txt")
    parameters = commands.by_name["keep"].parameters

    assert read_text(parameters, "the log", [file]) == {"file": file, "note": "the log"}
    assert read_values(parameters, {"file": "5"}, {5: file}) == {"file": file, "note": ""}


def test_usage_shows_what_is_required_and_what_is_not() -> None:
    assert usage(commands.by_name["ban"].spec, "!") == "!ban <user> [delete_days] [reason]"
