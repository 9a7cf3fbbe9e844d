"""What members are told, in which words, and of what."""

from datetime import UTC, datetime

import pytest

from services.infractions.actions.telling import is_wanted
from services.infractions.model import Infraction, Kind, State
from services.infractions.notices import notice
from shared.config.checks import PLACEHOLDERS
from shared.contracts.config import InfractionsPlugin, Told
from shared.contracts.ids import GuildId, UserId


def made(kind: Kind, *, source: str = "slash", reason: str = "flood") -> Infraction:
    return Infraction(
        guild_id=GuildId(1),
        number=5,
        kind=kind,
        state=State.PENDING,
        user_id=UserId(2),
        user_name="raider",
        moderator_id=UserId(3),
        moderator_name="anne",
        reason=reason,
        source=source,
        created_at=datetime.now(UTC),
    )


@pytest.mark.parametrize(
    ("kind", "source", "kinds", "told"),
    [
        (Kind.BAN, "slash", (), True),
        (Kind.BAN, "slash", ("ban",), True),
        (Kind.BAN, "slash", ("kick", "mute"), False),
        (Kind.BAN, "audit", (), False),
        (Kind.BAN, "import", (), False),
        (Kind.NOTE, "slash", (), False),
        (Kind.TEMPROLE, "api", (), True),
    ],
)
def test_who_is_told_of_what(kind: Kind, source: str, kinds: tuple[Told, ...], told: bool) -> None:
    plugin = InfractionsPlugin(notify_user=True, notify_kinds=kinds)

    assert is_wanted(plugin, made(kind, source=source)) is told
    assert not is_wanted(InfractionsPlugin(notify_kinds=kinds), made(kind, source=source))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.NOTE])
def test_there_are_words_for_every_kind_but_notes(kind: Kind) -> None:
    told = notice(made(kind), None, server="Harbour *1*", role="crew")

    assert told.startswith("You")
    assert "**Harbour \\*1\\***" in told
    assert told.endswith("\nReason: flood")
    assert "{" not in told


def test_every_placeholder_that_a_template_may_hold_is_filled_in() -> None:
    template = " ".join("{" + name + "}" for name in PLACEHOLDERS)

    told = notice(made(Kind.KICK, reason=""), template, server="Harbour", role="crew")

    assert told == "Harbour no reason given further notice an unlimited time 5 anne crew"


@pytest.mark.parametrize("template", [None, "{reason}" * 180, "x" * 1400 + "{reason}"])
def test_what_the_member_is_told_fits_into_a_message(template: str | None) -> None:
    told = notice(made(Kind.BAN, reason="*" * 6000), template, server="*" * 100, role="")

    assert len(told) <= 2000
