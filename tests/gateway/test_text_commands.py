"""Text commands: by prefix and by mention, in order, and without getting in other bots' way."""

from __future__ import annotations

from services.gateway.recognition.book import CommandBook
from shared.contracts.config import ConfigDocument, CorePlugin, Plugins
from shared.contracts.discord import BAN_MEMBERS
from shared.contracts.domain import ConfigChanged
from shared.contracts.ids import GuildId
from shared.contracts.invocations import CommandsAnnounced, CommandSpec
from shared.contracts.topology import FLOTILLA_EVENTS
from tests.gateway.rig import Rig
from tests.gateway.toys import Toy, serve_toy
from tests.support.sandbox import Message
from tests.support.waiting import eventually


async def test_a_command_in_a_message_is_answered_below_it(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.knows("ahoy")
        asked = await rig.member.says(rig.guild, "!ahoy  there,\nyou")

        answer = await rig.answer_to(asked)

    assert answer.content == "Ahoy there,\nyou"


async def test_an_invocation_names_who_where_and_with_what_permissions(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway():
        await rig.knows("ahoy")
        asked = await rig.member.says(rig.guild, f"!HOY {rig.owner}")
        await rig.answer_to(asked)
        owned = await rig.owner.says(rig.guild, "!ahoy")
        await rig.answer_to(owned)

    by, by_owner = toy.seen
    assert by.id == f"m{asked.id}"
    assert (by.command, by.text, by.prefix) == ("ahoy", str(rig.owner), "!")
    assert by.guild is not None
    assert (by.guild.id, by.guild.owner_id) == (rig.guild.id, rig.owner.id)
    assert by.member is not None
    assert not by.member.permissions & BAN_MEMBERS
    assert by.resolved.users[rig.owner.id].username == "owner"
    assert by_owner.member is not None
    assert by_owner.member.permissions & BAN_MEMBERS


async def test_the_bot_is_spoken_to_by_mention_too(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.knows("ahoy")
        asked = await rig.member.says(rig.guild, f"<@{rig.bot.id}> sail north 7")

        assert (await rig.answer_to(asked)).content == "North with 7 knots"


async def test_an_unknown_word_after_a_mention_is_answered_with_the_nearest(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.knows("ahoy")
        asked = await rig.member.says(rig.guild, f"<@!{rig.bot.id}> ahoi")

        assert "Did you mean `!ahoy`?" in (await rig.answer_to(asked)).content


async def test_other_bots_commands_and_bots_are_left_alone(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway():
        await rig.knows("ahoy")
        await rig.member.says(rig.guild, "!unknown")
        await rig.member.says(rig.guild, "! ahoy")
        await rig.member.says(rig.guild, "ahoy")
        body = {"content": "!ahoy from a bot"}
        path = f"/channels/{rig.guild.channel_id}/messages"
        await rig.sandbox.rest(f"Bot {rig.bot.token}", "POST", path, body)
        asked = await rig.member.says(rig.guild, "!ahoy")
        await rig.answer_to(asked)

    assert [by.id for by in toy.seen] == [f"m{asked.id}"]


async def test_a_guild_may_choose_its_prefix(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    plugins = Plugins(core=CorePlugin(prefix="arr "))
    changed = ConfigChanged(
        guild_id=GuildId(rig.guild.id), revision=1, document=ConfigDocument(plugins=plugins)
    )
    async with rig.gateway():
        await rig.knows("ahoy")
        await rig.bus.publish(
            FLOTILLA_EVENTS, changed.KEY, changed, message_id="c1", type=changed.KEY
        )

        async def answered() -> Message:
            return await rig.answer_to(await rig.member.says(rig.guild, "arr ahoy"), within=1)

        assert (await eventually(answered)).content == "Ahoy"


async def test_a_command_whose_service_is_not_there_is_answered_plainly(rig: Rig) -> None:
    async with rig.gateway():
        await rig.announce("ghost", CommandSpec(name="boo", description="", plugin="g", level=0))
        await rig.knows("boo")
        asked = await rig.member.says(rig.guild, "!boo")

        assert "is not running" in (await rig.answer_to(asked)).content


async def test_a_slash_command_in_a_message_is_answered_with_where_it_works(rig: Rig) -> None:
    def hidden(name: str) -> CommandSpec:
        return CommandSpec(name=name, description="", plugin="g", level=0, text=False)

    async with rig.gateway():
        await rig.announce("vault", hidden("key list"), hidden("key make"))
        await rig.knows("key list")
        for line, name in (("!KEY list all", "key list"), ("!key", "key")):
            asked = await rig.member.says(rig.guild, line)
            answer = await rig.answer_to(asked)

            assert answer.content == f"`/{name}` is a slash command only."


async def test_answers_in_a_channel_come_in_the_order_of_what_was_asked(rig: Rig) -> None:
    """Also beyond the five messages that Discord takes in five seconds, and when it says so."""
    await serve_toy(rig.bus, Toy())
    async with rig.gateway():
        await rig.knows("ahoy")
        route = f"/channels/{rig.guild.channel_id}/messages"
        limited = {"method": "POST", "route": route, "token": "bot", "status": 429}
        await rig.sandbox.fault(**limited, retry_after=0.3, times=2)
        for number in range(7):
            await rig.member.says(rig.guild, f"!ahoy {number}")

        async def answers() -> list[str] | None:
            seen = [each.content for each in await rig.member.sees(rig.guild)]
            found = [each for each in seen if each.startswith("Ahoy")]
            return found if len(found) == 7 else None

        assert await eventually(answers) == [f"Ahoy {number}" for number in range(7)]


def book(**services: list[str]) -> CommandBook:
    made = CommandBook()
    made.replace(
        CommandsAnnounced(
            service=service,
            commands=tuple(
                CommandSpec(name=name, description="", plugin=service, level=0) for name in names
            ),
        )
        for service, names in sorted(services.items())
    )
    return made


def test_the_longest_name_wins_and_the_rest_stays_as_written() -> None:
    commands = book(a=["inf", "inf search", "inf search all"])

    meant = commands.read("Inf  SEARCH  all the  things")
    assert meant is not None
    assert (meant.command, meant.rest) == ("inf search all", "the  things")
    meant = commands.read("inf search 7")
    assert meant is not None
    assert (meant.command, meant.rest) == ("inf search", "7")


def test_a_group_alone_goes_to_its_owner() -> None:
    meant = book(a=["role add"]).read("role remove x")

    assert meant is not None
    assert (meant.command, meant.first_word, meant.rest) == ("role", "role", "remove x")


def test_a_word_belongs_to_one_service() -> None:
    commands = book(a=["ban"], b=["ban all", "kick"])

    assert commands.service_of("ban") == "a"
    assert commands.named("ban all") is None
    assert commands.service_of("kick") == "b"
