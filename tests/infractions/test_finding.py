"""Searching by command: by anything, page by page, with what was asked for kept by the buttons."""

import pytest

from shared.contracts.actions import Message
from tests.infractions.scene import Scene, buttons, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


def numbers(message: Message) -> list[int]:
    """Return the numbers on a page, from the top."""
    [embed] = message.embeds
    lines = (embed.description or "").split("\n")
    return [int(line.split(" ")[0].removeprefix("**#")) for line in lines if line.startswith("**#")]


async def different(scene: Scene) -> None:
    """Record a little of everything."""
    other = scene.joins("other")
    await scene.types(f"warn <@{scene.raider}> spam about ships")
    await scene.types(f"note <@{scene.raider}> sells ships")
    await scene.types(f"warn <@{other}> flood", by=scene.owner)
    await scene.types(f"tempban <@{other}> 1h flood")
    await scene.rig.db.execute(
        "UPDATE infractions SET created_at = '2020-02-02T12:00Z' "
        "WHERE guild_id = $1 AND number = 1",
        scene.id,
    )


@pytest.mark.parametrize(
    ("typed", "options", "found"),
    [
        ("<@{raider}>", {"user": "{raider}"}, [2, 1]),
        ("moderator:<@{owner}>", {"moderator": "{owner}"}, [3]),
        ("warning", {"kind": "warning"}, [3, 1]),
        ("active", {"state": "active"}, [4]),
        ("to:2020-02-03", {"to": "2020-02-03"}, [1]),
        ("from:2020-02-02T12:00 to:2020-02-02T12:01", {"from": "2020-02-02", "to": "2000d"}, [1]),
        ("from:7d", {"from": "7d"}, [4, 3, 2]),
        ("ships", {"text": "ships"}, [2, 1]),
        ("note ships", {"kind": "note", "text": "ships"}, [2]),
        (
            "<@{raider}> <@{moderator}> warning done spam",
            {
                "user": "{raider}",
                "moderator": "{moderator}",
                "kind": "warning",
                "state": "done",
                "text": "spam",
            },
            [1],
        ),
    ],
)
async def test_a_search_takes_any_combination(
    scene: Scene, typed: str, options: dict[str, str], found: list[int]
) -> None:
    await different(scene)
    ids = {"raider": scene.raider, "owner": scene.owner, "moderator": scene.moderator}

    by_text = await scene.types_for(f"infractions search {typed.format(**ids)}")
    filled = {name: value.format(**ids) for name, value in options.items()}
    by_slash = await scene.runs("infractions search", None, **filled)

    assert numbers(by_text) == numbers(by_slash) == found


async def test_what_nothing_matches_is_said_in_words(scene: Scene) -> None:
    await different(scene)

    assert await scene.types("infractions search whales") == "No infractions match that."


async def test_a_time_that_is_none_is_explained(scene: Scene) -> None:
    answer = await scene.types("infractions search from:2026-13-01")

    assert "is not a time: expected a date such as `2026-11-01`" in answer


async def test_the_pages_keep_what_was_searched_for(scene: Scene) -> None:
    for number in range(12):
        await scene.types(f"warn <@{scene.raider}> ships {number}")
        await scene.types(f"warn <@{scene.raider}> whales {number}")
    first = await scene.runs("infractions search", None, text="ships", kind="warning")

    second = await scene.presses(buttons(first)["Older"])
    back = await scene.presses(buttons(second)["Newer"])

    assert numbers(first) == list(range(23, 3, -2))
    assert numbers(second) == [3, 1]
    assert numbers(back) == numbers(first)
    assert "whales" not in shown(first) + shown(second)


async def test_a_search_that_is_forgotten_says_so(scene: Scene) -> None:
    for number in range(11):
        await scene.types(f"warn <@{scene.raider}> ships {number}")
    first = await scene.runs("infractions search", None, text="ships")
    await scene.rig.db.execute("DELETE FROM kept_filters WHERE guild_id = $1", scene.id)

    assert "search again" in (await scene.presses(buttons(first)["Older"])).content


async def test_a_search_of_another_server_is_not_known_here(scene: Scene) -> None:
    for number in range(11):
        await scene.types(f"warn <@{scene.raider}> ships {number}")
    first = await scene.runs("infractions search", user=str(scene.raider))

    assert "search again" in (await scene.another().presses(buttons(first)["Older"])).content


async def test_the_newest_of_everybody_are_listed(scene: Scene) -> None:
    await different(scene)

    typed = await scene.types_for("infractions recent")
    chosen = await scene.runs("infractions recent")

    assert numbers(typed) == numbers(chosen) == [4, 3, 2, 1]


@pytest.mark.parametrize("text", [True, False])
async def test_a_history_counts_by_kind_first(scene: Scene, text: bool) -> None:
    await scene.types(f"note <@{scene.raider}> x")
    for number in range(11):
        await scene.types(f"warn <@{scene.raider}> {number}")

    if text:
        first = await scene.types_for(f"infractions history <@{scene.raider}>")
    else:
        first = await scene.runs("infractions history", user=str(scene.raider))
    second = await scene.presses(buttons(first)["Older"])
    back = await scene.presses(buttons(second)["Newer"])

    for page in (first, second, back):
        assert (page.embeds[0].description or "").startswith("11 warnings, 1 note\n")
        assert page.embeds[0].title == "Infractions of raider"
    assert numbers(second) == [2, 1]
    assert numbers(back) == numbers(first)


async def test_a_history_of_nothing_and_of_somebody_who_left(scene: Scene) -> None:
    stranger = scene.exists("stranger")
    assert await scene.types(f"infractions history {stranger}") == (
        f"There are no infractions of <@{stranger}>."
    )
    await scene.types(f"ban {stranger}")

    assert "1 ban" in shown(await scene.types_for(f"infractions history {stranger}"))


async def test_the_pages_of_what_was_deleted_are_for_administrators(scene: Scene) -> None:
    for number in range(11):
        await scene.types(f"warn <@{scene.raider}> {number}")
        await scene.types(f"infractions delete {number + 1}", by=scene.owner)
    first = await scene.types_for("infractions deleted", by=scene.owner)

    refused = await scene.presses(buttons(first)["Older"])
    allowed = await scene.presses(buttons(first)["Older"], by=scene.owner)

    assert "shown to level 100 only" in refused.content
    assert numbers(allowed) == [1]
