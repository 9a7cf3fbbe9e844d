"""Looking things up by command: within the guild, page by page, readable whatever names say."""

import re

import pytest

from shared.contracts.actions import Embed, Message
from tests.infractions.scene import Scene, buttons, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


def numbers(message: Message) -> list[int]:
    """Return the numbers on a page, from the top."""
    [embed] = message.embeds
    lines = (embed.description or "").split("\n")
    return [int(line.split(" ")[0].removeprefix("**#")) for line in lines if line.startswith("**#")]


async def warn(scene: Scene, times: int) -> None:
    for number in range(times):
        await scene.types(f"warn <@{scene.raider}> number {number}")


async def test_pages_are_turned_by_buttons_there_and_back(scene: Scene) -> None:
    await warn(scene, 25)
    first = await scene.runs("infractions search")
    second = await scene.presses(buttons(first)["Older"])
    third = await scene.presses(buttons(second)["Older"])

    assert numbers(first) == list(range(25, 15, -1))
    assert numbers(second) == list(range(15, 5, -1))
    assert numbers(third) == list(range(5, 0, -1))
    assert buttons(first)["Newer"].disabled
    assert buttons(third)["Older"].disabled
    back = await scene.presses(buttons(third)["Newer"])
    assert numbers(back) == numbers(second)
    front = await scene.presses(buttons(back)["Newer"])
    assert numbers(front) == numbers(first)
    assert buttons(front)["Newer"].disabled


async def test_pages_stay_where_they_are_while_more_is_recorded(scene: Scene) -> None:
    await warn(scene, 12)
    first = await scene.runs("infractions search")
    await warn(scene, 3)

    second = await scene.presses(buttons(first)["Older"])
    back = await scene.presses(buttons(second)["Newer"])

    assert numbers(second) == [2, 1]
    assert numbers(back) == numbers(first)
    assert not buttons(back)["Newer"].disabled


async def test_one_page_has_no_buttons(scene: Scene) -> None:
    await warn(scene, 10)

    assert not buttons(await scene.runs("infractions search"))


async def test_a_search_for_a_member_finds_theirs_alone_on_every_page(scene: Scene) -> None:
    other = scene.joins("other")
    for _ in range(11):
        await scene.types(f"warn <@{scene.raider}> x")
        await scene.types(f"warn <@{other}> y")

    first = await scene.runs("infractions search", user=str(other))
    second = await scene.presses(buttons(first)["Older"])

    assert numbers(first) == list(range(22, 2, -2))
    assert numbers(second) == [2]
    assert first.embeds[0].title == "Infractions of other"


async def test_nothing_to_find_is_said_in_words(scene: Scene) -> None:
    assert await scene.types("infractions search") == "There are no infractions yet."
    mine = await scene.types(f"infractions search <@{scene.raider}>")
    assert mine == f"There are no infractions of <@{scene.raider}>."


async def test_another_guilds_infractions_are_not_shown(scene: Scene) -> None:
    other = scene.another()
    await warn(scene, 11)
    button = buttons(await scene.runs("infractions search"))["Older"]

    assert "no infractions yet" in await other.types("infractions search")
    assert "There is no infraction #1" in await other.types("infractions info 1")
    assert "nothing on this page" in shown(await other.presses(button))
    assert (await other.get("/1")).status_code == 404
    assert await other.infractions() == []
    assert await other.infractions(user_id=scene.raider) == []


async def test_only_moderators_look_things_up_and_turn_pages(scene: Scene) -> None:
    await warn(scene, 11)
    member = scene.joins("member")
    button = buttons(await scene.runs("infractions search"))["Older"]

    assert "needs level 50" in await scene.types("infractions search", by=member)
    assert "needs level 50" in await scene.types("infractions info 1", by=member)
    assert "needs level 50" in shown(await scene.presses(button, by=member))


@pytest.mark.parametrize(
    "custom_id", ["older", "older:0", "older:x:y", "older:99999999999", "no:1"]
)
async def test_a_button_that_makes_no_sense_is_explained(scene: Scene, custom_id: str) -> None:
    await warn(scene, 11)
    button = buttons(await scene.runs("infractions search"))["Older"]
    made_up = type(button)(label="Older", custom_id=f"infractions:{custom_id}")

    assert "older version" in shown(await scene.presses(made_up))


async def test_a_card_shows_everything_about_an_infraction(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h flood")

    card = shown(await scene.types_for("infractions info 1"))

    assert "#1: temporary ban" in card
    assert "flood" in card
    assert f"Member: **raider** (<@{scene.raider}>)" in card
    assert "Moderator: moderator" in card
    assert "State: active" in card
    assert f"https://discord.com/channels/{scene.id}/" in card
    assert "**created** by moderator: by text command" in card
    assert "**active** by Flotilla: done on Discord" in card


async def test_a_card_says_why_something_failed(scene: Scene) -> None:
    await scene.types(f"unban <@{scene.raider}>")

    assert "State: failed: They are not banned." in shown(
        await scene.types_for("infractions info 1")
    )


async def test_names_and_reasons_format_and_ping_nothing(scene: Scene) -> None:
    pirate = scene.joins("**@everyone** `x` <@1> |||")
    answer = await scene.types(f"warn <@{pirate}> **bold** <@&2> [a](b)\n# heading\n> quote")
    found = await scene.types_for("infractions search")
    card = await scene.types_for("infractions info 1")

    for text in (answer, shown(found), shown(card)):
        assert "**bold**" not in text
        assert not re.search(r"(?<!\\)<@&?[12]>", text)
        assert "\n# heading" not in text
    assert found.allowed_mentions.parse == card.allowed_mentions.parse == ()


async def test_a_page_of_the_longest_names_and_reasons_fits(scene: Scene) -> None:
    pirate = scene.joins("*" * 32)
    for _ in range(10):
        await scene.runs("warn", user=str(pirate), reason="_" * 6000)

    found = await scene.runs("infractions search")
    card = await scene.runs("infractions info", number=1)

    for embed in (*found.embeds, *card.embeds):
        check_limits(embed)


def check_limits(embed: Embed) -> None:
    """Check what Discord takes in an embed."""
    assert 0 < len(embed.title or "") <= 256
    assert 0 < len(embed.description or "") <= 4096
    assert all(0 < len(each.value) <= 1024 for each in embed.fields)
    texts = [embed.title or "", embed.description or ""]
    texts += [text for each in embed.fields for text in (each.name, each.value)]
    assert sum(len(text) for text in texts) <= 6000


async def test_what_nobody_ordered_is_found_and_shown_too(scene: Scene) -> None:
    await warn(scene, 1)
    await scene.rig.db.execute(
        "UPDATE infractions SET moderator_id = NULL, moderator_name = '' WHERE guild_id = $1",
        scene.id,
    )

    assert numbers(await scene.runs("infractions search")) == [1]
    assert "by Flotilla" in shown(await scene.runs("infractions search"))
    assert "Moderator: Flotilla" in shown(await scene.runs("infractions info", number=1))
    [infraction] = await scene.infractions()
    assert infraction["moderator"] is None
