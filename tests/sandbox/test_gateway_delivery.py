"""Who is sent what: intents, shards, permissions, message content, members, voice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sandbox.gateway import GatewaySettings, Intents, Op
from sandbox.models import ChannelType, Overwrite
from sandbox.permissions import Permission
from sandbox.world import Application, Channel, Guild, User, World, channels, members
from tests.sandbox.gateway_client import ALL, Gateway, GatewayClient, serve
from tests.support.waiting import eventually

MESSAGES = int(Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.DIRECT_MESSAGES)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with serve(GatewaySettings(identify_interval=timedelta(0))) as served:
        yield served


@pytest.fixture
def world(gateway: Gateway) -> World:
    return gateway.world


@pytest.fixture
def owner(world: World) -> User:
    return world.create_user("owner", global_name="The Owner")


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


async def greeted(client: GatewayClient, token: str, intents: int = ALL) -> GatewayClient:
    await client.identify(token, intents)
    await client.until("GUILD_CREATE")
    return client


async def test_events_without_their_intent_are_not_sent(
    gateway: Gateway, world: World, guild: Guild, channel: Channel, owner: User, bot: Application
) -> None:
    only_members = int(Intents.GUILDS | Intents.GUILD_MEMBERS)
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), only_members)
        world.post_message(channel, owner, "unheard")
        world.add_member(guild, world.create_user("new"))

        assert (await client.receive()).t == "GUILD_MEMBER_ADD"


async def test_a_bot_hears_of_its_own_membership_without_the_intent(
    gateway: Gateway, world: World, guild: Guild, owner: User, bot: Application
) -> None:
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), int(Intents.GUILDS))
        members.modify(world, guild.members[owner.id], {"nick": "Captain"})
        members.modify(world, guild.members[bot.id], {"nick": "Deck Hand"})

        assert (await client.receive()).d["nick"] == "Deck Hand"


@pytest.mark.parametrize("privileged", [True, False])
async def test_what_is_written_needs_the_message_content_intent(
    gateway: Gateway,
    world: World,
    channel: Channel,
    owner: User,
    bot: Application,
    *,
    privileged: bool,
) -> None:
    intents = MESSAGES | (int(Intents.MESSAGE_CONTENT) if privileged else 0)
    embeds = [{"title": "Title", "description": "Text"}]
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), intents)
        world.post_message(channel, owner, "secret", embeds=embeds)
        message = (await client.until("MESSAGE_CREATE")).d

    assert (message["content"] == "secret") is privileged
    assert bool(message["embeds"]) is privileged
    assert message["author"]["username"] == "owner"


async def test_some_messages_are_readable_without_the_intent(
    gateway: Gateway, world: World, channel: Channel, owner: User, bot: Application
) -> None:
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), MESSAGES)
        own = world.post_message(channel, world.users[bot.id], "my own")
        world.post_message(channel, owner, f"hello <@{bot.id}>")
        world.post_message(world.open_dm(owner, world.users[bot.id]), owner, "in private")
        reference = {"message_id": str(own.id)}
        world.post_message(channel, owner, "and again", message_reference=reference)
        read = [(await client.until("MESSAGE_CREATE")).d["content"] for _ in range(4)]

    assert read == ["my own", f"hello <@{bot.id}>", "in private", "and again"]


async def test_an_answered_message_is_blanked_too(
    gateway: Gateway, world: World, channel: Channel, owner: User, bot: Application
) -> None:
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), MESSAGES)
        first = world.post_message(channel, owner, "secret")
        await client.until("MESSAGE_CREATE")
        reference = {"message_id": str(first.id)}
        world.post_message(channel, owner, "more", message_reference=reference)
        answer = (await client.until("MESSAGE_CREATE")).d

    assert (answer["content"], answer["referenced_message"]["content"]) == ("", "")


async def test_members_are_left_out_of_guilds_without_the_presence_intent(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    world.add_member(guild, world.create_user("somebody"))
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot), int(Intents.GUILDS))
        limited = (await client.until("GUILD_CREATE")).d
    async with gateway.connect() as client:
        await client.identify(world.token_of(bot), ALL)
        full = (await client.until("GUILD_CREATE")).d

    assert [one["user"]["username"] for one in limited["members"]] == ["Flotilla"]
    assert limited["member_count"] == full["member_count"] == len(full["members"]) == 3


async def test_a_channel_that_a_bot_cannot_see_is_silent(
    gateway: Gateway, world: World, guild: Guild, owner: User, bot: Application
) -> None:
    hidden = world.create_channel(guild, "hidden")
    denied = Overwrite(guild.id, 0, deny=int(Permission.VIEW_CHANNEL))
    channels.put_overwrite(world, hidden, denied)
    async with gateway.connect() as client, gateway.connect() as own:
        await greeted(client, world.token_of(bot))
        await own.identify(owner.token, None)
        await own.until("READY")
        world.post_message(hidden, owner, "hush")
        world.post_message(world.channels[guild.channel_ids[0]], owner, "open")

        assert (await client.until("MESSAGE_CREATE")).d["content"] == "open"
        assert (await own.until("MESSAGE_CREATE")).d["content"] == "hush"


async def test_each_shard_has_its_guilds_and_the_first_has_direct_messages(
    gateway: Gateway, world: World, owner: User, bot: Application
) -> None:
    everywhere = [world.guilds_of(bot.id)[0]]
    while len({(one.id >> 22) % 2 for one in everywhere}) < 2 or len(everywhere) < 4:
        everywhere.append(world.create_guild(f"Guild {len(everywhere)}", owner))
        world.add_member(everywhere[-1], world.users[bot.id])
        world.clock.advance(timedelta(milliseconds=1))
    token = world.token_of(bot)
    for number in (0, 1):
        mine = [str(one.id) for one in everywhere if (one.id >> 22) % 2 == number]
        async with gateway.connect() as client:
            await client.identify(token, shard=(number, 2))
            ready = await client.receive()
            assert ready.d["shard"] == [number, 2]
            assert [one["id"] for one in ready.d["guilds"]] == mine
            for guild_id in mine:
                assert (await client.receive()).d["id"] == guild_id
            for guild in everywhere:
                world.post_message(world.channels[guild.channel_ids[0]], owner, "hi")
            for guild_id in mine:
                assert (await client.until("MESSAGE_CREATE")).d["guild_id"] == guild_id
            world.post_message(world.open_dm(owner, world.users[bot.id]), owner, "dm")
            [session] = gateway.hub.sessions()
            if number == 0:
                assert "guild_id" not in (await client.until("MESSAGE_CREATE")).d
            assert session.unsent == 0
            await client.ws.close(code=1000)
        await eventually(lambda: not gateway.hub.sessions())


async def test_joining_and_leaving_a_guild_is_told(
    gateway: Gateway, world: World, owner: User
) -> None:
    late = world.create_application("Late")
    guild = world.create_guild("Other", owner)
    async with gateway.connect() as client:
        await client.identify(world.token_of(late), int(Intents.GUILDS))
        assert (await client.receive()).d["guilds"] == []
        world.add_member(guild, world.users[late.id])
        assert (await client.until("GUILD_CREATE")).d["id"] == str(guild.id)
        world.remove_member(guild, world.users[late.id])
        assert (await client.until("GUILD_DELETE")).d == {"id": str(guild.id)}


async def test_a_user_is_sent_what_they_may_see(
    gateway: Gateway, world: World, guild: Guild, channel: Channel, owner: User
) -> None:
    stranger = world.create_user("stranger")
    async with gateway.connect() as client, gateway.connect() as outside:
        await client.identify(owner.token, None)
        ready = (await client.receive()).d
        await outside.identify(stranger.token, None)
        assert (await outside.receive()).d["guilds"] == []
        world.post_message(channel, owner, "hello")
        world.dispatch("INTERACTION_CREATE", {"id": "1"}, users=frozenset({stranger.id}))

        assert (await client.until("MESSAGE_CREATE")).d["content"] == "hello"
        assert (await outside.receive()).t == "INTERACTION_CREATE"
    assert ready["guilds"][0]["name"] == guild.name
    assert ready["user"]["email"]


async def test_presences_follow_those_who_are_connected(
    gateway: Gateway, world: World, owner: User, guild: Guild, bot: Application
) -> None:
    async with gateway.connect() as client:
        await client.identify(owner.token, None)
        await client.until("READY")
        activity = {"name": "ships", "type": 3}
        async with gateway.connect() as other:
            await greeted(other, world.token_of(bot), int(Intents.GUILDS))
            online = (await client.until("PRESENCE_UPDATE")).d
            update = {"status": "idle", "activities": [activity], "since": 0, "afk": False}
            await other.send(Op.PRESENCE_UPDATE, update)
            idle = (await client.until("PRESENCE_UPDATE")).d
            await other.ws.close(code=1000)
        offline = (await client.until("PRESENCE_UPDATE")).d

    assert (online["user"]["id"], online["status"]) == (str(bot.id), "online")
    assert (idle["status"], idle["activities"]) == ("idle", [activity])
    assert offline["status"] == "offline"
    assert offline["guild_id"] == str(guild.id)


# Members on request


async def test_all_members_come_in_chunks_of_a_thousand(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    for number in range(1500):
        user = world.create_user(f"user{number}")
        guild.members[user.id] = members.Member(guild.id, user.id, world.clock.now())
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot))
        asked = {"guild_id": str(guild.id), "query": "", "limit": 0, "nonce": "n1"}
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)
        chunks = [(await client.until("GUILD_MEMBERS_CHUNK")).d for _ in range(2)]

    assert [(one["chunk_index"], one["chunk_count"]) for one in chunks] == [(0, 2), (1, 2)]
    assert [one["nonce"] for one in chunks] == ["n1", "n1"]
    assert [len(one["members"]) for one in chunks] == [1000, 502]


async def test_members_are_found_by_the_beginning_of_a_name(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    asked = {"guild_id": str(guild.id), "query": "the ow", "limit": 10}
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), int(Intents.GUILDS))
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)
        chunk = (await client.until("GUILD_MEMBERS_CHUNK")).d

    assert [one["user"]["username"] for one in chunk["members"]] == ["owner"]
    assert "nonce" not in chunk


async def test_members_are_found_by_id_and_the_missing_are_named(
    gateway: Gateway, world: World, guild: Guild, owner: User, bot: Application
) -> None:
    asked = {"guild_id": str(guild.id), "user_ids": [str(owner.id), "42"], "presences": True}
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot))
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)
        chunk = (await client.until("GUILD_MEMBERS_CHUNK")).d

    assert [one["user"]["id"] for one in chunk["members"]] == [str(owner.id)]
    assert chunk["not_found"] == ["42"]
    assert chunk["presences"] == []


async def test_the_whole_list_needs_the_members_intent(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    asked = {"guild_id": str(guild.id), "query": "", "limit": 0}
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot), int(Intents.GUILDS))
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)

        assert (await client.until("GUILD_MEMBERS_CHUNK")).d["members"] == []


async def test_the_whole_list_is_sent_to_a_bot_twice_a_minute_at_most(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    asked = {"guild_id": str(guild.id), "query": "", "limit": 0, "nonce": "n"}
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot))
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)
        await client.until("GUILD_MEMBERS_CHUNK")
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)
        limited = (await client.until("RATE_LIMITED")).d
        world.clock.advance(timedelta(seconds=30))
        await client.send(Op.REQUEST_GUILD_MEMBERS, asked)
        await client.until("GUILD_MEMBERS_CHUNK")

    assert limited["opcode"] == 8
    assert 20 < limited["retry_after"] <= 30
    assert limited["meta"] == {"guild_id": str(guild.id), "nonce": "n"}


async def test_soundboards_and_channels_are_told_on_request(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    voice = world.create_channel(guild, "voice", type=ChannelType.VOICE)
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot))
        await client.send(Op.REQUEST_SOUNDBOARD_SOUNDS, {"guild_ids": [str(guild.id)]})
        sounds = (await client.until("SOUNDBOARD_SOUNDS")).d
        fields = {"guild_id": str(guild.id), "fields": ["status"]}
        await client.send(Op.REQUEST_CHANNEL_INFO, fields)
        info = (await client.until("CHANNEL_INFO")).d

    assert sounds == {"guild_id": str(guild.id), "soundboard_sounds": []}
    assert info["channels"] == [{"id": str(voice.id), "status": None}]


# Voice


async def test_a_bot_joins_moves_in_and_leaves_voice(
    gateway: Gateway, world: World, guild: Guild, bot: Application
) -> None:
    voice = world.create_channel(guild, "voice", type=ChannelType.VOICE)
    where = {"guild_id": str(guild.id), "channel_id": str(voice.id)}
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot))
        await client.send(Op.VOICE_STATE_UPDATE, where | {"self_mute": True})
        joined = (await client.until("VOICE_STATE_UPDATE")).d
        server = (await client.until("VOICE_SERVER_UPDATE")).d
        await client.send(Op.VOICE_STATE_UPDATE, where | {"channel_id": None})
        left = (await client.until("VOICE_STATE_UPDATE")).d

    assert (joined["channel_id"], joined["self_mute"]) == (str(voice.id), True)
    assert server["guild_id"] == str(guild.id)
    assert left["channel_id"] is None
    assert guild.voice_states == {}


async def test_a_text_channel_is_no_place_for_voice(
    gateway: Gateway, world: World, guild: Guild, channel: Channel, bot: Application
) -> None:
    where = {"guild_id": str(guild.id), "channel_id": str(channel.id)}
    async with gateway.connect() as client:
        await greeted(client, world.token_of(bot))
        await client.send(Op.VOICE_STATE_UPDATE, where)
        await client.send(Op.HEARTBEAT, 1)
        await client.until_op(Op.HEARTBEAT_ACK)

    assert guild.voice_states == {}


# Users without a websocket


async def test_guild_events_are_kept_for_a_user_who_reads_them(
    gateway: Gateway, world: World, channel: Channel, owner: User
) -> None:
    world.post_message(channel, owner, "before anybody reads")
    newest = gateway.hub.newest_client_event
    assert gateway.hub.client_events(owner.id, newest) == []
    world.post_message(channel, owner, "after")
    [event] = gateway.hub.client_events(owner.id, newest)

    assert (event.name, event.data["content"]) == ("MESSAGE_CREATE", "after")
    assert gateway.hub.client_events(owner.id, event.number) == []


async def test_what_is_for_one_user_is_kept_before_they_read(
    gateway: Gateway, world: World, owner: User
) -> None:
    world.dispatch("INTERACTION_CREATE", {"id": "1"}, users=frozenset({owner.id}))

    [event] = gateway.hub.client_events(owner.id)
    assert event.name == "INTERACTION_CREATE"


async def test_waiting_for_events_ends_with_the_first_or_with_time(
    gateway: Gateway, world: World, owner: User
) -> None:
    assert await gateway.hub.wait_client_events(owner.id, 0, 0.01) == []
    newest = gateway.hub.newest_client_event
    waiting = asyncio.create_task(gateway.hub.wait_client_events(owner.id, newest, 5.0))
    await asyncio.sleep(0)
    world.dispatch("INTERACTION_CREATE", {"id": "1"}, users=frozenset({owner.id}))

    [event] = await waiting
    assert event.data == {"id": "1"}
