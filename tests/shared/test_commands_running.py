"""Commands on a real broker: an invocation goes in, an action for the gateway comes out."""

# ruff: noqa: ARG002 - `get` takes a guild, needed or not

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared import bus as buses
from shared.bus import Bus, Delivery, QueueSpec
from shared.commands import Commands, Duration, Modal, Reply, Silence, Text
from shared.contracts.actions import (
    ActionRequest,
    ActionRow,
    AddReaction,
    Autocomplete,
    Button,
    Defer,
    OpenModal,
    Respond,
    TextInput,
)
from shared.contracts.codec import decode
from shared.contracts.config import (
    CommandOverride,
    CommandRule,
    CommandSelector,
    ConfigDocument,
)
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import (
    Choice,
    CommandsAnnounced,
    CommandsWanted,
    Invocation,
    MessageTarget,
)
from shared.contracts.topology import (
    DISCORD_COMMANDS,
    FLOTILLA_EVENTS,
    GATEWAY_ACTIONS,
    INTERACTIVE,
    autocomplete_key,
    component_key,
)
from shared.errors import UnavailableError, UserError
from shared.permissions import MODERATOR
from tests.support.invoking import RAIDER_ID, by_interaction, by_text


@dataclass
class Harbour:
    """What the commands of these tests are given; `ran` is what they did."""

    ran: list[object] = field(default_factory=list[object])
    away: int = 0


commands: Commands[Harbour] = Commands("harbour")


@commands.command("tempban", level=MODERATOR, ephemeral=True, menu="user", menu_name="Ban them")
async def tempban(
    deps: Harbour, by: Invocation, member: UserId, duration: Duration, reason: Text = ""
) -> Reply:
    """Ban somebody for a time."""
    deps.ran.append((member, duration, reason))
    return Reply(f"Banned <@{member}>.")


@commands.command("dock list")
async def dock_list(deps: Harbour, by: Invocation, name: str = "") -> Reply:
    """List the docks."""
    row = ActionRow(components=(Button(label="Next", custom_id=commands.custom_id("page", 2)),))
    return Reply("Docks", components=(row,))


@commands.command("dock rename", aliases=("dock call",))
async def dock_rename(deps: Harbour, by: Invocation, name: str) -> Reply | Modal:
    """Rename a dock."""
    custom_id = commands.custom_id("renamed", name)
    return Modal(custom_id, "Rename", (TextInput(custom_id="title", label="Title"),))


@commands.autocomplete("dock list", "name")
async def complete_dock(deps: Harbour, by: Invocation, typed: str) -> list[Choice]:
    return [Choice(name=f"{typed}{n}", value=f"{typed}{n}") for n in range(30)]


@commands.component("page", of="dock list")
async def page(deps: Harbour, by: Invocation, number: int) -> Reply | None:
    return Reply(f"Page {number}", update=True) if number else None


@commands.component("renamed")
async def renamed(deps: Harbour, by: Invocation, name: str, title: Text) -> Reply:
    return Reply(f"{name} is {title}")


@commands.command("sink")
async def sink(deps: Harbour, by: Invocation, how: Text = "") -> Reply:
    """Fail in different ways."""
    if how == "user":
        raise UserError("The harbour is closed.")
    if how == "away":
        deps.away += 1
        if deps.away < 3:
            raise UnavailableError("The sea is away.")
        return Reply("at last")
    if how == "long":
        return Reply("x" * 2001)
    raise RuntimeError("leak")


@commands.command("moor", menu="user", menu_form=True)
async def moor(deps: Harbour, by: Invocation, member: UserId, side: str = "port") -> Reply:
    """Moor somebody's ship."""
    deps.ran.append((member, side))
    return Reply("Moored.")


@commands.command("hush")
async def hush(deps: Harbour, by: Invocation, emoji: str = "") -> Silence:
    """Say nothing."""
    deps.ran.append("hush")
    return Silence(emoji)


class Configs:
    """The same configuration for every guild."""

    def __init__(self, document: ConfigDocument) -> None:
        self.document = document

    def get(self, guild_id: GuildId) -> ConfigDocument:
        return self.document


@dataclass
class Port:
    """The commands at work, and where their answers arrive."""

    bus: Bus
    deps: Harbour
    configs: Configs
    answers: asyncio.Queue[tuple[Delivery, ActionRequest]]
    announced: asyncio.Queue[CommandsAnnounced]

    async def publish(self, by: Invocation, key: str | None = None) -> None:
        await self.bus.publish(
            DISCORD_COMMANDS,
            key or by.command.split(" ")[0],
            by,
            message_id=by.id,
            guild_id=by.guild_id,
            type="invocation",
            mandatory=True,
        )

    async def run(self, by: Invocation, key: str | None = None) -> ActionRequest:
        await self.publish(by, key)
        async with asyncio.timeout(30):
            return (await self.answers.get())[1]

    async def said(self, by: Invocation, key: str | None = None) -> str:
        action = (await self.run(by, key)).action
        assert isinstance(action, Respond)
        return action.message.content


@pytest.fixture
async def port(amqp_url: str) -> AsyncIterator[Port]:
    async with buses.connect(amqp_url, name="port") as bus:
        await bus.declare_exchanges()
        port = Port(bus, Harbour(), Configs(ConfigDocument()), asyncio.Queue(), asyncio.Queue())

        async def answer(delivery: Delivery) -> None:
            port.answers.put_nowait((delivery, decode(delivery.body, ActionRequest)))

        async def announced(delivery: Delivery) -> None:
            port.announced.put_nowait(decode(delivery.body, CommandsAnnounced))

        await bus.consume(
            QueueSpec("gateway.actions.interactive", ((GATEWAY_ACTIONS, INTERACTIVE),)), answer
        )
        await bus.consume(
            QueueSpec("gateway.domain", ((FLOTILLA_EVENTS, CommandsAnnounced.KEY),)), announced
        )
        await commands.start(bus, port.deps, configs=port.configs)
        yield port


async def test_a_text_command_is_answered_through_the_gateway(port: Port) -> None:
    by = by_text("tempban", f"<@{RAIDER_ID}> 7d spamming  is bad")

    request = await port.run(by)

    assert port.deps.ran == [(RAIDER_ID, timedelta(days=7), "spamming  is bad")]
    assert request.key == f"{by.id}:reply"
    assert isinstance(request.action, Respond)
    assert request.action.to == by.reply_to
    assert request.action.message.content == f"Banned <@{RAIDER_ID}>."
    assert request.action.message.ephemeral
    assert request.action.message.allowed_mentions.parse == ()
    assert not request.action.message.allowed_mentions.replied_user


async def test_the_same_command_by_slash_gets_the_same_arguments(port: Port) -> None:
    options = {"member": str(RAIDER_ID), "duration": "7d", "reason": "spamming"}

    await port.run(by_interaction("tempban", options=options))

    assert port.deps.ran == [(RAIDER_ID, timedelta(days=7), "spamming")]


async def test_broken_arguments_are_explained_with_the_usage(port: Port) -> None:
    said = await port.said(by_text("tempban", f"<@{RAIDER_ID}> 7x"))

    assert "`duration`" in said
    assert "`7x`" in said
    assert said.endswith("Usage: `!tempban <member> <duration> [reason]`")
    assert port.deps.ran == []


async def test_broken_slash_arguments_are_explained_as_slash(port: Port) -> None:
    options = {"member": str(RAIDER_ID), "duration": "soon"}

    said = await port.said(by_interaction("tempban", options=options))

    assert "Usage: `/tempban <member> <duration> [reason]`" in said


async def test_a_member_is_refused_with_the_levels(port: Port) -> None:
    said = await port.said(by_text("tempban", f"<@{RAIDER_ID}> 7d", permissions=0))

    assert said == "You can't use `tempban`: it needs level 50, and yours is 0."
    assert port.deps.ran == []


async def test_a_command_that_is_turned_off_is_refused_to_everybody(port: Port) -> None:
    selector = CommandSelector(group="dock")
    rule = CommandRule(selector=selector, override=CommandOverride(disabled=True))
    port.configs.document = ConfigDocument(commands=(rule,))

    said = await port.said(by_text("dock list"))

    assert said == "`dock list` is turned off in this server."


async def test_a_component_needs_the_level_of_its_command(port: Port) -> None:
    selector = CommandSelector(command="dock.list")
    rule = CommandRule(selector=selector, override=CommandOverride(level=100))
    port.configs.document = ConfigDocument(commands=(rule,))
    by = by_interaction(source="component", custom_id="harbour:page:2")

    said = await port.said(by, component_key("harbour"))

    assert said == "You can't use this: it needs level 100, and yours is 50."


async def test_an_unknown_subcommand_lists_the_others(port: Port) -> None:
    said = await port.said(by_text("dock", "lst"))

    assert said.startswith("`!dock` has no `lst`. Did you mean `list`?")
    assert "`!dock rename`" in said


async def test_a_group_alone_lists_its_commands(port: Port) -> None:
    assert "`!dock list`, `!dock rename`" in await port.said(by_text("dock"))


async def test_the_text_may_come_with_the_command_or_after_it(port: Port) -> None:
    apart = await port.said(by_text("dock", "List"))
    together = await port.said(by_text("dock list"))

    assert apart == together == "Docks"


async def test_an_alias_runs_the_command(port: Port) -> None:
    action = (await port.run(by_text("dock", "call pier"))).action

    assert isinstance(action, OpenModal)
    assert action.custom_id == "harbour:renamed:pier"


async def test_a_users_mistake_is_shown_as_it_stands_and_to_them_alone(port: Port) -> None:
    action = (await port.run(by_interaction("sink", options={"how": "user"}))).action

    assert isinstance(action, Respond)
    assert action.message.content == "The harbour is closed."
    assert action.message.ephemeral


async def test_a_bug_is_a_case_number_and_nothing_more(port: Port) -> None:
    said = await port.said(by_text("sink"))

    assert said.startswith("Something went wrong. Case ")
    assert len(said.split()[-1]) == 8
    assert "leak" not in said


async def test_a_command_is_run_again_while_something_is_away(port: Port) -> None:
    assert await port.said(by_text("sink", "away")) == "at last"
    assert port.deps.away == 3


async def test_after_a_minute_the_user_is_told_that_something_is_away(port: Port) -> None:
    by = msgspec.structs.replace(
        by_text("sink", "away"), received_at=datetime.now(UTC) - timedelta(minutes=2)
    )

    said = await port.said(by)

    assert said.endswith("The sea is away.")
    assert port.deps.away == 1


async def test_an_expired_invocation_is_not_run(port: Port) -> None:
    late = msgspec.structs.replace(by_text("sink", "user"), deadline=datetime.now(UTC))
    await port.publish(late)

    assert await port.said(by_text("dock list")) == "Docks"


async def test_an_answer_too_long_for_a_message_is_a_file(port: Port) -> None:
    action = (await port.run(by_text("sink", "long"))).action

    assert isinstance(action, Respond)
    assert action.message.files[0].name == "answer.txt"
    assert action.message.files[0].data == b"x" * 2001
    assert len(action.message.content) < 2000


async def test_a_command_of_servers_is_refused_elsewhere(port: Port) -> None:
    said = await port.said(by_text("dock list", in_guild=False))

    assert said == "`dock list` works in a server only."


async def test_a_button_changes_the_message_that_it_is_on(port: Port) -> None:
    by = by_interaction(source="component", custom_id="harbour:page:2")

    action = (await port.run(by, component_key("harbour"))).action

    assert isinstance(action, Respond)
    assert action.update
    assert action.message.content == "Page 2"


async def test_a_button_may_leave_all_as_it_is(port: Port) -> None:
    by = by_interaction(source="component", custom_id="harbour:page:0")

    action = (await port.run(by, component_key("harbour"))).action

    assert action == Defer(to=by.reply_to, update=True)


@pytest.mark.parametrize(
    "custom_id",
    [
        "harbour:gone:1",
        "harbour:page:x",
        "harbour:page:1:2",
        "harbour",
        "harbour:menu:tempban",
        "harbour:menu:dock list:5",
    ],
)
async def test_a_button_of_an_older_version_says_so(port: Port, custom_id: str) -> None:
    by = by_interaction(source="component", custom_id=custom_id)

    assert "older version" in await port.said(by, component_key("harbour"))


async def test_a_form_brings_what_was_filled_in_and_what_its_id_carries(port: Port) -> None:
    by = by_interaction(
        source="modal", custom_id="harbour:renamed:pier%3A1", options={"title": "The old pier"}
    )

    assert await port.said(by, component_key("harbour")) == "pier:1 is The old pier"


async def test_a_menu_asks_for_what_it_can_not_know(port: Port) -> None:
    menu = by_interaction("tempban", source="user_menu", target_id=RAIDER_ID)
    form = (await port.run(menu)).action
    assert isinstance(form, OpenModal)
    assert form.title == "Ban them"
    assert [row.components[0].custom_id for row in form.rows] == ["duration", "reason"]

    filled = by_interaction(
        source="modal", custom_id=form.custom_id, options={"duration": "1h", "reason": ""}
    )
    await port.run(filled, component_key("harbour"))

    assert port.deps.ran == [(RAIDER_ID, timedelta(hours=1), "")]


async def test_a_menu_may_ask_for_what_is_optional_too(port: Port) -> None:
    menu = by_interaction("moor", source="user_menu", target_id=RAIDER_ID)
    form = (await port.run(menu)).action
    assert isinstance(form, OpenModal)

    filled = by_interaction(source="modal", custom_id=form.custom_id, options={"side": ""})
    await port.run(filled, component_key("harbour"))

    assert port.deps.ran == [(RAIDER_ID, "port")]


async def test_a_text_command_may_be_answered_by_a_reaction(port: Port) -> None:
    by = by_text("hush", "👍")

    action = (await port.run(by)).action

    assert isinstance(by.reply_to, MessageTarget)
    assert action == AddReaction(
        channel_id=by.reply_to.channel_id, message_id=by.reply_to.message_id, emoji="👍"
    )


async def test_a_text_command_may_be_answered_by_nothing(port: Port) -> None:
    await port.publish(by_text("hush"))
    answer = await port.run(by_text("dock list"))

    assert isinstance(answer.action, Respond)
    assert answer.action.message.content == "Docks"
    assert port.answers.empty()


async def test_an_interaction_is_never_left_without_an_answer(port: Port) -> None:
    action = (await port.run(by_interaction("hush"))).action

    assert isinstance(action, Respond)
    assert action.message.ephemeral
    assert action.message.content == "Done."


async def test_a_members_menu_form_is_refused_too(port: Port) -> None:
    filled = by_interaction(
        source="modal",
        custom_id=f"harbour:menu:tempban:{RAIDER_ID}",
        options={"duration": "1h"},
        permissions=0,
    )

    assert "needs level 50" in await port.said(filled, component_key("harbour"))
    assert port.deps.ran == []


async def test_typing_an_option_offers_25_choices_at_most(port: Port) -> None:
    by = by_interaction(
        "dock list", source="autocomplete", focused="name", options={"name": "pier"}
    )

    action = (await port.run(by, autocomplete_key("dock"))).action

    assert isinstance(action, Autocomplete)
    assert [choice.value for choice in action.choices] == [f"pier{n}" for n in range(25)]


async def test_typing_where_nothing_can_be_offered_offers_nothing(port: Port) -> None:
    by = by_interaction("sink", source="autocomplete", focused="how")

    action = (await port.run(by, autocomplete_key("sink"))).action

    assert action == Autocomplete(to=by.reply_to, choices=())


async def test_commands_are_announced_at_the_start_and_when_asked_for(port: Port) -> None:
    async with asyncio.timeout(30):
        first = await port.announced.get()
        await port.bus.publish(
            FLOTILLA_EVENTS,
            CommandsWanted.KEY,
            CommandsWanted(),
            message_id="1",
            type=CommandsWanted.KEY,
        )
        again = await port.announced.get()

    assert first == again == CommandsAnnounced(service="harbour", commands=commands.specs())
