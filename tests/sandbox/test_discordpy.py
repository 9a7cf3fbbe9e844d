"""discord.py drives the sandbox as it drives Discord."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct

from tests.support.sandbox import Guild, Person, Sandbox
from tests.support.waiting import eventually

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of a module that discord.py imports
    import discord
    from discord import app_commands
    from discord.http import Route


class Client(discord.AutoShardedClient):
    """A client that keeps what it hears; this kind asks where the gateway is."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.all(), guild_ready_timeout=0.2)
        self.tree = app_commands.CommandTree(self)
        self.messages = list[discord.Message]()
        self.bans = list[str]()
        self.resumed = 0

    async def on_message(self, message: discord.Message) -> None:
        self.messages.append(message)

    async def on_member_ban(self, _: discord.Guild, user: discord.User | discord.Member) -> None:
        self.bans.append(user.name)

    async def on_resumed(self) -> None:
        self.resumed += 1


class Stage(Struct):
    """A guild with a discord.py bot in it."""

    sandbox: Sandbox
    guild: Guild
    owner: Person
    client: Client

    @property
    def seen_guild(self) -> discord.Guild:
        found = self.client.get_guild(self.guild.id)
        assert found is not None
        return found

    @property
    def channel(self) -> discord.TextChannel:
        return self.seen_guild.text_channels[0]


Prepare = Callable[[Client], object]


@asynccontextmanager
async def on_stage(sandbox: Sandbox, prepare: Prepare = lambda _: None) -> AsyncGenerator[Stage]:
    sandbox.world.settings.rate_limits = False
    owner = await sandbox.create_user("owner")
    guild = await sandbox.found("Harbour", owner)
    account = await sandbox.create_bot()
    await sandbox.invite(guild, account, permissions=1 << 3)
    client = Client()
    prepare(client)
    async with client:
        running = asyncio.create_task(client.start(account.token))
        await eventually(lambda: running.done() or (client.is_ready() and knows(client, guild)))
        try:
            yield Stage(sandbox, guild, owner, client)
        finally:
            await client.close()
            await running


def knows(client: Client, guild: Guild) -> bool:
    """Say whether a guild has arrived whole: the library is ready before, on a slow machine."""
    found = client.get_guild(guild.id)
    return found is not None and not found.unavailable and found.chunked


@pytest.fixture(autouse=True)
def at_home(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point discord.py at the sandbox: it has no setting for that, only this constant."""
    monkeypatch.setattr(Route, "BASE", sandbox.api_url)


async def test_it_sees_the_guild_with_channels_and_members(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        assert on.seen_guild.name == "Harbour"
        assert [one.name for one in on.seen_guild.text_channels] == ["general"]
        assert on.seen_guild.owner_id == on.owner.id
        assert on.seen_guild.me.guild_permissions.administrator
        assert on.seen_guild.member_count == 2


async def test_it_hears_and_answers(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        await on.owner.says(on.guild, "Ahoy!")
        await eventually(lambda: on.client.messages)

        await on.client.messages[0].reply("Ahoy yourself!")

        answer = (await on.owner.sees(on.guild))[-1]
        assert answer.content == "Ahoy yourself!"
        assert answer.raw["referenced_message"]["content"] == "Ahoy!"


async def test_it_moderates(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        raider = await sandbox.join(on.guild, "raider")
        member = await on.seen_guild.fetch_member(raider.id)

        await member.timeout(timedelta(minutes=5), reason="too loud")
        await on.seen_guild.ban(member, reason="spamming", delete_message_seconds=0)

        assert (await on.seen_guild.fetch_ban(member)).reason == "spamming"
        await eventually(lambda: on.client.bans == ["raider"])
        log = [entry.reason async for entry in on.seen_guild.audit_logs(limit=5)]
        assert log[:2] == ["spamming", "too loud"]
        await on.seen_guild.unban(member)
        with pytest.raises(discord.NotFound) as unknown:
            await on.seen_guild.fetch_ban(member)
        assert unknown.value.code == 10026


async def test_roles_channels_threads_and_reactions(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        role = await on.seen_guild.create_role(name="Sailors", colour=discord.Colour.teal())
        await on.seen_guild.me.add_roles(role)
        boats = await on.seen_guild.create_text_channel("boats", topic="Hulls")
        await boats.set_permissions(role, send_messages=False)
        message = await boats.send("Who sails?")
        await message.add_reaction("⛵")
        thread = await message.create_thread(name="Crew")
        await thread.send("Me.")

        found = await boats.fetch_message(message.id)
        assert [str(one.emoji) for one in found.reactions] == ["⛵"]
        assert [one.content async for one in thread.history(limit=1)] == ["Me."]

        def closed() -> bool:
            known = on.seen_guild.get_channel(boats.id)
            return known is not None and known.overwrites_for(role).send_messages is False

        await eventually(closed)


def with_commands(client: Client) -> None:
    @client.tree.command(description="Ban somebody for a time.")
    async def tempban(
        interaction: discord.Interaction[Client],
        member: discord.Member,
        duration: str,
        reason: str = "",
    ) -> None:
        view = discord.ui.View()
        button = discord.ui.Button[discord.ui.View](label="Lift", custom_id="lift")
        button.callback = lift
        view.add_item(button)
        text = f"{member.name} for {duration}: {reason}"
        await interaction.response.send_message(text, view=view)

    async def lift(interaction: discord.Interaction[Client]) -> None:
        await interaction.response.edit_message(content="Lifted.", view=None)

    @tempban.autocomplete("duration")
    async def durations(
        _: discord.Interaction[Client], current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current} days", value=f"{current}d")]

    @client.tree.command(description="Answer later.")
    async def later(interaction: discord.Interaction[Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("Here it is.")

    @client.tree.context_menu(name="Show infractions")
    async def show(interaction: discord.Interaction[Client], member: discord.Member) -> None:
        await interaction.response.send_modal(note)
        assert member.name

    class Note(discord.ui.Modal, title="A note"):
        text = discord.ui.TextInput["Note"](label="Text", custom_id="text")

        async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
            await interaction.response.send_message(f"Noted: {self.text.value}", ephemeral=True)

    note = Note()


async def test_application_commands(sandbox: Sandbox) -> None:
    async with on_stage(sandbox, with_commands) as on:
        assert len(await on.client.tree.sync()) == 3
        raider = await sandbox.join(on.guild, "raider")

        answer = await on.owner.runs(f"/tempban {raider} 20s spamming", on.guild)
        assert answer.content == "raider for 20s: spamming"
        assert (await on.owner.clicks(answer, "Lift")).content == "Lifted."
        choices = await on.owner.suggestions(f"/tempban {raider} 3", "duration", on.guild)
        assert choices[0]["value"] == "3d"
        answer = await on.owner.runs("/later", on.guild)
        assert (answer.content, answer.ephemeral) == ("Here it is.", True)


async def test_a_context_menu_that_opens_a_modal(sandbox: Sandbox) -> None:
    async with on_stage(sandbox, with_commands) as on:
        await on.client.tree.sync()
        raider = await sandbox.join(on.guild, "raider")

        modal = await on.owner.uses("Show infractions", raider, on.guild)
        noted = await on.owner.submits(modal, text="was warned")

        assert (noted.content, noted.ephemeral) == ("Noted: was warned", True)


async def test_it_resumes_and_misses_nothing(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        await sandbox.fault(gateway="reconnect")
        await on.owner.says(on.guild, "while away")

        await eventually(lambda: on.client.resumed == 1)
        await eventually(lambda: [one.content for one in on.client.messages] == ["while away"])
        assert sandbox.hub.record.counts["identify"] == 1
