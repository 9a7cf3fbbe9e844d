"""A bot written with discord.py, connected to a sandbox instead of Discord."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from yarl import URL

with warnings.catch_warnings():
    # discord.py imports a module of Python's that is going away.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands
    from discord.gateway import DiscordWebSocket
    from discord.http import Route


class Reason(discord.ui.Modal, title="Why?"):
    why: discord.ui.TextInput[Reason] = discord.ui.TextInput(label="Reason", custom_id="why")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"because {self.why.value}", ephemeral=True)


class Sure(discord.ui.View):
    @discord.ui.button(label="Yes", custom_id="yes")
    async def yes(self, interaction: discord.Interaction, _: discord.ui.Button[Sure]) -> None:
        await interaction.response.edit_message(content="done", view=None)

    @discord.ui.button(label="Why", custom_id="why")
    async def why(self, interaction: discord.Interaction, _: discord.ui.Button[Sure]) -> None:
        await interaction.response.send_modal(Reason())

    @discord.ui.select(
        cls=discord.ui.UserSelect[discord.ui.View], custom_id="whom", placeholder="Whom?"
    )
    async def whom(
        self, interaction: discord.Interaction, menu: discord.ui.UserSelect[discord.ui.View]
    ) -> None:
        await interaction.response.send_message(f"chose {menu.values[0].name}")


class Bot(discord.Client):
    """What people can do with this bot."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.all(), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        self.ready, self.resumed = asyncio.Event(), asyncio.Event()
        self.tree.command()(echo)
        self.tree.command()(slow)
        self.tree.command()(ask)
        self.tree.command()(find)
        self.tree.add_command(app_commands.ContextMenu(name="Quote", callback=quote))

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.ready.set()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message.content)

    async def on_resumed(self) -> None:
        self.resumed.set()


async def echo(interaction: discord.Interaction, text: str, member: discord.Member) -> None:
    """Say it again."""
    await interaction.response.send_message(f"{member.display_name}: {text}")


async def slow(interaction: discord.Interaction) -> None:
    """Take a while."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content="at last")
    await interaction.followup.send("and more")


async def ask(interaction: discord.Interaction) -> None:
    """Ask for sure."""
    await interaction.response.send_message("sure?", view=Sure())


async def suggest(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    names = [name for name in ("anchor", "anvil", "boat") if name.startswith(current)]
    return [app_commands.Choice(name=name.title(), value=name) for name in names]


@app_commands.autocomplete(what=suggest)
async def find(interaction: discord.Interaction, what: str) -> None:
    """Find something."""
    await interaction.response.send_message(f"found {what}")


async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"> {message.content}")


@asynccontextmanager
async def running(token: str, api_url: str, gateway_url: str) -> AsyncGenerator[Bot]:
    """Run the bot until it is no longer needed."""
    usual = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    # The library has no option for these two; people behind a proxy set them like this.
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, URL(gateway_url)
    client = Bot()
    task = asyncio.create_task(client.start(token))
    try:
        ready = asyncio.create_task(client.ready.wait())
        await asyncio.wait((task, ready), timeout=60, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield client
    finally:
        await client.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = usual
