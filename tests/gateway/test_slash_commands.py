"""Slash commands: registered from what is announced, passed on, answered or deferred in time."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec import structs

from services.gateway.recognition.slash import Json, commands_of
from shared.contracts.discord import ADMINISTRATOR
from shared.contracts.invocations import CommandSpec, OptionSpec, OptionType
from tests.gateway.rig import Rig, operator_token, rows
from tests.gateway.toys import Toy, serve_toy
from tests.support.sandbox import Answer, Guild, InteractionFailed
from tests.support.waiting import eventually

SOON = "200ms"


async def test_announced_commands_are_registered_once(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.registered("ahoy")
        assert (await rig.member.runs("/sail far home", rig.guild)).content == "Home"
        assert (await rig.member.runs("/sail north 3", rig.guild)).content == "North with 3 knots"
    async with rig.gateway():
        await rig.knows("ahoy")
        assert (await rig.member.runs("/ahoy", rig.guild)).content == "Ahoy"

    assert len(await rig.sandbox.requests(method="PUT", token="bot")) == 1


async def test_commands_are_taken_back_where_they_are_no_longer_to_be(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    other = await rig.sandbox.found("Elsewhere", rig.owner)
    await rig.sandbox.invite(other, rig.bot, ADMINISTRATOR)
    async with rig.gateway(COMMAND_GUILD=str(other.id)):
        await eventually(lambda: offers(rig, other, "ahoy"), within=20)
        assert not await offers(rig, rig.guild, "ahoy")
    async with rig.gateway() as gateway:
        await rig.registered("ahoy")

        async def only_everywhere() -> bool:
            path = "/commands/registered"
            _, registered = await gateway.api.get(path, token=operator_token())
            shown = [(each["guild_id"], each["current"]) for each in cast("Any", registered)]
            return shown == [("0", True)]

        await eventually(only_everywhere, within=20)
        written = await rig.sandbox.requests(method="PUT", token="bot")
        (emptied,) = (each for each in written if each["body"] == [])
        assert str(other.id) in emptied["path"]


async def test_what_a_guild_had_that_the_bot_has_left_is_forgotten(
    rig: Rig, database_url: str
) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.registered("ahoy")
    left = (
        "INSERT INTO registrations SELECT application_id, 7, 'old' FROM registrations RETURNING 1"
    )
    await rows(database_url, left)
    async with rig.gateway():

        async def forgotten() -> bool:
            return len(await rows(database_url, "SELECT 1 FROM registrations")) == 1

        await eventually(forgotten, within=20)


async def test_an_invocation_carries_what_discord_said(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway():
        await rig.registered("ahoy")
        await rig.owner.runs("/ahoy there", rig.guild)

    by = toy.seen[0]
    assert (by.source, by.command, by.options) == ("slash", "ahoy", {"what": "there"})
    assert by.guild is not None
    assert by.guild.name == "Harbour"
    assert by.member is not None
    assert by.member.permissions > 0
    assert by.user.id == rig.owner.id


async def test_a_slow_command_is_deferred_and_its_answer_replaces_the_thinking(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway(DEFER_AFTER=SOON):
        await rig.registered("ahoy")
        answer = await slowly(rig, toy, "/ahoy late")

    assert (answer.content, answer.ephemeral) == ("Ahoy late", False)


async def test_a_deferral_is_for_whom_the_command_says(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway(DEFER_AFTER=SOON):
        await rig.registered("whisper")
        answer = await slowly(rig, toy, "/whisper")

    assert (answer.content, answer.ephemeral) == ("Psst", True)


async def test_an_error_after_a_public_deferral_is_still_for_one_alone(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway(DEFER_AFTER=SOON):
        await rig.registered("mutiny")
        toy.go_on.clear()
        running = rig.start(rig.member.runs("/mutiny", rig.guild))
        await eventually(rig.deferrals)
        toy.go_on.set()

        async def refused() -> Answer | bool:
            seen = await rig.member.sees(rig.guild)
            return any(each.content == "No mutiny here." and each.ephemeral for each in seen)

        await eventually(refused)
        assert not any(each.thinking for each in await rig.owner.sees(rig.guild))
        running.cancel()


async def test_a_quick_command_is_not_deferred(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway() as gateway:
        await rig.registered("ahoy")
        await rig.member.runs("/ahoy", rig.guild)
        asked = await rig.member.says(rig.guild, "!ahoy")
        await rig.answer_to(asked)

        assert await gateway.api.metric("gateway_deferred_total") == 0


async def test_components_change_their_message_or_answer_below_it(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway():
        await rig.registered("choose")
        message = await rig.member.runs("/choose", rig.guild)
        new = await rig.member.clicks(message, "New")
        assert (new.content, new.id != message.id) == ("Something new", True)
        changed = await rig.member.clicks(message, "Change")

    assert (changed.content, changed.id) == ("Changed", message.id)


async def test_a_slow_component_leaves_its_message_alone_until_it_answers(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway(DEFER_AFTER=SOON):
        await rig.registered("choose")
        message = await rig.member.runs("/choose", rig.guild)
        toy.go_on.clear()
        pressing = rig.start(rig.member.clicks(message, "New"))
        await eventually(rig.deferrals)
        toy.go_on.set()

        async def answered() -> bool:
            contents = [each.content for each in await rig.member.sees(rig.guild)]
            return "Something new" in contents and "Choose" in contents

        await eventually(answered)
        pressing.cancel()


async def test_forms_and_completion_work(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.registered("choose")
        message = await rig.member.runs("/choose", rig.guild)
        form = await rig.member.clicks(message, "Form")
        answer = await rig.member.submits(form, words="land ahoy")
        assert answer.content == "You said land ahoy"

        choices = await rig.member.suggestions("/ahoy th", "what", rig.guild)
        assert [choice["value"] for choice in choices] == ["th!"]


async def test_a_command_whose_service_is_gone_is_answered_plainly(rig: Rig) -> None:
    async with rig.gateway():
        await rig.announce("ghost", CommandSpec(name="boo", description="B", plugin="g", level=0))
        await rig.registered("boo")
        answer = await rig.member.runs("/boo", rig.guild)

    assert "is not running" in answer.content
    assert answer.ephemeral


async def test_a_service_that_is_away_is_waited_for(rig: Rig) -> None:
    toy = Toy()
    async with rig.gateway(DEFER_AFTER=SOON):
        consumption = await serve_toy(rig.bus, toy)
        await rig.registered("ahoy")
        await consumption.drain()
        answer = await rig.member.runs("/ahoy again", rig.guild)
        assert "away at the moment" in answer.content
        await serve_toy(rig.bus, toy)

        async def answered() -> bool:
            return any(each.content == "Ahoy again" for each in await rig.member.sees(rig.guild))

        await eventually(answered)


async def test_a_command_that_waits_is_deferred_before_the_gateway_stops(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    toy.go_on.clear()
    async with rig.gateway(DEFER_AFTER="2500ms"):
        await rig.registered("ahoy")
        running = rig.start(rig.member.runs("/ahoy patience", rig.guild))
        await eventually(lambda: toy.seen)
    async with rig.gateway():
        toy.go_on.set()
        assert (await running).content == "Ahoy patience"


async def test_a_command_given_during_a_restart_is_still_answered(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.registered("ahoy")
    running = rig.start(rig.member.runs("/ahoy again", rig.guild))
    await eventually(lambda: rig.sandbox.requests(method="POST", route="/interactions"))

    async with rig.gateway():
        assert (await running).content == "Ahoy again"


async def test_a_command_that_discord_has_given_up_is_not_carried_out(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway():
        await rig.registered("ahoy")
    with pytest.raises(InteractionFailed):
        await rig.member.runs("/ahoy too late", rig.guild)

    async with rig.gateway() as gateway:
        asked = await rig.member.says(rig.guild, "!ahoy")
        await rig.answer_to(asked)
        assert await gateway.api.metric("gateway_invocations_total") == 2
    assert [by.source for by in toy.seen] == ["text"]


def spec(name: str, *options: OptionSpec) -> CommandSpec:
    return CommandSpec(name=name, description=f"About {name}", plugin="p", level=0, options=options)


def option(name: str, *, required: bool) -> OptionSpec:
    return OptionSpec(
        name=name, description="", type=OptionType.STRING, kind="text", required=required
    )


def options_of(command: Json) -> list[Json]:
    return cast("list[Json]", command["options"])


def test_names_of_several_words_become_subcommands_and_groups() -> None:
    (role,) = commands_of([spec("role add"), spec("role of all"), spec("role")])

    assert [(each["type"], each["name"]) for each in options_of(role)] == [(1, "add"), (2, "of")]
    assert [each["name"] for each in options_of(options_of(role)[1])] == ["all"]


def test_a_menu_has_neither_description_nor_options() -> None:
    menu = structs.replace(spec("warn"), menu="user", menu_name="Warn them", slash=False)

    assert commands_of([menu]) == [
        {"type": 2, "name": "Warn them", "contexts": [0], "integration_types": [0]}
    ]


def test_required_options_come_first_as_discord_wants_them() -> None:
    (command,) = commands_of(
        [spec("do", option("early", required=False), option("late", required=True))]
    )

    assert [each["name"] for each in options_of(command)] == ["late", "early"]


async def slowly(rig: Rig, toy: Toy, line: str) -> Answer:
    """Run a command whose service answers only after the gateway has deferred it."""
    toy.go_on.clear()
    running = rig.start(rig.member.runs(line, rig.guild))
    await eventually(rig.deferrals)
    toy.go_on.set()
    return await running


async def offers(rig: Rig, guild: Guild, name: str) -> bool:
    """Say whether Discord offers a command in a guild."""
    return name in {each["name"] for each in await rig.owner.commands(guild.id)}
