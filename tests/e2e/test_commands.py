"""Somebody types `/tempban`: answered, banned, recorded, lifted in time."""

import re
import time

import pytest

from tests.e2e.harbour import Harbour, number_in, timestamp_in

SERVERS = ("postgres", "rabbitmq", "clickhouse", "epmd")
WRONG = re.compile(r"\[(error|critical)|Traceback|Error\b")

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_temporary_ban_is_answered_carried_out_recorded_and_lifted(
    harbour: Harbour,
) -> None:
    raider = await harbour.newcomer()
    asked_at = time.time()

    answer = await harbour.moderator.runs(f"/tempban {raider} 5s flooding", harbour.channel)

    answered_at = time.time()
    assert await harbour.client.banned(harbour.guild, raider)
    number, until = number_in(answer), timestamp_in(answer)
    assert asked_at + 4 <= until <= answered_at + 6

    await harbour.until_banned(raider, banned=False)
    assert time.time() - asked_at >= 4.9
    infraction = await harbour.until_state(number, "expired")
    assert [step["change"] for step in infraction["history"]] == ["created", "active", "expired"]
    assert infraction["history"][0]["actor"]["id"] == str(harbour.moderator.id)
    assert infraction["history"][-1]["actor"] is None
    assert infraction["history"][-1]["detail"] == "time is up"


async def test_a_temporary_ban_as_text_does_the_same(harbour: Harbour) -> None:
    raider = await harbour.newcomer()

    answer = await harbour.types(harbour.moderator, f"!tempban {raider} 5s flooding the harbour")

    assert await harbour.client.banned(harbour.guild, raider)
    infraction = await harbour.infraction(number_in(answer))
    assert infraction["reason"] == "flooding the harbour"
    assert infraction["source"] == "text"
    await harbour.until_state(number_in(answer), "expired")
    assert not await harbour.client.banned(harbour.guild, raider)


async def test_a_member_is_refused_with_the_reason(harbour: Harbour) -> None:
    raider = await harbour.newcomer()

    answer = await harbour.types(harbour.member, f"!tempban {raider} 20s because")

    assert "level" in answer.text
    assert not await harbour.client.banned(harbour.guild, raider)


async def test_a_broken_duration_is_explained(harbour: Harbour) -> None:
    raider = await harbour.newcomer()

    answer = await harbour.moderator.runs(f"/tempban {raider} duration:soonish", harbour.channel)

    assert answer.ephemeral
    assert "soonish" in answer.text
    assert "7d" in answer.text
    assert "Usage:" in answer.text
    assert not await harbour.client.banned(harbour.guild, raider)


async def test_nobody_bans_the_owner(harbour: Harbour) -> None:
    answer = await harbour.moderator.runs(f"/ban {harbour.owner}", harbour.channel)

    assert "owns this server" in answer.text
    assert await harbour.client.is_member(harbour.guild, harbour.owner)


async def test_an_unban_ends_a_temporary_ban_before_its_time(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    banned = await harbour.moderator.runs(f"/tempban {raider} 1h", harbour.channel)

    answer = await harbour.moderator.runs(f"/unban {raider} a mistake", harbour.channel)

    assert "Unbanned" in answer.text
    assert not await harbour.client.banned(harbour.guild, raider)
    infraction = await harbour.infraction(number_in(banned))
    assert infraction["state"] == "lifted"
    assert infraction["history"][-1]["actor"]["id"] == str(harbour.moderator.id)


async def test_a_ban_made_permanent_is_not_lifted(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    temporary = await harbour.moderator.runs(f"/tempban {raider} 5s", harbour.channel)
    permanent = await harbour.moderator.runs(f"/ban {raider} reason:for good", harbour.channel)
    other = await harbour.newcomer()
    later = await harbour.moderator.runs(f"/tempban {other} 5s", harbour.channel)

    await harbour.until_state(number_in(later), "expired")

    assert await harbour.client.banned(harbour.guild, raider)
    assert (await harbour.infraction(number_in(temporary)))["state"] == "lifted"
    assert (await harbour.infraction(number_in(permanent)))["state"] == "active"


async def test_infractions_are_found_by_member_and_shown_by_number(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    warned = await harbour.moderator.runs(f"/warn {raider} mind the *boats*", harbour.channel)
    number = number_in(warned)

    found = await harbour.moderator.runs(f"/infractions search {raider}", harbour.channel)
    shown = await harbour.moderator.runs(f"/infractions info {number}", harbour.channel)

    assert f"#{number}" in found.text
    assert "warning" in found.text
    assert f"#{number}: warning" in shown.text
    assert "created" in shown.text
    missing = await harbour.moderator.runs("/infractions info 999999", harbour.channel)
    assert "There is no infraction #999999" in missing.text


async def test_what_discord_refuses_is_failed_and_says_why(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    await harbour.client.fault(
        method="PUT", route="/guilds/*/bans/*", status=403, body={"code": 50013}, times=1
    )

    answer = await harbour.moderator.runs(f"/ban {raider}", harbour.channel)

    infraction = await harbour.infraction(number_in(answer))
    assert infraction["state"] == "failed"
    assert infraction["failure"]
    assert not await harbour.client.banned(harbour.guild, raider)


async def test_nothing_that_people_do_is_logged_as_an_error(harbour: Harbour) -> None:
    for name, text in harbour.logs().items():
        if name in harbour.stack.pids and name not in SERVERS:
            wrong = [line for line in text.splitlines() if WRONG.search(line)]
            assert not wrong, f"{name}: {wrong[:5]}"
