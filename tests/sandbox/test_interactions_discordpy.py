"""People use a bot that is written with discord.py: commands, buttons, menus and modals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sandbox.gateway import GatewaySettings
from sandbox.models import Application
from sandbox.models import Guild as WorldGuild
from tests.sandbox.discordpy_bot import Bot, running
from tests.support.people import Guild, Person
from tests.support.sandbox import Sandbox
from tests.support.waiting import eventually


@pytest.fixture
def application(sandbox: Sandbox) -> Application:
    return sandbox.world.create_application("discord.py")


@pytest.fixture
def owner(sandbox: Sandbox) -> Person:
    user = sandbox.world.create_user("owner", global_name="Owner")
    return Person(sandbox, user.id, user.username, user.token)


@pytest.fixture
def harbour(sandbox: Sandbox, owner: Person, application: Application) -> WorldGuild:
    world = sandbox.world
    guild = world.create_guild("Harbour", world.users[owner.id])
    world.add_member(guild, world.users[application.id])
    return guild


@pytest.fixture
def guild(sandbox: Sandbox, harbour: WorldGuild) -> Guild:
    channels = {sandbox.world.channels[one].name: one for one in harbour.channel_ids}
    return Guild(harbour.id, harbour.name, channels, {})


@pytest.fixture
async def bot(
    sandbox: Sandbox, application: Application, harbour: WorldGuild
) -> AsyncIterator[Bot]:
    assert application.id in harbour.members
    sandbox.hub.settings = GatewaySettings(identify_interval=timedelta(0))
    token = sandbox.world.token_of(application)
    async with running(token, sandbox.api_url, sandbox.gateway_url) as client:
        yield client


async def test_a_command_is_answered(bot: Bot, owner: Person, guild: Guild) -> None:
    answer = await owner.runs(f"/echo hello {owner.id}", guild)

    assert answer.content == "Owner: hello"
    assert bot.guilds[0].name == "Harbour"


async def test_a_slow_command_is_deferred_and_completed(
    bot: Bot, owner: Person, guild: Guild
) -> None:
    answer = await owner.runs("/slow", guild)

    assert (answer.content, answer.ephemeral) == ("at last", True)
    assert bot.is_ready()


@pytest.mark.usefixtures("bot")
async def test_a_button_changes_its_message(owner: Person, guild: Guild) -> None:
    question = await owner.runs("/ask", guild)
    changed = await owner.clicks(question, "Yes")

    assert (changed.id, changed.content, changed.components) == (question.id, "done", [])


@pytest.mark.usefixtures("bot")
async def test_a_menu_names_who_was_chosen(owner: Person, guild: Guild) -> None:
    question = await owner.runs("/ask", guild)

    assert (await owner.chooses(question, str(owner.id))).content == "chose owner"


@pytest.mark.usefixtures("bot")
async def test_a_modal_is_filled_in(owner: Person, guild: Guild) -> None:
    question = await owner.runs("/ask", guild)
    modal = await owner.clicks(question, "Why")
    answer = await owner.submits(modal, why="it rains")

    assert (answer.content, answer.ephemeral) == ("because it rains", True)


@pytest.mark.usefixtures("bot")
async def test_what_is_typed_is_completed(owner: Person, guild: Guild) -> None:
    choices = await owner.suggestions("/find an", "what", guild)

    assert [one["value"] for one in choices] == ["anchor", "anvil"]
    assert (await owner.runs("/find anchor", guild)).content == "found anchor"


@pytest.mark.usefixtures("bot")
async def test_a_message_is_quoted_from_its_menu(owner: Person, guild: Guild) -> None:
    message = await owner.says(guild, "to be or not")

    assert (await owner.uses("Quote", message, guild)).content == "> to be or not"


async def test_nothing_is_missed_when_the_wire_breaks(
    bot: Bot, sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    await owner.says(guild, "before")
    await eventually(lambda: bot.heard == ["before"])
    sandbox.hub.faults.drop()
    await owner.says(guild, "meanwhile")

    await asyncio.wait_for(bot.resumed.wait(), 60)
    await eventually(lambda: bot.heard == ["before", "meanwhile"])
