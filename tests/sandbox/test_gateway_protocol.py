"""The gateway's protocol, frame by frame."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sandbox.gateway import Ailment, Close, GatewaySettings, Intents, Op, Target
from sandbox.world import Application, Channel, Guild, User, World
from tests.sandbox.gateway_client import ALL, Gateway, serve
from tests.support.waiting import eventually


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with serve(GatewaySettings(identify_interval=timedelta(0))) as served:
        yield served


@pytest.fixture
def world(gateway: Gateway) -> World:
    return gateway.world


@pytest.fixture
def owner(world: World) -> User:
    return world.create_user("owner")


@pytest.fixture
def guild(world: World, owner: User) -> Guild:
    return world.create_guild("Harbour", owner)


@pytest.fixture
def channel(world: World, guild: Guild) -> Channel:
    return world.channels[guild.channel_ids[0]]


@pytest.fixture
def bot(world: World, guild: Guild) -> Application:
    application = world.create_application("Flotilla")
    world.add_member(guild, world.users[application.id])
    return application


async def test_hello_tells_the_heartbeat_interval(gateway: Gateway) -> None:
    async with gateway.connect(hello=False) as client:
        hello = await client.receive()

    assert hello.op == Op.HELLO
    assert hello.d["heartbeat_interval"] == 41_250


@pytest.mark.parametrize("compress", [None, "zlib-stream", "zstd-stream"])
async def test_a_bot_is_greeted_with_ready_and_its_guilds(
    gateway: Gateway, world: World, guild: Guild, bot: Application, compress: str | None
) -> None:
    async with gateway.connect(compress) as client:
        await client.identify(world.token_of(bot))
        ready = await client.receive()
        created = await client.receive()

    assert (ready.t, ready.s) == ("READY", 1)
    assert ready.d["user"]["id"] == str(bot.id)
    assert ready.d["guilds"] == [{"id": str(guild.id), "unavailable": True}]
    assert ready.d["application"]["id"] == str(bot.id)
    assert ready.d["resume_gateway_url"] == gateway.url
    assert (created.t, created.s) == ("GUILD_CREATE", 2)
    assert created.d["name"] == "Harbour"


async def test_payloads_are_compressed_one_by_one_when_identify_asks_for_it(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot), compress=True)
        packed = await client.ws.receive_bytes()

    assert packed[:1] == b"\x78"


async def test_heartbeats_are_acknowledged_and_counted(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("GUILD_CREATE")
        await client.send(Op.HEARTBEAT, 2)
        await client.until_op(Op.HEARTBEAT_ACK)
        [session] = gateway.hub.sessions()

    assert (session.heartbeats, session.acknowledged) == (1, 2)


async def test_the_server_may_ask_for_a_heartbeat(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("READY")
        gateway.hub.faults.ask_heartbeat()

        assert (await client.until_op(Op.HEARTBEAT)).op == Op.HEARTBEAT


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"token": "nobody.s.token"}, Close.AUTHENTICATION_FAILED),
        ({"intents": None}, Close.INVALID_INTENTS),
        ({"intents": 1 << 40}, Close.INVALID_INTENTS),
        ({"shard": (2, 2)}, Close.INVALID_SHARD),
        ({"shard": (0, 0)}, Close.INVALID_SHARD),
    ],
)
async def test_a_wrong_identify_is_closed_with_the_reason(
    gateway: Gateway, world: World, bot: Application, wrong: dict[str, object], code: Close
) -> None:
    asked: dict[str, object] = {"token": world.token_of(bot), "intents": 1, "shard": (0, 1)}
    async with gateway.connect() as client:
        await client.send(Op.IDENTIFY, asked | wrong)

        assert await client.closed() == code


async def test_privileged_intents_must_be_switched_on(
    gateway: Gateway, world: World, bot: Application
) -> None:
    bot.privileged_intents = False
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot), int(Intents.GUILD_MEMBERS))

        assert await client.closed() == Close.DISALLOWED_INTENTS


async def test_a_limited_flag_allows_its_privileged_intent(
    gateway: Gateway, world: World, bot: Application
) -> None:
    bot.privileged_intents = False
    bot.flags = 1 << 15
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot), int(Intents.GUILD_MEMBERS))

        assert (await client.receive()).t == "READY"


async def test_too_many_guilds_need_shards() -> None:
    settings = GatewaySettings(guilds_per_shard=1)
    async with serve(settings) as gateway:
        world = gateway.world
        owner, bot = world.create_user("owner"), world.create_application("Flotilla")
        for name in ("One", "Two"):
            world.add_member(world.create_guild(name, owner), world.users[bot.id])
        async with gateway.connect() as client:
            await client.identify(world.token_of(bot))

            assert await client.closed() == Close.SHARDING_REQUIRED


@pytest.mark.parametrize(
    ("query", "code"),
    [({"v": "6"}, Close.INVALID_VERSION), ({"encoding": "etf"}, Close.DECODE_ERROR)],
)
async def test_other_versions_and_encodings_are_refused(
    gateway: Gateway, query: dict[str, str], code: Close
) -> None:
    async with gateway.connect(hello=False, **query) as client:
        assert await client.closed() == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", Close.DECODE_ERROR),
        ('{"op":"x"}', Close.DECODE_ERROR),
        ('{"op":2,"d":{}}', Close.DECODE_ERROR),
        ('{"op":1,"d":"x"}', Close.DECODE_ERROR),
        ('{"op":99}', Close.UNKNOWN_OPCODE),
        ('{"op":8,"d":{"guild_id":"1"}}', Close.NOT_AUTHENTICATED),
        ('{"op":1,"d":null,"more":"' + "x" * 5000 + '"}', Close.DECODE_ERROR),
    ],
)
async def test_payloads_that_break_the_rules_end_the_connection(
    gateway: Gateway, text: str, code: Close
) -> None:
    async with gateway.connect() as client:
        await client.ws.send_str(text)

        assert await client.closed() == code


async def test_identifying_twice_is_refused(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.identify(world.token_of(bot))

        assert await client.closed() == Close.ALREADY_AUTHENTICATED


async def test_a_client_that_sends_too_much_is_closed(world: World, gateway: Gateway) -> None:
    user = world.create_user("eager")
    async with gateway.connect() as client:
        await client.identify(user.token)
        for _ in range(120):
            await client.send(Op.PRESENCE_UPDATE, {"status": "idle", "since": 0, "afk": False})

        assert await client.closed() == Close.RATE_LIMITED


async def test_heartbeats_do_not_count_as_too_much(gateway: Gateway) -> None:
    async with gateway.connect() as client:
        for _ in range(130):
            await client.send(Op.HEARTBEAT, None)
        for _ in range(130):
            assert (await client.receive()).op == Op.HEARTBEAT_ACK


async def test_a_client_without_heartbeats_is_closed_and_its_session_is_gone() -> None:
    settings = GatewaySettings(heartbeat_interval=timedelta(milliseconds=40))
    async with serve(settings) as gateway, gateway.connect() as client:
        user = gateway.world.create_user("zombie")
        await client.identify(user.token)

        assert await client.closed() == Close.SESSION_TIMED_OUT
        assert gateway.hub.sessions() == []


async def test_heartbeats_keep_a_client_connected() -> None:
    settings = GatewaySettings(heartbeat_interval=timedelta(milliseconds=750))
    async with serve(settings) as gateway, gateway.connect() as client:
        for _ in range(6):
            await client.send(Op.HEARTBEAT, None)
            assert (await client.receive()).op == Op.HEARTBEAT_ACK
            with pytest.raises(TimeoutError):
                await client.ws.receive(timeout=0.3)

        assert not client.ws.closed


async def test_a_dropped_client_resumes_and_misses_nothing(
    gateway: Gateway, world: World, owner: User, channel: Channel, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        world.post_message(channel, owner, "before")
        before = await client.until("MESSAGE_CREATE")
        gateway.hub.faults.drop()
        assert await client.closed() is None
    for number in range(3):
        world.post_message(channel, owner, f"missed {number}")

    async with gateway.connect("zlib-stream") as again:
        assert before.s is not None
        await again.resume(token, client.session_id, before.s)
        replayed = [await again.receive() for _ in range(4)]

    assert [frame.t for frame in replayed] == ["MESSAGE_CREATE"] * 3 + ["RESUMED"]
    assert [frame.d["content"] for frame in replayed[:3]] == ["missed 0", "missed 1", "missed 2"]
    assert [frame.s for frame in replayed] == [before.s + n for n in (1, 2, 3, 4)]


async def test_events_are_replayed_from_an_older_number_too(
    gateway: Gateway, world: World, owner: User, channel: Channel, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        first = await client.until("GUILD_CREATE")
        world.post_message(channel, owner, "read, but not confirmed")
        await client.until("MESSAGE_CREATE")
        await client.ws.close(code=4000)

    async with gateway.connect() as again:
        assert first.s is not None
        await again.resume(token, client.session_id, first.s)

        assert (await again.receive()).d["content"] == "read, but not confirmed"
        assert (await again.receive()).t == "RESUMED"


async def test_a_second_resume_does_not_repeat_the_first_ones_marker(
    gateway: Gateway, world: World, owner: User, channel: Channel, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        gateway.hub.faults.drop()
    names: list[str | None] = []
    for _ in range(2):
        world.post_message(channel, owner, "missed")
        async with gateway.connect() as again:
            await again.resume(token, client.session_id, 2)
            names = [(await again.receive()).t]
            while names[-1] != "RESUMED":
                names.append((await again.receive()).t)
            gateway.hub.faults.drop()

    assert names == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_client_that_says_goodbye_cannot_resume(
    gateway: Gateway, world: World, bot: Application, code: int
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        await client.ws.close(code=code)
    await eventually(lambda: not gateway.hub.connections())

    async with gateway.connect() as again:
        await again.resume(token, client.session_id, 2)
        invalid = await again.receive()

    assert (invalid.op, invalid.d) == (Op.INVALID_SESSION, False)


async def test_a_session_lapses_when_its_client_stays_away(
    gateway: Gateway, world: World, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        gateway.hub.faults.drop()
    await eventually(lambda: not gateway.hub.connections())

    world.clock.advance(timedelta(minutes=6))

    async with gateway.connect() as again:
        await again.resume(token, client.session_id, 2)
        assert (await again.receive()).op == Op.INVALID_SESSION


async def test_events_that_are_no_longer_kept_cannot_be_resumed() -> None:
    async with serve(GatewaySettings(session_limit=3)) as gateway:
        user = gateway.world.create_user("forgetful")
        async with gateway.connect() as client:
            await client.identify(user.token)
            await client.until("READY")
            [session] = gateway.hub.sessions()
            for number in range(5):
                gateway.hub.send_raw(session, "TEST", b"%d" % number)
                await client.until("TEST")
            gateway.hub.faults.drop()
        async with gateway.connect() as again:
            await again.resume(user.token, client.session_id, 2)
            assert (await again.receive()).op == Op.INVALID_SESSION
            await again.resume(user.token, client.session_id, 3)
            assert [(await again.receive()).d for _ in range(3)] == [2, 3, 4]


async def test_a_number_from_the_future_cannot_be_resumed(
    gateway: Gateway, world: World, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        gateway.hub.faults.drop()

    async with gateway.connect() as again:
        await again.resume(token, client.session_id, 99)
        assert await again.closed() == Close.INVALID_SEQUENCE


async def test_resuming_with_another_token_starts_over(
    gateway: Gateway, world: World, bot: Application
) -> None:
    stranger = world.create_application("Stranger")
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("GUILD_CREATE")
        async with gateway.connect() as thief:
            await thief.resume(world.token_of(stranger), client.session_id, 2)

            assert (await thief.receive()).op == Op.INVALID_SESSION


async def test_a_resume_takes_the_session_from_the_connection_that_holds_it(
    gateway: Gateway, world: World, bot: Application, owner: User, channel: Channel
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        async with gateway.connect() as again:
            await again.resume(token, client.session_id, 2)
            await again.until("RESUMED")
            assert await client.closed() is None
            world.post_message(channel, owner, "hello")

            assert (await again.until("MESSAGE_CREATE")).d["content"] == "hello"


async def test_an_order_to_reconnect_leaves_the_session_alive(
    gateway: Gateway, world: World, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        gateway.hub.faults.reconnect()
        await client.until_op(Op.RECONNECT)
        await client.ws.close(code=4000)

    async with gateway.connect() as again:
        await again.resume(token, client.session_id, 2)
        assert (await again.receive()).t == "RESUMED"


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalidated_session_says_whether_it_may_be_resumed(
    gateway: Gateway, world: World, bot: Application, *, resumable: bool
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        gateway.hub.faults.invalidate(resumable=resumable)
        assert (await client.until_op(Op.INVALID_SESSION)).d is resumable
        await client.ws.close(code=4000)

    async with gateway.connect() as again:
        await again.resume(token, client.session_id, 2)
        answer = await again.receive()
        assert answer.op == (Op.DISPATCH if resumable else Op.INVALID_SESSION)


async def test_a_session_is_invalidated_while_its_client_is_away(
    gateway: Gateway, world: World, bot: Application
) -> None:
    token = world.token_of(bot)
    async with gateway.connect() as client:
        await client.identify(token)
        await client.until("GUILD_CREATE")
        gateway.hub.faults.drop()
    await eventually(lambda: not gateway.hub.connections())

    gateway.hub.faults.invalidate(Target(account_id=world.create_user("other").id))
    assert gateway.hub.sessions()
    gateway.hub.faults.invalidate(Target(account_id=bot.id))
    assert gateway.hub.sessions() == []


async def test_identifies_of_one_bucket_keep_their_distance() -> None:
    async with serve(GatewaySettings()) as gateway:
        world = gateway.world
        bot = world.create_application("Flotilla")
        bot.max_concurrency = 2
        token = world.token_of(bot)
        async with gateway.connect() as zero, gateway.connect() as one, gateway.connect() as two:
            await zero.identify(token, shard=(0, 4))
            assert (await zero.receive()).t == "READY"
            await one.identify(token, shard=(1, 4))
            assert (await one.receive()).t == "READY"
            await two.identify(token, shard=(2, 4))
            assert (await two.receive()).op == Op.INVALID_SESSION

            world.clock.advance(timedelta(seconds=5))
            await two.identify(token, shard=(2, 4))
            assert (await two.receive()).t == "READY"

        assert bot.session_starts_used == 3


async def test_the_day_s_session_starts_are_counted_down(
    gateway: Gateway, world: World, bot: Application
) -> None:
    bot.session_starts_total = 1
    async with gateway.connect() as first:
        await first.identify(world.token_of(bot))
        await first.until("READY")
    async with gateway.connect() as second:
        await second.identify(world.token_of(bot))
        assert await second.closed() == Close.AUTHENTICATION_FAILED

    world.clock.advance(timedelta(days=1))

    async with gateway.connect() as third:
        await third.identify(world.token_of(bot))
        assert (await third.receive()).t == "READY"


async def test_a_reader_that_pauses_gets_everything_when_it_goes_on(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("GUILD_CREATE")
        [session] = gateway.hub.sessions()
        for number in range(20_000):
            gateway.hub.send_raw(
                session, "MESSAGE_CREATE", b'{"n":%d,"x":"%b"}' % (number, b"x" * 500)
            )
        await eventually(lambda: session.unsent < 20_000)

        assert session.unsent > 0
        for number in range(20_000):
            assert (await client.receive()).d["n"] == number


async def test_a_reader_that_stops_for_good_loses_its_session() -> None:
    settings = GatewaySettings(session_limit=2000)
    async with serve(settings) as gateway, gateway.connect() as client:
        world = gateway.world
        bot = world.create_application("Flotilla")
        await client.identify(world.token_of(bot))
        await client.until("READY")
        [session] = gateway.hub.sessions()
        for _ in range(2001):
            gateway.hub.send_raw(session, "MESSAGE_CREATE", b'"%b"' % (b"x" * 5000))

        assert gateway.hub.sessions() == []
        assert await client.closed() is None


async def test_what_clients_send_is_recorded_without_tokens(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("GUILD_CREATE")
    record = gateway.hub.record
    await eventually(lambda: record.closed)

    [identify] = record.of(Op.IDENTIFY)
    assert "'token'" not in repr(identify.data)
    assert world.token_of(bot) not in repr(record.received)
    assert record.counts["identify"] == 1
    [closed] = record.closed
    assert (closed.code, closed.by_client) == (1000, True)


async def test_new_connections_can_be_refused(gateway: Gateway) -> None:
    gateway.hub.faults.refuse()
    with pytest.raises(Exception, match="503"):
        async with gateway.connect():
            pass
    gateway.hub.faults.heal()
    async with gateway.connect():
        pass


async def test_a_silent_gateway_says_nothing_until_it_is_healed(
    gateway: Gateway, world: World, bot: Application, owner: User, channel: Channel
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("GUILD_CREATE")
        gateway.hub.faults.afflict(Ailment(silent=True))
        world.post_message(channel, owner, "unheard")
        with pytest.raises(TimeoutError):
            await client.receive(within=0.1)
        gateway.hub.faults.heal()

        assert (await client.receive()).d["content"] == "unheard"


async def test_a_deaf_gateway_acknowledges_no_heartbeats(
    gateway: Gateway, world: World, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot))
        await client.until("GUILD_CREATE")
        gateway.hub.faults.afflict(Ailment(deaf=True))
        await client.send(Op.HEARTBEAT, 1)
        with pytest.raises(TimeoutError):
            await client.receive(within=0.1)


async def test_faults_close_with_any_code(gateway: Gateway, world: World, bot: Application) -> None:
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot), ALL)
        await client.until("GUILD_CREATE")
        await gateway.hub.faults.close(4000)

        assert await client.closed() == Close.UNKNOWN_ERROR
