"""A small bot in the demo's guild, which answers in every way that the page has to show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import hikari
from hikari.impl import AutocompleteChoiceBuilder

from tests.support.sandbox import Sandbox

ANSWER, LATER = hikari.ResponseType.MESSAGE_CREATE, hikari.ResponseType.DEFERRED_MESSAGE_CREATE
CHANGE = hikari.ResponseType.MESSAGE_UPDATE
ONLY_YOU = hikari.MessageFlag.EPHEMERAL


class HarbourBot:
    """Knows tempban, ping, slow, silent, note, infractions info, and two context menus."""

    def __init__(self, bot: hikari.GatewayBot) -> None:
        self.bot = bot
        self.may_answer = asyncio.Event()
        """Set when `slow` may finish."""

    async def register(self, application_id: int) -> None:
        rest = self.bot.rest
        user, text = hikari.OptionType.USER, hikari.OptionType.STRING
        tempban = rest.slash_command_builder("tempban", "Ban somebody for a time.")
        tempban.add_option(_option(user, "member", "Whom to ban"))
        tempban.add_option(_option(text, "duration", "How long, such as 1w2d"))
        tempban.add_option(_option(text, "reason", "Why", needed=False))
        info = hikari.CommandOption(
            type=hikari.OptionType.SUB_COMMAND,
            name="info",
            description="Show one infraction",
            options=[_option(hikari.OptionType.INTEGER, "number", "Its number", suggested=True)],
        )
        infractions = rest.slash_command_builder("infractions", "Look at infractions.")
        infractions.add_option(info)
        plain = [
            rest.slash_command_builder(name, f"Try {name}.")
            for name in ("ping", "slow", "silent", "note", "pick")
        ]
        menus = [
            rest.context_menu_command_builder(hikari.CommandType.USER, "Show infractions"),
            rest.context_menu_command_builder(hikari.CommandType.MESSAGE, "Report message"),
        ]
        await rest.set_application_commands(application_id, [tempban, infractions, *plain, *menus])

    async def take(self, event: hikari.InteractionCreateEvent) -> None:
        match event.interaction:
            case hikari.CommandInteraction() as command:
                await self._command(command)
            case hikari.AutocompleteInteraction() as typing:
                await typing.create_response([AutocompleteChoiceBuilder("Ban #7 of raider", 7)])
            case hikari.ComponentInteraction(custom_id="lift") as press:
                await press.create_initial_response(
                    CHANGE, "The ban was lifted.", embeds=[], components=[]
                )
            case hikari.ComponentInteraction() as chosen:
                await chosen.create_initial_response(
                    ANSWER, f"Chosen: {', '.join(chosen.values)}", flags=ONLY_YOU
                )
            case hikari.ModalInteraction() as filled:
                value = filled.components[0].components[0].value
                await filled.create_initial_response(ANSWER, f"Noted: {value}")
            case other:
                raise AssertionError(other)

    async def _command(self, command: hikari.CommandInteraction) -> None:
        match command.command_name:
            case "tempban":
                await self._tempban(command)
            case "slow":
                await command.create_initial_response(LATER)
                await self.may_answer.wait()
                await command.edit_initial_response("Done, **finally**.")
            case "note":
                row = self.bot.rest.build_modal_action_row()
                row.add_text_input("text", "Text")
                await command.create_modal_response("A note", "note", component=row)
            case "pick":
                row = self.bot.rest.build_message_action_row()
                menu = row.add_text_menu("pick", placeholder="Which one?")
                menu.add_option("Ban #1", "ban").add_option("Warning #2", "warning")
                await command.create_initial_response(ANSWER, "Choose.", component=row)
            case "infractions":
                options = (command.options or [])[0].options or []
                await command.create_initial_response(ANSWER, f"Infraction {options[0].value}")
            case "silent":
                pass
            case "ping":
                await command.create_initial_response(ANSWER, "Pong!", flags=ONLY_YOU)
            case name:
                text = f"{name}: {command.target_id}"
                await command.create_initial_response(ANSWER, text, flags=ONLY_YOU)

    async def _tempban(self, command: hikari.CommandInteraction) -> None:
        values = {one.name: one.value for one in command.options or ()}
        row = self.bot.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.DANGER, "lift", label="Lift the ban")
        embed = hikari.Embed(
            title="Infraction #7",
            description=f"Banned <@{values['member']}> until <t:4102444800:f> (<t:4102444800:R>)",
            color=0xD8434B,
        )
        embed.add_field("Duration", str(values["duration"]), inline=True)
        embed.add_field("Reason", str(values.get("reason", "none given")), inline=True)
        await command.create_initial_response(ANSWER, embed=embed, component=row)


def _option(
    kind: hikari.OptionType, name: str, about: str, *, needed: bool = True, suggested: bool = False
) -> hikari.CommandOption:
    return hikari.CommandOption(
        type=kind, name=name, description=about, is_required=needed, autocomplete=suggested
    )


@asynccontextmanager
async def harbour_bot(sandbox: Sandbox) -> AsyncGenerator[HarbourBot]:
    """Let the bot of the demo's guild come online."""
    application = (await sandbox.seed())["application"]
    bot = hikari.GatewayBot(application["token"], rest_url=sandbox.api_url, banner=None, logs=None)
    harbour = HarbourBot(bot)
    bot.subscribe(hikari.InteractionCreateEvent, harbour.take)
    await bot.start(check_for_updates=False)
    try:
        await harbour.register(int(application["id"]))
        yield harbour
    finally:
        await bot.close()
