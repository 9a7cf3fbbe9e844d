"""The whole of stats on real servers: events in from RabbitMQ, answers out over HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from msgspec import structs

from services.stats import app
from services.stats.settings import Settings
from shared import bus
from shared.bus import Bus
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import DISCORD_EPOCH_MS, GuildId
from shared.contracts.invocations import GuildRef
from shared.contracts.topology import DISCORD_EVENTS, event_key
from shared.http import Actor, sign
from shared.settings import Secret
from tests.support.gateway import gateway_end
from tests.support.invoking import by_interaction
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually

GUILD = 81384788765712384
OTHER = 81384788765712385
SECRET = "a secret that is only known in tests"
VIEWER = Actor(user_id=1, guild_id=GUILD, role="viewer")


class Stats:
    """Stats as its neighbours see it: a broker that takes events, and an API that answers."""

    def __init__(self, broker: Bus, client: httpx.AsyncClient) -> None:
        self.broker = broker
        self.client = client
        self._events = 0

    async def hears(self, event: str, body: object, *, message_id: str = "") -> None:
        self._events += 1
        await self.broker.publish(
            DISCORD_EVENTS,
            event_key(event, GUILD),
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            message_id=message_id or f"0:session:{self._events}",
            guild_id=GUILD,
            type=event,
        )

    async def hears_messages(self, count: int, *, first: int = 0) -> None:
        numbers = range(first, first + count)
        await asyncio.gather(*(self.hears("MESSAGE_CREATE", message(one)) for one in numbers))

    async def asks(
        self, path: str, query: Mapping[str, str] | None = None, actor: Actor = VIEWER
    ) -> httpx.Response:
        token = sign(SECRET, actor, "stats")
        return await self.client.get(
            f"/guilds/{GUILD}{path}", params=query, headers={"Authorization": f"Bearer {token}"}
        )

    async def is_ready(self) -> bool:
        return (await self.client.get("/readyz")).is_success

    async def total(self) -> int:
        answer = await self.asks("/messages/hourly")
        assert answer.is_success, answer.text
        found = answer.json()
        assert found["total"] == sum(hour["count"] for hour in found["hours"])
        return found["total"]


def message(number: int) -> dict[str, object]:
    """Return a message of a minute ago; the same number is the same message."""
    made = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() // 3600 * 3_600_000)
    return {
        "id": str((made - DISCORD_EPOCH_MS << 22) + number),
        "channel_id": "7",
        "guild_id": str(GUILD),
        "author": {"id": str(100 + number % 10)},
        "type": 0,
    }


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Stats]:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(app.run(settings))
        broker = await stack.enter_async_context(
            bus.connect(settings.amqp_url.reveal(), name="test")
        )
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)
        )
        yield Stats(broker, client)


@pytest.fixture
async def stats(settings: Settings) -> AsyncIterator[Stats]:
    async with running(settings) as stats:
        await eventually(stats.is_ready, within=10)
        yield stats


async def test_a_thousand_messages_are_exactly_a_thousand(stats: Stats) -> None:
    await stats.hears_messages(1000)
    await stats.hears_messages(300, first=500)

    async def all_are_counted() -> bool:
        return await stats.total() == 1000

    await eventually(all_are_counted, within=10)

    async def nothing_waits() -> bool:
        return (await stats.asks("/messages/hourly")).json()["fresh"]["behind"] == 0

    await eventually(nothing_waits)
    found = (await stats.asks("/messages/hourly")).json()
    assert len(found["hours"]) in {24, 25}
    assert found["guild_id"] == str(GUILD)
    assert found["total"] == 1000
    summary = (await stats.asks("/summary")).json()
    assert (summary["now"]["messages"], summary["now"]["active_members"]) == (1000, 10)


async def test_joins_and_leaves_are_counted_also_when_a_session_is_replayed(stats: Stats) -> None:
    now = datetime.now(UTC).isoformat()
    join = {"guild_id": str(GUILD), "user": {"id": "5"}, "joined_at": now}
    leave = {"guild_id": str(GUILD), "user": {"id": "5"}}
    for _ in range(2):
        await stats.hears("GUILD_MEMBER_ADD", join, message_id="0:session:join")
        await stats.hears("GUILD_MEMBER_REMOVE", leave, message_id="0:session:leave")
    await stats.hears_messages(1)

    async def everything_is_counted() -> bool:
        return await stats.total() == 1

    await eventually(everything_is_counted)
    found = (await stats.asks("/members/daily")).json()
    assert (found["joins"], found["leaves"], found["net"]) == (1, 1, 0)
    assert len(found["days"]) == 30


async def test_what_nobody_can_read_is_parked_and_holds_nothing_up(stats: Stats) -> None:
    await stats.hears("MESSAGE_CREATE", b'{"id": "not a number"}', message_id="0:session:poison")
    await stats.hears_messages(3)

    async def the_others_are_counted() -> bool:
        return await stats.total() == 3

    await eventually(the_others_are_counted)
    (letter,) = await stats.broker.peek("stats.ingest")
    assert letter.message_id == "0:session:poison"
    assert "not a countable MESSAGE_CREATE" in letter.reason


async def test_messages_that_come_while_clickhouse_is_away_are_counted_later(
    settings: Settings,
) -> None:
    async with (
        proxied(settings.clickhouse_url.reveal()) as door,
        running(_behind(settings, door)) as stats,
    ):
        await eventually(stats.is_ready, within=10)
        await stats.hears_messages(5)

        async def five_are_counted() -> bool:
            return await stats.total() == 5

        await eventually(five_are_counted)
        await door.shut()
        assert (await stats.asks("/messages/hourly")).status_code == 503
        assert (await stats.client.get("/readyz")).json()["dependencies"] == {
            "postgres": True,
            "rabbitmq": True,
            "clickhouse": False,
        }
        await stats.hears_messages(20)
        await door.open()

        async def all_are_counted() -> bool:
            return await stats.total() == 20

        await eventually(all_are_counted, within=15)


async def test_a_clickhouse_that_hangs_is_away_for_whoever_waits(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        proxied(settings.clickhouse_url.reveal()) as door,
        running(_behind(settings, door)) as stats,
    ):
        await eventually(stats.is_ready, within=10)
        door.stall()
        # more than there are connections, so that some wait for one
        answers = await asyncio.gather(*(stats.asks("/messages/hourly") for _ in range(5)))
        assert {answer.status_code for answer in answers} == {503}
        door.flow()

        async def it_answers() -> bool:
            return (await stats.asks("/messages/hourly")).is_success

        await eventually(it_answers, within=15)
    assert not [one for one in caplog.records if one.name.startswith("clickhouse_driver")]


async def test_what_happens_while_postgres_is_away_is_counted_later(settings: Settings) -> None:
    async with (
        proxied(settings.database_url.reveal()) as door,
        running(structs.replace(settings, database_url=Secret(door.url))) as stats,
    ):
        await eventually(stats.is_ready, within=10)
        await door.shut()
        await stats.hears_messages(20)
        leave = {"guild_id": str(GUILD), "user": {"id": "5"}}
        await stats.hears("GUILD_MEMBER_REMOVE", leave)
        assert (await stats.asks("/messages/hourly")).status_code == 503
        await door.open()

        async def all_are_counted() -> bool:
            return await stats.total() == 20

        await eventually(all_are_counted, within=20)
        assert (await stats.asks("/members/daily")).json()["leaves"] == 1


async def test_what_happens_while_the_broker_is_away_is_counted_later(settings: Settings) -> None:
    async with (
        proxied(settings.amqp_url.reveal()) as door,
        running(structs.replace(settings, amqp_url=Secret(door.url))) as stats,
    ):
        await eventually(stats.is_ready, within=10)
        heard = asyncio.create_task(stats.hears_messages(300))
        door.cut()
        await door.shut()
        assert (await stats.asks("/messages/hourly")).json()["fresh"]["behind"] is None
        await door.open()
        await heard

        async def all_are_counted() -> bool:
            return await stats.total() == 300

        await eventually(all_are_counted, within=20)


async def test_the_queue_is_there_before_clickhouse_is(settings: Settings) -> None:
    async with proxied(settings.clickhouse_url.reveal()) as door:
        await door.shut()
        async with running(_behind(settings, door)) as stats:
            await stats.hears_messages(4)
            assert (await stats.client.get("/readyz")).status_code == 503
            assert (await stats.asks("/summary")).status_code == 503
            await door.open()

            async def all_are_counted() -> bool:
                answer = await stats.asks("/messages/hourly")
                return answer.is_success and answer.json()["total"] == 4

            await eventually(all_are_counted, within=15)


def _behind(settings: Settings, door: Proxy) -> Settings:
    return structs.replace(settings, clickhouse_url=Secret(door.url))


async def test_only_who_may_see_a_server_sees_its_numbers(stats: Stats) -> None:
    elsewhere = Actor(user_id=1, guild_id=OTHER, role="admin")
    assert (await stats.asks("/summary", actor=elsewhere)).status_code == 403
    operator = Actor(user_id=1, guild_id=0, role="operator")
    assert (await stats.asks("/summary", actor=operator)).status_code == 403
    key = Actor(user_id=1, guild_id=GUILD, role="key", scopes=("infractions:read",))
    assert (await stats.asks("/summary", actor=key)).status_code == 403
    assert (await stats.client.get(f"/guilds/{GUILD}/summary")).status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        sign("another secret, as long as the first is", VIEWER, "stats"),
        sign(SECRET, VIEWER, "infractions"),
        sign(SECRET, VIEWER, "stats", ttl=timedelta(seconds=-1)),
        "flk_000000000000_nothing",
        "nonsense",
    ],
    ids=["forged", "for another service", "expired", "unknown key", "nonsense"],
)
async def test_a_token_that_is_not_good_opens_nothing(stats: Stats, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert (await stats.client.get(f"/guilds/{GUILD}/summary", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"tz": "Mars/Olympus"}, "not a time zone"),
        ({"tz": "../../etc/passwd"}, "not a time zone"),
        ({"from": "yesterday"}, "not a date"),
        ({"from": "1815-12-10"}, "before Discord began"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "before"),
        ({"channel": "general"}, "id"),
    ],
)
async def test_nonsense_is_explained(stats: Stats, query: dict[str, str], told: str) -> None:
    answer = await stats.asks("/messages/hourly", query)
    assert answer.status_code == 400
    assert told in answer.json()["detail"]


async def test_only_one_channel_can_be_asked_for(stats: Stats) -> None:
    await stats.hears_messages(2)
    await stats.hears("MESSAGE_CREATE", message(2) | {"channel_id": "8"})

    async def all_are_counted() -> bool:
        return await stats.total() == 3

    await eventually(all_are_counted)
    found = (await stats.asks("/messages/hourly", {"channel": "8"})).json()
    assert found["total"] == 1


async def test_metrics_tell_what_was_counted(stats: Stats) -> None:
    await stats.hears_messages(3)

    async def the_metrics_say_so() -> bool:
        metrics = (await stats.client.get("/metrics")).text
        return 'stats_rows_total{kind="message"} 3.0' in metrics

    await eventually(the_metrics_say_so)


async def test_the_command_sums_up_a_day_and_a_week(stats: Stats) -> None:
    await stats.hears_messages(12)

    async def all_are_counted() -> bool:
        return await stats.total() == 12

    await eventually(all_are_counted)
    guild = GuildSnapshot(id=GuildId(GUILD))
    async with gateway_end(stats.broker, guild) as gateway:
        by = structs.replace(by_interaction("stats"), guild=GuildRef(id=GuildId(GUILD)))
        (embed,) = (await gateway.message(by)).embeds
    day, week = embed.fields
    assert (day.name, week.name) == ("Last 24 hours", "Last 7 days")
    assert day.value.startswith("**12** messages")
    assert "**10** active members" in week.value
