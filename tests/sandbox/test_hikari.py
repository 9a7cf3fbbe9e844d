"""hikari drives the sandbox as it drives Discord: a bot with commands, buttons, menus and REST."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import hikari
import pytest
from hikari.impl import AutocompleteChoiceBuilder
from msgspec import Struct

from sandbox.gateway import Op
from tests.support.sandbox import Bot, Guild, Person, Sandbox
from tests.support.waiting import eventually


class Stage(Struct):
    """A guild with a hikari bot in it."""

    sandbox: Sandbox
    guild: Guild
    owner: Person
    account: Bot
    bot: hikari.GatewayBot
    rest: hikari.api.RESTClient


@asynccontextmanager
async def on_stage(
    sandbox: Sandbox,
    prepare: Callable[[hikari.GatewayBot], None] = lambda _: None,
    *,
    shards: int = 1,
) -> AsyncGenerator[Stage]:
    sandbox.world.settings.rate_limits = False
    owner = await sandbox.create_user("owner")
    guild = await sandbox.found("Harbour", owner, ["general", "boats"])
    account = await sandbox.create_bot(max_concurrency=16)
    await sandbox.invite(guild, account, permissions=1 << 3)
    bot = hikari.GatewayBot(
        account.token, rest_url=sandbox.api_url, banner=None, logs=None, intents=hikari.Intents.ALL
    )
    prepare(bot)
    await bot.start(shard_count=shards, check_for_updates=False)
    try:
        yield Stage(sandbox, guild, owner, account, bot, bot.rest)
    finally:
        await bot.close()


def collect(
    kind: type[hikari.Event], into: list[hikari.Event]
) -> Callable[[hikari.GatewayBot], None]:
    def prepare(bot: hikari.GatewayBot) -> None:
        async def take(event: hikari.Event) -> None:
            into.append(event)

        bot.subscribe(kind, take)

    return prepare


async def test_it_sees_the_guild_with_channels_roles_and_members(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        guild = on.bot.cache.get_guild(on.guild.id)

        assert guild is not None
        assert guild.name == "Harbour"
        assert {one.name for one in guild.get_channels().values()} == {"general", "boats"}
        assert guild.get_member(on.owner.id) is not None
        assert guild.owner_id == on.owner.id


async def test_it_hears_what_members_write_with_its_content(sandbox: Sandbox) -> None:
    heard = list[hikari.Event]()
    async with on_stage(sandbox, collect(hikari.GuildMessageCreateEvent, heard)) as on:
        await on.owner.says(on.guild, "Ahoy!")

        await eventually(lambda: heard)

        event = heard[0]
        assert isinstance(event, hikari.GuildMessageCreateEvent)
        assert (event.content, event.author_id) == ("Ahoy!", on.owner.id)


async def test_it_moderates_through_rest(sandbox: Sandbox) -> None:
    bans = list[hikari.Event]()
    async with on_stage(sandbox, collect(hikari.BanCreateEvent, bans)) as on:
        raider = await sandbox.join(on.guild, "raider")
        until = datetime.now(UTC) + timedelta(minutes=5)

        member = await on.rest.edit_member(
            on.guild.id, raider.id, communication_disabled_until=until, reason="too löud"
        )
        assert member.raw_communication_disabled_until is not None
        await on.rest.ban_user(on.guild.id, raider.id, reason="spamming")
        ban = await on.rest.fetch_ban(on.guild.id, raider.id)
        assert ban.reason == "spamming"
        await eventually(lambda: bans)

        log = await on.rest.fetch_audit_log(on.guild.id).limit(1)
        reasons = [entry.reason for page in log for entry in page.entries.values()]
        assert {"spamming", "too löud"} <= set(reasons)
        await on.rest.unban_user(on.guild.id, raider.id)
        with pytest.raises(hikari.NotFoundError) as unknown:
            await on.rest.fetch_ban(on.guild.id, raider.id)
        assert unknown.value.code == 10026


async def test_messages_carry_embeds_components_and_files(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        row = on.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.DANGER, "lift", label="Lift")
        embed = hikari.Embed(title="Infraction #1", color=0xD8434B).add_field("Reason", "spam")

        posted = await on.rest.create_message(
            on.guild.channel_id,
            "Banned",
            embed=embed,
            component=row,
            attachment=hikari.Bytes(b"a log", "log.txt"),
        )

        (seen,) = await on.owner.sees(on.guild)
        assert seen.id == posted.id
        assert seen.text == "Banned\nInfraction #1\nReason: spam"
        assert await posted.attachments[0].read() == b"a log"
        await posted.edit("Lifted", components=[], attachment=None)
        (seen,) = await on.owner.sees(on.guild)
        assert (seen.content, seen.components, seen.raw["attachments"]) == ("Lifted", [], [])


async def test_a_wrong_form_is_explained_field_by_field(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        with pytest.raises(hikari.BadRequestError) as wrong:
            await on.rest.create_message(on.guild.channel_id, "x" * 2001)

        assert wrong.value.code == 50035
        assert wrong.value.errors is not None
        assert "content" in wrong.value.errors


def answering(
    answer: Callable[[hikari.PartialInteraction], Awaitable[object]],
) -> Callable[[hikari.GatewayBot], None]:
    def prepare(bot: hikari.GatewayBot) -> None:
        async def take(event: hikari.InteractionCreateEvent) -> None:
            await answer(event.interaction)

        bot.subscribe(hikari.InteractionCreateEvent, take)

    return prepare


async def register(on: Stage) -> None:
    tempban = on.rest.slash_command_builder("tempban", "Ban somebody for a time.")
    for kind, name, needed in (
        (hikari.OptionType.USER, "member", True),
        (hikari.OptionType.STRING, "duration", True),
        (hikari.OptionType.STRING, "reason", False),
    ):
        option = hikari.CommandOption(
            type=kind,
            name=name,
            description=name,
            is_required=needed,
            autocomplete=name == "reason",
        )
        tempban.add_option(option)
    menu = on.rest.context_menu_command_builder(hikari.CommandType.USER, "Show infractions")
    note = on.rest.slash_command_builder("note", "Write a note.")
    await on.rest.set_application_commands(on.account.id, [tempban, menu, note])


async def test_a_slash_command_is_answered_at_once(sandbox: Sandbox) -> None:
    async def answer(interaction: hikari.PartialInteraction) -> None:
        assert isinstance(interaction, hikari.CommandInteraction)
        options = {one.name: one.value for one in interaction.options or ()}
        assert interaction.resolved is not None
        (user,) = interaction.resolved.users.values()
        text = f"{user.username} for {options['duration']}: {options['reason']}"
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, text)

    async with on_stage(sandbox, answering(answer)) as on:
        await register(on)
        raider = await sandbox.join(on.guild, "raider")

        said = await on.owner.runs(f"/tempban {raider} 20s spamming all day", on.guild)

        assert (said.content, said.ephemeral) == ("raider for 20s: spamming all day", False)
        assert said.author_id == on.account.id


async def test_a_deferred_answer_is_thinking_first_and_only_the_asker_sees_it(
    sandbox: Sandbox,
) -> None:
    async def answer(interaction: hikari.PartialInteraction) -> None:
        assert isinstance(interaction, hikari.CommandInteraction)
        await interaction.create_initial_response(
            hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
        )
        await interaction.edit_initial_response("Done.")
        await interaction.execute("And one more.", flags=hikari.MessageFlag.EPHEMERAL)

    async with on_stage(sandbox, answering(answer)) as on:
        await register(on)
        pip = await sandbox.join(on.guild, "pip")

        said = await on.owner.runs("/note", on.guild)

        assert (said.content, said.ephemeral) == ("Done.", True)
        assert await pip.sees(on.guild) == []

        async def both() -> bool:
            return [one.content for one in await on.owner.sees(on.guild)] == [
                "Done.",
                "And one more.",
            ]

        await eventually(both)


async def test_suggestions_context_menus_buttons_and_modals(sandbox: Sandbox) -> None:
    async def answer(interaction: hikari.PartialInteraction) -> None:
        match interaction:
            case hikari.AutocompleteInteraction():
                await interaction.create_response([AutocompleteChoiceBuilder("Spamming", "spam")])
            case hikari.CommandInteraction(command_name="Show infractions"):
                row = interaction.app.rest.build_message_action_row()
                row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "note", label="Note")
                await interaction.create_initial_response(
                    4, f"Of {interaction.target_id}", component=row
                )
            case hikari.ComponentInteraction():
                row = interaction.app.rest.build_modal_action_row()
                row.add_text_input("text", "Text")
                await interaction.create_modal_response("A note", "note", component=row)
            case hikari.ModalInteraction():
                value = interaction.components[0].components[0].value
                await interaction.create_initial_response(4, f"Noted: {value}")
            case _:
                raise AssertionError(interaction)

    async with on_stage(sandbox, answering(answer)) as on:
        await register(on)
        raider = await sandbox.join(on.guild, "raider")

        choices = await on.owner.suggestions(f"/tempban {raider} 20s sp", "reason", on.guild)
        assert choices == [{"name": "Spamming", "value": "spam"}]
        shown = await on.owner.uses("Show infractions", raider, on.guild)
        assert shown.content == f"Of {raider.id}"
        modal = await on.owner.clicks(shown, "Note")
        noted = await on.owner.submits(modal, text="was warned")
        assert noted.content == "Noted: was warned"


async def test_it_resumes_after_a_dropped_socket_and_misses_nothing(sandbox: Sandbox) -> None:
    heard = list[hikari.Event]()
    async with on_stage(sandbox, collect(hikari.GuildMessageCreateEvent, heard)) as on:
        await on.owner.says(on.guild, "before")
        await eventually(lambda: len(heard) == 1)

        await sandbox.fault(gateway="drop")
        await on.owner.says(on.guild, "while away")
        await eventually(lambda: len(heard) == 2)

        counts = sandbox.hub.record.counts
        assert (counts["identify"], counts["resume"]) == (1, 1)


async def test_an_invalid_session_makes_it_identify_again(sandbox: Sandbox) -> None:
    sandbox.hub.settings.identify_interval = timedelta(0)
    async with on_stage(sandbox) as on:
        await sandbox.fault(gateway="invalid_session")

        await eventually(lambda: sandbox.hub.record.counts["identify"] == 2)
        await eventually(lambda: on.bot.shards[0].is_connected)


async def test_several_shards_share_the_guilds(sandbox: Sandbox) -> None:
    sandbox.hub.settings.identify_interval = timedelta(0)
    heard = list[hikari.Event]()
    async with on_stage(sandbox, collect(hikari.GuildMessageCreateEvent, heard), shards=2) as on:
        others = [await sandbox.found(f"Guild {number}", on.owner) for number in range(4)]
        for other in others:
            await sandbox.invite(other, on.account)
            await on.owner.says(other, "Ahoy!")

        await eventually(lambda: len(heard) == 4)

        shard_of = {guild.id: (guild.id >> 22) % 2 for guild in others}
        for event in heard:
            assert isinstance(event, hikari.GuildMessageCreateEvent)
            assert event.shard.id == shard_of[event.guild_id]
        identified = [one.data for one in sandbox.hub.record.of(Op.IDENTIFY)]
        assert len(identified) == 2


async def test_it_asks_for_members_and_gets_them_in_chunks(sandbox: Sandbox) -> None:
    chunks = list[hikari.Event]()
    async with on_stage(sandbox, collect(hikari.MemberChunkEvent, chunks)) as on:
        for number in range(5):
            await sandbox.join(on.guild, f"sailor{number}")

        await on.bot.request_guild_members(on.guild.id, query="sailor", limit=10, nonce="n")

        def found() -> bool:
            return any(
                isinstance(one, hikari.MemberChunkEvent) and one.nonce == "n" for one in chunks
            )

        await eventually(found)
        chunk = next(
            one for one in chunks if isinstance(one, hikari.MemberChunkEvent) and one.nonce == "n"
        )
        assert len(chunk.members) == 5


async def test_rate_limits_slow_it_down_and_nothing_fails(sandbox: Sandbox) -> None:
    async with on_stage(sandbox) as on:
        message = await on.owner.says(on.guild, "Ahoy!")
        sandbox.world.settings.rate_limits = True

        reactions = ("🌊", "⛵", "🎉")
        for emoji in reactions:
            await on.rest.add_reaction(on.guild.channel_id, message.id, emoji)

        (seen,) = await on.owner.sees(on.guild)
        assert [one["emoji"]["name"] for one in seen.raw["reactions"]] == list(reactions)
        assert {one["status"] for one in await sandbox.requests(method="PUT")} <= {204, 429}
