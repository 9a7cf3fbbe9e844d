"""Search: whatever is asked for together, each page holds what matches, in order, and all of it."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.infractions import actions, queries
from services.infractions.deps import Deps
from services.infractions.model import Filter, Infraction, Kind, State
from services.infractions.queries.terms import read_terms
from shared.contracts.ids import GuildId, RoleId, UserId
from tests.infractions.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = ("spam", "Raid", "100%", "under_score", "ärger", "o'neil", "ad", "back\\slash")


async def record(
    deps: Deps, guild_id: GuildId, number: int, reason: str = "", **columns: object
) -> None:
    """Write an infraction as it would be after whatever happened."""
    values: dict[str, object] = {
        "guild_id": guild_id,
        "number": number,
        "kind": "warning",
        "state": "done",
        "user_id": 1,
        "user_name": "raider",
        "moderator_id": 2,
        "moderator_name": "captain",
        "reason": reason,
        "source": "slash",
        "source_key": str(number),
        **columns,
    }
    names = ", ".join(values)
    marks = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    sql = f"INSERT INTO infractions ({names}) VALUES ({marks})"  # noqa: S608 - names of this file
    await deps.db.execute(sql, *values.values())


async def crowd(deps: Deps, guild_id: GuildId) -> list[Infraction]:
    """Write a few hundred infractions of all sorts, far apart in number, some imported late."""
    chance = random.Random(4)  # noqa: S311 - the same in every run
    for each in range(240):
        number = 1 + each * 150
        at = START + timedelta(hours=each if each % 50 else -each)
        await record(
            deps,
            guild_id,
            number,
            " ".join(chance.sample(WORDS, k=chance.randint(0, 3))),
            kind=chance.choice(["warning", "ban", "mute"]),
            state=chance.choice(["done", "active", "failed"]),
            user_id=chance.randint(1, 6),
            user_name=chance.choice(["Anne", "blackbeard"]),
            moderator_id=chance.choice([None, 11, 12]),
            source=chance.choice(["slash", "client"]),
            created_at=at,
            role_id=chance.choice([None, None, 77]),
            hidden_at=at if chance.random() < 0.1 else None,
        )
    rows = await deps.db.fetch("SELECT number FROM infractions WHERE guild_id = $1", guild_id)
    found = [await queries.get(deps.db, guild_id, row["number"]) for row in rows]
    return sorted((one for one in found if one), key=lambda one: -one.number)


def matches(one: Infraction, asked: Filter) -> bool:
    """Say what a search is meant to find, in the simplest words."""
    text = f"{one.reason}\n{one.user_name}\n{one.moderator_name}".lower()
    return (
        (one.hidden_at is not None) == asked.hidden
        and asked.user_id in (None, one.user_id)
        and asked.moderator_id in (None, one.moderator_id)
        and asked.kind in (None, one.kind)
        and asked.state in (None, one.state)
        and asked.source in (None, one.source)
        and asked.role_id in (None, one.role_id)
        and (asked.since is None or one.created_at >= asked.since)
        and (asked.until is None or one.created_at < asked.until)
        and asked.text.lower() in text
    )


def every_filter() -> Sequence[Filter]:
    """Return combinations of everything that can be asked for."""
    day = timedelta(days=1)
    # Any: what a Struct is made of has a type for each name
    choices: list[list[dict[str, Any]]] = [
        [{}, {"user_id": UserId(3)}],
        [{}, {"moderator_id": UserId(11)}],
        [{}, {"kind": Kind.BAN}, {"kind": Kind.BAN, "state": State.FAILED}],
        [{}, {"since": START + 2 * day, "until": START + 5 * day}, {"until": START - day}],
        [{}, {"text": "spam"}, {"text": "lackbea"}, {"text": "100%"}, {"text": "r_s"}],
        [{}, {"role_id": RoleId(77)}, {"source": "client"}],
    ]
    combined = [
        Filter(**{name: value for part in parts for name, value in part.items()})
        for parts in itertools.product(*choices)
    ]
    return [*combined, Filter(hidden=True), Filter(hidden=True, kind=Kind.BAN, text="spam")]


async def test_every_combination_finds_what_matches_page_by_page(
    scene: Scene, elsewhere: Deps
) -> None:
    everything = await crowd(elsewhere, scene.id)

    for asked in every_filter():
        expected = [one.number for one in everything if matches(one, asked)]
        older = await queries.search(elsewhere.db, scene.id, asked, limit=12)
        assert [one.number for one in older] == expected[:12], asked
        middle = everything[100].number
        page = await queries.search(elsewhere.db, scene.id, asked, before=middle, limit=300)
        assert [one.number for one in page] == [n for n in expected if n < middle], asked
        back = await queries.search_back(elsewhere.db, scene.id, asked, after=middle, limit=7)
        newer = [number for number in reversed(expected) if number > middle][:7]
        assert [one.number for one in back] == newer, asked
        counted = await queries.counts(elsewhere.db, scene.id, asked)
        assert sum(counted.values()) == len(expected), asked


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SPAM", [1]),
        ("spamming", [1]),
        ("amm", [1]),
        ("spamming links", [1]),
        ('"spamming links"', []),
        ('"spamming of links"', [1]),
        ("-spamming", [4, 3, 2]),
        ("captain -percent", [4, 2, 1]),
        ("100% sure", [3]),
        ("100_", []),
        ("%", [3]),
        ("no", [2]),
        ("n", []),
        ("ärger", [4]),
        ("ÄRGER", [4]),
        ("' OR true --", []),
        ("a & b | !c:*", []),
        ('"', [4, 3, 2, 1]),
        ("-", []),
        ("\0", [4, 3, 2, 1]),
        ("back\\slash", [4]),
        ("!!", [2]),
        ("raider\ncaptain", [4, 3, 2, 1]),
    ],
)
async def test_text_is_found_by_words_and_parts_of_them(
    scene: Scene, elsewhere: Deps, text: str, found: list[int]
) -> None:
    reasons = ("spamming of links", "oh no!!", "100% sure, percent", "Ärger with a back\\slash")
    for number, reason in enumerate(reasons, start=1):
        await record(elsewhere, scene.id, number, reason)

    page = await actions.page(elsewhere, scene.id, Filter(text=text), limit=10)

    assert [one.number for one in page.infractions] == found


async def test_names_are_found_as_they_were(scene: Scene, elsewhere: Deps) -> None:
    await record(elsewhere, scene.id, 1, user_name="Old_Name", moderator_name="Bosun")
    await record(elsewhere, scene.id, 2, user_name="New_Name")

    for text, number in (("old_name", 1), ("bosun", 1), ("w_nam", 2)):
        [one] = await queries.search(elsewhere.db, scene.id, Filter(text=text))
        assert one.number == number


async def test_a_record_counts_by_kind_and_leaves_out_what_was_deleted(
    scene: Scene, elsewhere: Deps
) -> None:
    for number, kind in enumerate(["warning", "ban", "warning", "kick"], start=1):
        await record(elsewhere, scene.id, number, kind=kind)
    await record(elsewhere, scene.id, 5, kind="ban", hidden_at=START)
    await record(elsewhere, scene.id, 6, user_id=9)

    theirs = await actions.record(elsewhere, scene.id, UserId(1))

    assert theirs.counts == {Kind.WARNING: 2, Kind.BAN: 1, Kind.KICK: 1}
    assert [one.number for one in theirs.newest] == [4, 3, 2, 1]
    deleted = Filter(user_id=UserId(1), hidden=True)
    assert [one.number for one in await queries.search(elsewhere.db, scene.id, deleted)] == [5]


async def test_no_search_reaches_another_guild(scene: Scene, elsewhere: Deps) -> None:
    other = scene.another()
    await record(elsewhere, other.id, 1, "spam", role_id=77)

    for asked in every_filter():
        assert await queries.search(elsewhere.db, scene.id, asked) == []
        largest = GuildId(2**63 - 1)
        assert await queries.search(elsewhere.db, largest, replace(asked, text="")) == []


async def test_terms_are_data() -> None:
    terms = read_terms('50% "a_b" -no x')

    assert terms.parts == ("%50\\%%", "%a\\_b%")
    assert terms.without == ("%no%",)
    assert terms.words == ("x",)
