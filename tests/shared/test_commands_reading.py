"""What people type and choose, as the arguments of a handler."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Literal

import pytest

from shared.commands import Duration, Length, Moment, Range, Reply, Text, Users, usage
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


@commands.command("row")
async def row(
    deps: None,
    by: Invocation,
    users: Users,
    duration: Duration | None = None,
    reason: Text = "",
) -> Reply:
    """Let several row."""
    return Reply()


@commands.command("look")
async def look(
    deps: None,
    by: Invocation,
    user: UserId | None = None,
    flag: Flag | None = None,
    since: Moment | None = None,
    text: Text = "",
) -> Reply:
    """Look for something."""
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


# --- several members ----------------------------------------------------------------------------

FIRST, SECOND = 200000000000000003, 200000000000000004


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"row <@{FIRST}>", ((FIRST,), None, "")),
        (f"row <@{FIRST}> {SECOND} raid", ((FIRST, SECOND), None, "raid")),
        (f"row <@{FIRST}><@!{SECOND}> 1h 2 raids", ((FIRST, SECOND), "1h", "2 raids")),
        (f"row {FIRST} <@{FIRST}> {SECOND}", ((FIRST, SECOND), None, "")),
        (f"row {FIRST} raid of {SECOND}", ((FIRST,), None, f"raid of {SECOND}")),
    ],
)
def test_every_next_word_that_names_a_member_is_one(
    line: str, expected: tuple[tuple[int, ...], str | None, str]
) -> None:
    found = read(line)

    users, duration, reason = expected
    length = timedelta(hours=1) if duration else None
    assert found == {"users": users, "duration": length, "reason": reason}


def test_several_members_are_one_text_of_a_slash_command() -> None:
    found = chosen("row", users=f"<@{FIRST}>, {SECOND}\n<@{FIRST}>")

    assert found["users"] == (FIRST, SECOND)


@pytest.mark.parametrize("users", ["", "somebody", f"<@{FIRST}> somebody", f"{FIRST} <@&5>"])
def test_what_names_nobody_is_explained(users: str) -> None:
    with pytest.raises(ArgumentsError, match="`users`"):
        chosen("row", users=users)


def test_a_role_among_members_is_not_taken_for_the_reason() -> None:
    with pytest.raises(ArgumentsError, match="is not a member"):
        read(f"row {FIRST} <@&{SECOND}> raid")


# --- moments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T12:30", datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
        ("2026-11-01t12:30z", datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
        ("2026-11-01T12:30+02:00", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_date_is_a_moment_of_utc(word: str, expected: datetime) -> None:
    assert read(f"look {word}")["since"] == expected


def test_a_length_of_time_is_a_moment_so_long_ago() -> None:
    before = datetime.now(UTC)

    found = read("look 7d")["since"]

    assert isinstance(found, datetime)
    assert timedelta() <= found + timedelta(days=7) - before < timedelta(minutes=1)


@pytest.mark.parametrize("word", ["2026-13-01", "2026-1-1", "2026-11-01T25:00"])
def test_a_date_that_is_none_is_explained(word: str) -> None:
    with pytest.raises(ArgumentsError, match="is not a time: expected a date such as"):
        read(f"look {word}")


def test_what_does_not_look_like_a_date_is_the_next_option() -> None:
    assert read("look 2nd ship") == {"user": None, "flag": None, "since": None, "text": "2nd ship"}


# --- by name ------------------------------------------------------------------------------------


def test_an_option_may_be_given_by_its_name() -> None:
    assert read("look flag:red old ships") == {
        "user": None,
        "flag": Flag.RED,
        "since": None,
        "text": "old ships",
    }
    assert read(f"look Flag:blue user:{FIRST}")["user"] == FIRST


@pytest.mark.parametrize("text", ["ships flag:red", "text:ships", "colour:red", "flag: red"])
def test_what_names_no_option_there_is_text(text: str) -> None:
    assert read(f"look {text}")["text"] == text
    assert read(f"look {text}")["flag"] is None


def test_an_option_given_by_name_must_fit() -> None:
    with pytest.raises(ArgumentsError, match="`flag`: `green` is not one of"):
        read("look flag:green")


@commands.command("hail")
async def hail(deps: None, by: Invocation, text: Text, *, times: int = 1) -> Reply:
    """Hail."""
    return Reply()


def test_what_stands_after_a_star_is_given_by_its_name_only() -> None:
    assert read("hail times:3 ahoy") == {"text": "ahoy", "times": 3}
    assert read("hail 3 ahoys") == {"text": "3 ahoys", "times": 1}
    with pytest.raises(ArgumentsError, match="`text` is missing"):
        read("hail times:3")
