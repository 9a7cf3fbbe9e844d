"""After a session lost for good: what was done meanwhile is found, and told once, as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
from prometheus_client import CollectorRegistry

from services.gateway import queries
from services.gateway.audit_marks import AuditMarks
from services.gateway.metrics import Metrics
from services.gateway.queries import Opening
from services.gateway.reconciler import Reconciler
from services.gateway.rest.client import Rest
from shared.bus import Delivery, QueueSpec
from shared.contracts.codec import decode
from shared.contracts.discord import GuildSnapshot
from shared.contracts.domain import EventsMissed, GuildReconciled
from shared.contracts.ids import GuildId
from shared.contracts.topology import FLOTILLA_EVENTS
from tests.gateway.rig import Rig, Running, queries_on
from tests.support.people import Person
from tests.support.sandbox import Guild
from tests.support.waiting import eventually

ENTRY = "GUILD_AUDIT_LOG_ENTRY_CREATE"
BAN, MEMBER_UPDATE, CHANNEL_DELETE, ROLE_UPDATE = 22, 24, 12, 31
AT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


class Told:
    """What was told of gaps, in order."""

    def __init__(self) -> None:
        self.all: list[GuildReconciled | EventsMissed] = []

    async def take(self, delivery: Delivery) -> None:
        """Keep one."""
        type_ = GuildReconciled if delivery.type == GuildReconciled.KEY else EventsMissed
        self.all.append(decode(delivery.body, type_))

    def of(self, guild: Guild) -> list[GuildReconciled]:
        """Return what was reconciled of a guild, once its gap is told to the end."""
        mine = [one for one in self.all if one.guild_id == guild.id]
        kinds = [one.KEY for one in mine]
        assert kinds == [GuildReconciled.KEY, EventsMissed.KEY] * (len(kinds) // 2), kinds
        return [one for one in mine if isinstance(one, GuildReconciled)]


@asynccontextmanager
async def telling(rig: Rig) -> AsyncGenerator[Told]:
    """Listen to what is told of gaps."""
    told = Told()
    keys = (GuildReconciled.KEY, EventsMissed.KEY)
    queue = QueueSpec("test.gaps", tuple((FLOTILLA_EVENTS, key) for key in keys))
    consumption = await rig.bus.consume(queue, told.take)
    yield told
    await consumption.drain()


def lose_session(rig: Rig) -> None:
    """Have Discord forget every session."""
    for session in rig.sandbox.hub.sessions():
        session.lost_at = AT


def entries(rig: Rig, guild: Guild | None = None) -> list[dict[str, Any]]:  # Any: Discord's JSON
    """Return every audit log entry as it was delivered, also twice."""
    wanted = (guild or rig.guild).id
    return [
        msgspec.json.decode(one.body)
        for one in rig.events.deliveries
        if one.type == ENTRY and one.guild_id == wanted
    ]


async def counted(gateway: Running, guilds: int) -> bool:
    return await gateway.api.metric("gateway_guilds_reconciled_total") == guilds


async def live_entry(rig: Rig, reason: str) -> None:
    """Have something done while the gateway hears of it."""
    body = {"name": reason}
    await rig.owner.rest("POST", f"/guilds/{rig.guild.id}/roles", body, reason)
    await eventually(lambda: reason in [one.get("reason") for one in entries(rig)], within=20)


async def test_what_people_did_meanwhile_arrives_as_if_it_were_live(rig: Rig) -> None:
    path = f"/guilds/{rig.guild.id}"
    raider = await rig.sandbox.join(rig.guild, "raider")
    async with telling(rig) as told:
        async with rig.gateway():
            role = await rig.owner.rest("POST", f"{path}/roles", {"name": "crew"})
            deck = await rig.owner.rest("POST", f"{path}/channels", {"name": "deck", "type": 0})
            await live_entry(rig, "live")
        before = len(entries(rig))
        lose_session(rig)
        await rig.owner.bans(rig.guild, raider, "raiding")
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        timing_out = {"communication_disabled_until": until}
        await rig.owner.rest("PATCH", f"{path}/members/{rig.member.id}", timing_out)
        await rig.owner.rest("PATCH", f"{path}/roles/{role['id']}", {"permissions": "8"})
        await rig.owner.rest("DELETE", f"/channels/{deck['id']}")

        async with rig.gateway():
            await eventually(lambda: len(told.all) == 2, within=20)
            await live_entry(rig, "live again")

    missed = entries(rig)[before:-1]
    assert [one["action_type"] for one in missed] == [
        BAN,
        MEMBER_UPDATE,
        ROLE_UPDATE,
        CHANNEL_DELETE,
    ]
    assert {one["user_id"] for one in missed} == {str(rig.owner.id)}
    assert {one["guild_id"] for one in missed} == {str(rig.guild.id)}
    assert (missed[0]["target_id"], missed[0]["reason"]) == (str(raider.id), "raiding")
    (reconciled,) = told.of(rig.guild)
    assert (reconciled.audit_log, reconciled.audit_entries) == ("read", 4)
    assert [
        (one.before.permissions, one.after.permissions) for one in reconciled.roles_changed
    ] == [(int(role["permissions"]), 8)]
    assert [one.name for one in reconciled.channels_removed] == ["deck"]
    assert not reconciled.roles_added + reconciled.roles_removed
    assert not reconciled.channels_added + reconciled.channels_changed


async def test_entries_carry_the_same_id_however_often_they_are_published(rig: Rig) -> None:
    async with telling(rig) as told:
        async with rig.gateway():
            await live_entry(rig, "live")
        lose_session(rig)
        await rig.owner.bans(rig.guild, rig.member)
        async with rig.gateway():
            await eventually(lambda: told.all and told.of(rig.guild), within=20)

    published = [one for one in rig.events.deliveries if one.type == ENTRY]
    entry = msgspec.json.decode(published[-1].body)
    assert published[-1].message_id == f"audit:{rig.guild.id}:{entry['id']}"
    assert published[-1].routing_key == f"{ENTRY}.{rig.guild.id}"


async def test_a_session_lost_again_repeats_nothing_of_the_first_gap(rig: Rig) -> None:
    async with telling(rig) as told:
        async with rig.gateway():
            await live_entry(rig, "live")
        for number, reason in enumerate(("first", "second", "third")):
            lose_session(rig)
            await rig.owner.rest("PATCH", f"/guilds/{rig.guild.id}", {"name": reason}, reason)
            async with rig.gateway() as gateway:
                await eventually(lambda n=number: len(told.all) == 2 * n + 2, within=20)
                await eventually(lambda at=gateway: counted(at, 1), within=20)

    assert [one.get("reason") for one in entries(rig)][-4:] == ["live", "first", "second", "third"]
    assert [one.audit_entries for one in told.of(rig.guild)] == [1, 1, 1]


async def test_an_audit_log_that_the_bot_may_not_read_is_said_to_be_forbidden(rig: Rig) -> None:
    theirs = await rig.sandbox.found("Theirs", rig.owner)
    await rig.sandbox.invite(theirs, rig.bot, 0)
    async with telling(rig) as told:
        async with rig.gateway():
            await live_entry(rig, "live")
        lose_session(rig)
        await rig.owner.rest("PATCH", f"/guilds/{theirs.id}", {"name": "Mine"})
        await rig.owner.rest("POST", f"/guilds/{theirs.id}/roles", {"name": "crew"})
        async with rig.gateway() as gateway:
            await eventually(lambda: len(told.all) == 4, within=20)
            await eventually(lambda: counted(gateway, 2), within=20)

    (reconciled,) = told.of(theirs)
    assert (reconciled.audit_log, reconciled.audit_entries) == ("forbidden", 0)
    assert [role.name for role in reconciled.roles_added] == ["crew"]
    assert entries(rig, theirs) == []
    assert await rig.sandbox.requests(route=f"/guilds/{theirs.id}/audit-logs") == []
    assert told.of(rig.guild)[0].audit_log == "read"


async def test_a_refusal_of_discord_is_said_to_be_one(rig: Rig) -> None:
    async with telling(rig) as told:
        async with rig.gateway():
            await live_entry(rig, "live")
        lose_session(rig)
        await rig.sandbox.fault(route="/guilds/*/audit-logs", status=403, code=50013)
        async with rig.gateway():
            await eventually(lambda: len(told.all) == 2, within=20)

    assert told.of(rig.guild)[0].audit_log == "forbidden"


async def test_a_guild_that_the_bot_was_thrown_out_of_meanwhile_is_told_as_left(rig: Rig) -> None:
    async with telling(rig) as told:
        async with rig.gateway():
            await live_entry(rig, "live")
        lose_session(rig)
        await rig.owner.rest("DELETE", f"/guilds/{rig.guild.id}/members/{rig.bot.id}")
        async with rig.starting():
            await eventually(lambda: told.all, within=20)

    (only,) = told.all
    assert isinstance(only, GuildReconciled)
    assert only.has_left
    left = [one for one in rig.events.deliveries if one.message_id.startswith("left:")]
    assert [(one.type, one.guild_id) for one in left] == [("GUILD_DELETE", rig.guild.id)]
    assert msgspec.json.decode(left[0].body) == {"id": str(rig.guild.id)}


@asynccontextmanager
async def reconciler(rig: Rig, database_url: str) -> AsyncGenerator[Reconciler]:
    """Give a reconciler that reads one entry at a time."""
    async with queries_on(database_url) as db, aiohttp.ClientSession() as http:
        metrics = Metrics(CollectorRegistry())
        rest = Rest(http, rig.sandbox.api_url, rig.bot.token, metrics)
        yield Reconciler(db, rig.bus, rest, metrics, page=1)


async def make_entries(by: Person, guild: Guild, count: int) -> list[str]:
    """Have somebody change something so often."""
    reasons = [f"change {number}" for number in range(count)]
    for reason in reasons:
        await by.rest("PATCH", f"/guilds/{guild.id}", {"name": reason}, reason)
    return reasons


async def test_a_crash_in_the_middle_goes_on_where_it_was(rig: Rig, database_url: str) -> None:
    async with telling(rig) as told, reconciler(rig, database_url) as reconciling:
        async with rig.gateway():
            await live_entry(rig, "live")
        before = len(entries(rig))
        lose_session(rig)
        made = await make_entries(rig.owner, rig.guild, 4)
        async with rig.starting(ROLE="shards"):
            crashing = rig.start(reconciling.run())
            await eventually(lambda: len(entries(rig)) > before + 1, within=20)
            await rig.sandbox.fault(route="/guilds/*/audit-logs", latency=60)
            crashing.cancel()
            await asyncio.wait((crashing,))
            await rig.sandbox.heal()
            rig.start(reconciling.run())
            await eventually(lambda: len(told.all) == 2, within=20)

    found = [one["reason"] for one in entries(rig)[before:]]
    assert list(dict.fromkeys(found)) == made
    assert found.count(made[0]) == 1
    assert len(found) <= len(made) + 1  # the one at which it crashed may come twice


async def test_a_gap_is_worked_off_once_however_often_its_event_is_read(
    database_url: str,
) -> None:
    guild = GuildId(1)
    early, late = AT, AT + timedelta(hours=1)
    snapshot = GuildSnapshot(id=guild)
    async with queries_on(database_url) as db:
        first = Opening(guild_id=guild, since=early, after_entry_id=5)
        again = Opening(guild_id=guild, since=late, after_entry_id=9)
        await queries.open_gaps(db, 0, [first])
        assert await queries.due_gaps(db, 10) == []
        await queries.open_gaps(db, 0, [again])  # another session, before the guild was back
        for _ in range(2):
            await queries.close_gap(db, 0, again, "0:s:2", snapshot)
        (gap,) = await queries.due_gaps(db, 10)
        assert (gap.since, gap.after_entry_id, gap.after) == (early, 5, snapshot)

        await queries.advance_gap(db, gap, 20, 3)
        await queries.note_told(db, gap)
        await queries.close_gap(db, 0, again, "0:s:2", snapshot)
        assert await queries.due_gaps(db, 10) == []

        await queries.open_gaps(db, 0, [again])
        await queries.close_gap(db, 0, again, "0:t:2", snapshot)
        (gap,) = await queries.due_gaps(db, 10)
        assert (gap.since, gap.after_entry_id, gap.entries) == (late, 20, 0)


def test_only_confirmed_entries_count_as_known() -> None:
    marks, guild = AuditMarks(), GuildId(1)
    marks.read(0, 4, guild, 100)
    marks.read(0, 6, guild, 200)

    assert marks.confirm(0, 5) == {guild}
    assert marks.of(guild) == 100
    marks.begin(0)
    assert marks.confirm(0, 6) == set()
    assert marks.of(guild) == 100
