"""What pages say in words that depends on what they show."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.web.answers import InfractionDetail, Person
from services.web.rendering import Templates
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId, UserId

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("active", "Lasts until"),
        ("expired", "Lasted until"),
        ("lifted", "Was to last until"),
        ("failed", "Was to last until"),
    ],
)
def test_only_what_holds_still_lasts(state: str, told: str) -> None:
    item = InfractionDetail(
        number=1,
        kind="ban",
        state=state,
        user=Person(id=UserId(5), name="rude"),
        created_at=BEGAN,
        expires_at=BEGAN + timedelta(hours=1),
    )
    guild = GuildSnapshot(id=GuildId(1))
    response = Templates().page("panels/infraction.html", guild=guild, item=item)
    assert f"<dt>{told}</dt>" in bytes(response.body).decode()


@pytest.mark.parametrize(
    ("field", "at", "word"),
    [
        ("hidden_at", BEGAN, "deleted"),
        ("pardoned_at", BEGAN, "pardoned"),
        ("counts_until", BEGAN, "expired"),
        ("counts_until", BEGAN + timedelta(days=36_500), "done"),
    ],
)
def test_what_counts_no_more_is_marked(field: str, at: datetime, word: str) -> None:
    item = InfractionDetail(
        number=1,
        kind="warning",
        state="done",
        user=Person(id=UserId(5), name="rude"),
        created_at=BEGAN,
        points=3,
    )
    marked = replace(item, **{field: at})
    guild = GuildSnapshot(id=GuildId(1))
    response = Templates().page("panels/infraction.html", guild=guild, item=marked)
    page = bytes(response.body).decode()
    assert f'class="pill {word}"' in page
    assert "<dt>Points</dt><dd>3</dd>" in page
