"""The world: ids, saving and loading, and who may see what."""

from datetime import timedelta
from pathlib import Path

from sandbox.clock import Clock
from sandbox.models import Overwrite
from sandbox.permissions import ALL, Permission
from sandbox.snowflakes import Snowflakes, created_at
from sandbox.world import Event, Upload, World, render
from sandbox.world.visibility import bits_in, may_receive
from tests.support.rest import Scene


def files_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


def test_snowflakes_grow_even_when_many_are_made_at_once() -> None:
    clock = Clock()
    snowflakes = Snowflakes(clock)

    ids = [snowflakes.next() for _ in range(10_000)]

    assert ids == sorted(set(ids))
    assert abs(created_at(ids[0]) - clock.now()) < timedelta(seconds=5)


def test_snowflakes_never_go_back_with_the_clock() -> None:
    clock = Clock(timedelta(days=1))
    snowflakes = Snowflakes(clock)
    first = snowflakes.next()
    clock.advance(timedelta(days=-1))

    assert snowflakes.next() > first


async def test_a_world_is_saved_and_loaded(scene: Scene, tmp_path: Path) -> None:
    await scene.say("kept", by=scene.member)
    await scene.ok("POST", "/users/@me/channels", {"recipient_id": str(scene.member.id)})
    await scene.ok("PUT", f"/guilds/{scene.guild.id}/bans/{scene.raider.id}", {}, reason="raid")
    upload = Upload(0, "a.txt", b"bytes")
    scene.world.post_message(scene.channel, scene.owner, "file", uploads=[upload])
    scene.world.documents["commands"] = {"any": ["json"]}
    path = tmp_path / "state.json"

    scene.world.save(path)
    loaded = World.load(path)

    assert loaded.records() == scene.world.records()
    assert loaded.user_by_token(scene.bot.token) == scene.bot
    assert loaded.dms == scene.world.dms
    assert loaded.history(scene.channel.id).ids == scene.world.history(scene.channel.id).ids
    assert loaded.snowflakes.next() > scene.world.snowflakes.last
    assert files_in(tmp_path) == ["state.json"]


async def test_permissions_follow_roles_overwrites_and_the_owner(scene: Scene) -> None:
    world, channel = scene.world, scene.channel
    view, send = int(Permission.VIEW_CHANNEL), int(Permission.SEND_MESSAGES)
    scene.member_of(scene.member).roles = [scene.low.id]

    def may_send() -> bool:
        return bool(bits_in(world, channel, scene.member.id) & send)

    channel.overwrites[scene.guild.id] = Overwrite(scene.guild.id, 0, deny=send)
    assert not may_send()
    channel.overwrites[scene.low.id] = Overwrite(scene.low.id, 0, allow=send)
    assert may_send()
    channel.overwrites[scene.member.id] = Overwrite(scene.member.id, 1, deny=send)
    assert not may_send()
    channel.overwrites[scene.member.id] = Overwrite(scene.member.id, 1, deny=view)
    assert bits_in(world, channel, scene.member.id) == 0
    assert bits_in(world, channel, scene.owner.id) == ALL
    assert bits_in(world, channel, scene.bot.id) == ALL


async def test_events_go_to_those_who_may_know(scene: Scene) -> None:
    world, guild, channel = scene.world, scene.guild, scene.channel
    channel.overwrites[guild.id] = Overwrite(guild.id, 0, deny=int(Permission.VIEW_CHANNEL))
    stranger = world.create_user("stranger")

    def receivers(event: Event) -> set[str]:
        everybody = (scene.owner, scene.bot, scene.moderator, scene.member, stranger)
        return {one.username for one in everybody if may_receive(world, event, one.id)}

    of_guild = Event("GUILD_UPDATE", {}, guild.id)
    assert receivers(of_guild) == {"owner", "Flotilla", "moderator", "member"}
    in_channel = Event("MESSAGE_CREATE", {}, guild.id, channel.id)
    assert receivers(in_channel) == {"owner", "Flotilla"}
    audit = Event("GUILD_AUDIT_LOG_ENTRY_CREATE", {}, guild.id)
    assert receivers(audit) == {"owner", "Flotilla", "moderator"}
    for_one = Event("GUILD_DELETE", {}, guild.id, None, frozenset({stranger.id}))
    assert receivers(for_one) == {"stranger"}


async def test_a_large_guild_is_sent_without_those_who_are_offline(scene: Scene) -> None:
    for number in range(50):
        scene.joins(f"u{number}")

    large = render.guild_create(scene.world, scene.guild, scene.bot.id)
    whole = render.guild_create(scene.world, scene.guild, scene.bot.id, large_threshold=250)

    assert large["large"] is True
    assert [one["user"]["id"] for one in large["members"]] == [str(scene.bot.id)]  # type: ignore[index,attr-defined] # JSON
    assert whole["large"] is False
    assert len(whole["members"]) == whole["member_count"] == 55  # type: ignore[arg-type] # JSON


async def test_a_bot_that_joins_is_given_the_guild(scene: Scene) -> None:
    other = scene.world.create_application("Other")
    scene.events.clear()

    scene.world.add_member(scene.guild, scene.world.users[other.id], permissions=8)

    (given,) = [one for one in scene.events if one.name == "GUILD_CREATE"]
    assert given.users == frozenset({other.id})
    roles = given.data["roles"]
    assert {"bot_id": str(other.id)} in [one.get("tags") for one in roles]  # type: ignore[attr-defined] # JSON
