"""A service for tests, with commands of every kind."""

from __future__ import annotations

import asyncio

from shared.bus import Bus, Consumption
from shared.commands import Commands, Modal, Reply, Text
from shared.config import ConfigStore
from shared.contracts.actions import ActionRow, Button, TextInput
from shared.contracts.config import ConfigDocument
from shared.contracts.ids import GuildId
from shared.contracts.invocations import Choice, Invocation
from shared.errors import UserError


class Toy:
    """What the toy's commands are given: what they were called with, and when they may answer."""

    def __init__(self) -> None:
        self.seen: list[Invocation] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    def get(self, guild_id: GuildId) -> ConfigDocument:
        """Return a guild's configuration: everywhere the default."""
        del guild_id
        return ConfigStore.DEFAULT


def toy_commands() -> Commands[Toy]:
    """Declare the toy's commands."""
    commands = Commands[Toy]("toy")
    _declare_commands(commands)
    _declare_components(commands)
    return commands


def _declare_commands(commands: Commands[Toy]) -> None:
    @commands.command("ahoy", aliases=("hoy",))
    async def ahoy(deps: Toy, by: Invocation, what: Text = "") -> Reply:
        """Say ahoy."""
        deps.seen.append(by)
        await deps.go_on.wait()
        return Reply(f"Ahoy {what}".rstrip())

    @commands.command("whisper", ephemeral=True)
    async def whisper(deps: Toy, by: Invocation) -> Reply:
        """Say it to one alone."""
        deps.seen.append(by)
        await deps.go_on.wait()
        return Reply("Psst")

    @commands.command("sail north", level=0)
    async def sail_north(deps: Toy, by: Invocation, knots: int = 5) -> Reply:
        """Sail to the north."""
        deps.seen.append(by)
        return Reply(f"North with {knots} knots")

    @commands.command("sail far home")
    async def sail_far_home(deps: Toy, by: Invocation) -> Reply:
        """Sail home."""
        deps.seen.append(by)
        return Reply("Home")

    @commands.command("mutiny")
    async def mutiny(deps: Toy, by: Invocation) -> Reply:
        """Refuse."""
        deps.seen.append(by)
        await deps.go_on.wait()
        raise UserError("No mutiny here.")

    @commands.command("choose")
    async def choose(deps: Toy, by: Invocation) -> Reply:
        """Show buttons."""
        deps.seen.append(by)
        buttons = (
            Button(label="New", custom_id=commands.custom_id("new")),
            Button(label="Change", custom_id=commands.custom_id("change")),
            Button(label="Form", custom_id=commands.custom_id("form")),
        )
        return Reply("Choose", components=(ActionRow(components=buttons),))

    @commands.autocomplete("ahoy", "what")
    async def complete_what(deps: Toy, by: Invocation, typed: str) -> tuple[Choice, ...]:
        deps.seen.append(by)
        return (Choice(name=f"{typed}!", value=f"{typed}!"),)


def _declare_components(commands: Commands[Toy]) -> None:
    @commands.component("new")
    async def new(deps: Toy, by: Invocation) -> Reply:
        deps.seen.append(by)
        await deps.go_on.wait()
        return Reply("Something new")

    @commands.component("change")
    async def change(deps: Toy, by: Invocation) -> Reply:
        deps.seen.append(by)
        await deps.go_on.wait()
        return Reply("Changed", update=True)

    @commands.component("form")
    async def form(deps: Toy, by: Invocation) -> Modal:
        deps.seen.append(by)
        text = TextInput(custom_id="words", label="Words")
        return Modal(custom_id=commands.custom_id("filled"), title="Say it", inputs=(text,))

    @commands.component("filled")
    async def filled(deps: Toy, by: Invocation, words: str) -> Reply:
        deps.seen.append(by)
        return Reply(f"You said {words}")


async def serve_toy(bus: Bus, toy: Toy) -> Consumption:
    """Answer the toy's commands."""
    return await toy_commands().start(bus, toy, configs=toy)
