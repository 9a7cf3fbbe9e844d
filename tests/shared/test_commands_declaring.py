"""Declarations that can't work are refused at once, with what to do; the others are announced."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest

from shared.commands import (
    Commands,
    DeclarationError,
    Describe,
    Duration,
    Length,
    Range,
    Reply,
    Text,
    help_page,
    reference_page,
    usage,
)
from shared.contracts.ids import MessageId, UserId
from shared.contracts.invocations import Choice, Invocation, OptionSpec, OptionType


@pytest.fixture
def commands() -> Commands[None]:
    return Commands("dock", plugin="harbour")


async def no_docstring(deps: None, by: Invocation) -> Reply:
    return Reply()


async def no_type(deps: None, by: Invocation, name: str) -> Reply:
    """Do it."""
    return Reply()


del no_type.__annotations__["name"]


async def odd_type(deps: None, by: Invocation, name: list[str]) -> Reply:
    """Do it."""
    return Reply()


async def text_not_last(deps: None, by: Invocation, why: Text, who: UserId) -> Reply:
    """Do it."""
    return Reply()


async def optional_first(deps: None, by: Invocation, who: int = 0, *, why: str) -> Reply:
    """Do it."""
    return Reply()


async def none_by_default(deps: None, by: Invocation, why: str = None) -> Reply:  # noqa: RUF013 # pyright: ignore[reportArgumentType] - what is tested
    """Do it."""
    return Reply()


async def none_without_default(deps: None, by: Invocation, why: str | None) -> Reply:
    """Do it."""
    return Reply()


async def no_invocation(deps: None) -> Reply:
    """Do it."""
    return Reply()


async def star(deps: None, by: Invocation, *who: UserId) -> Reply:
    """Do it."""
    return Reply()


async def long_description(deps: None, by: Invocation) -> Reply:
    """Do it."""
    return Reply()


long_description.__doc__ = "x" * 101


async def long_option(
    deps: None, by: Invocation, why: Annotated[str, Describe("x" * 101)]
) -> Reply:
    """Do it."""
    return Reply()


async def capital(deps: None, by: Invocation, Why: str) -> Reply:  # noqa: N803 - what is tested
    """Do it."""
    return Reply()


async def fine(deps: None, by: Invocation) -> Reply:
    """Do it."""
    return Reply()


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (no_docstring, "has no docstring: its first line is the command's description"),
        (no_type, "give `name` a type"),
        (odd_type, "`name` has the type list[str], which no option can have; use UserId"),
        (text_not_last, "`why` takes the rest of the line, so it must be the last option"),
        (optional_first, "the required `why` comes after the optional `who`"),
        (none_by_default, "`why` is None by default; add `| None`"),
        (none_without_default, "`why` may be None, so make that its default"),
        (no_invocation, "begin with `deps: Deps, by: Invocation`"),
        (star, "options can't be `*who`"),
        (long_description, "Discord allows 1 to 100"),
        (long_option, "the description of `why` has 101 characters"),
        (capital, "`Why` can't name an option"),
    ],
)
def test_a_handler_that_can_not_be_a_command_is_refused(
    commands: Commands[None], handler: Callable[..., Any], said: str
) -> None:
    with pytest.raises(DeclarationError) as error:
        commands.command("do")(handler)

    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dock", "taken by 'dock'"),
        ("pier", "taken by 'dock'"),
        ("dock list", "a group of commands can't be a command itself"),
        ("Dock", "one to three words"),
        ("a b c d", "one to three words"),
        ("x" * 33, "one to three words"),
        ("a  b", "one to three words"),
    ],
)
def test_a_name_that_can_not_be_is_refused(commands: Commands[None], name: str, said: str) -> None:
    commands.command("dock", aliases=("pier",))(fine)

    with pytest.raises(DeclarationError) as error:
        commands.command(name)(fine)

    assert said in str(error.value)


def test_a_group_has_25_commands_at_most(commands: Commands[None]) -> None:
    for number in range(25):
        commands.command(f"dock n{number}")(fine)

    with pytest.raises(DeclarationError):
        commands.command("dock n25")(fine)


def test_an_option_has_25_choices_at_most(commands: Commands[None]) -> None:
    many = Literal[tuple(f"c{number}" for number in range(26))]  # pyright: ignore[reportInvalidTypeForm] - what is tested

    async def choose(deps: None, by: Invocation, which: object) -> Reply:
        """Choose."""
        return Reply()

    choose.__annotations__["which"] = many
    with pytest.raises(DeclarationError) as error:
        commands.command("choose")(choose)

    assert "use `str` with an autocomplete handler" in str(error.value)


def test_what_is_in_a_menu_only_is_explained_as_such(commands: Commands[None]) -> None:
    async def of_message(deps: None, by: Invocation, message: MessageId) -> Reply:
        """Quote a message."""
        return Reply()

    commands.command("quote", text=False, slash=False, menu="message", menu_name="Quote")(
        of_message
    )

    assert usage(commands.by_name["quote"].spec) == "Apps → Quote"
    assert "quote" not in help_page(commands.by_name["quote"].spec).replace("Quote", "")


def test_a_menu_fills_an_option_that_fits_it(commands: Commands[None]) -> None:
    async def of_message(deps: None, by: Invocation, message: MessageId) -> Reply:
        """Do it."""
        return Reply()

    commands.command("quote", menu="message", menu_name="Quote this")(of_message)
    with pytest.raises(DeclarationError) as error:
        commands.command("greet", menu="user")(of_message)

    assert "make its first option a UserId" in str(error.value)
    assert commands.by_name["quote"].spec.menu_name == "Quote this"


def test_what_is_completed_must_be_an_option(commands: Commands[None]) -> None:
    async def complete(deps: None, by: Invocation, typed: str) -> list[Choice]:
        return []

    commands.command("dock")(fine)
    with pytest.raises(DeclarationError):
        commands.autocomplete("dock", "name")(complete)


def test_a_custom_id_that_discord_would_not_take_is_refused(commands: Commands[None]) -> None:
    commands.component("page")(fine)

    assert commands.custom_id("page", 1, "a:b%") == "dock:page:1:a%3Ab%25"
    with pytest.raises(ValueError, match="over 100"):
        commands.custom_id("page", "x" * 100)
    with pytest.raises(ValueError, match="no component"):
        commands.custom_id("pge")
    with pytest.raises(DeclarationError):
        commands.component("page")(fine)


def test_everything_that_discord_has_to_know_is_announced(commands: Commands[None]) -> None:
    @commands.command("dock moor", level=50, ephemeral=True, aliases=("dock tie",))
    async def moor(
        deps: None,
        by: Invocation,
        from_: UserId,
        name: Annotated[str, Describe("Its name"), Length(30)],
        length: Annotated[int, Range(1, 200)] = 10,
        side: Literal["port", "starboard"] = "port",
        duration: Duration | None = None,
    ) -> Reply:
        """Moor a ship.

        Nobody sees this line.
        """
        return Reply()

    @commands.autocomplete("dock moor", "name")
    async def complete(deps: None, by: Invocation, typed: str) -> list[Choice]:
        return []

    (spec,) = commands.specs()
    assert (spec.name, spec.aliases) == ("dock moor", ("dock tie",))
    assert (spec.description, spec.plugin, spec.level) == ("Moor a ship", "harbour", 50)
    assert spec.ephemeral
    assert spec.options == (
        OptionSpec(
            name="from",
            description="From: a member: mention them, or give their id",
            type=OptionType.USER,
            kind="user",
        ),
        OptionSpec(
            name="name",
            description="Its name",
            type=OptionType.STRING,
            kind="word",
            autocomplete=True,
            max_length=30,
        ),
        OptionSpec(
            name="length",
            description="Length: a whole number from 1 to 200",
            type=OptionType.INTEGER,
            kind="integer",
            required=False,
            min_value=1,
            max_value=200,
        ),
        OptionSpec(
            name="side",
            description="Side: one of port, starboard",
            type=OptionType.STRING,
            kind="choice",
            required=False,
            choices=(
                Choice(name="port", value="port"),
                Choice(name="starboard", value="starboard"),
            ),
        ),
        OptionSpec(
            name="duration",
            description="Duration: a length of time such as 30m, 7d or 1w2d3h, or permanent",
            type=OptionType.STRING,
            kind="duration",
            required=False,
        ),
    )


def test_the_reference_tells_how_every_command_is_used(commands: Commands[None]) -> None:
    @commands.command("greet", level=10, aliases=("hail",), menu="user")
    async def greet(
        deps: None, by: Invocation, who: UserId, side: Literal["port", "starboard"] = "port"
    ) -> Reply:
        """Greet somebody."""
        return Reply()

    assert reference_page(commands.specs()) == (
        "# Commands\n\n## Harbour\n\n### `/greet <who> [side]`\n\n"
        "Greet somebody. Level 10; slash and text and menu of a member; also `hail`.\n\n"
        "- `who`: Who: a member: mention them, or give their id.\n"
        "- `side` (optional): Side: one of port, starboard. One of `port`, `starboard`.\n"
    )
