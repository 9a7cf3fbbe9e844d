"""What pages say in words that depends on what they show."""

from datetime import UTC, datetime, timedelta

import pytest

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
