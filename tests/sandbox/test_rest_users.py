"""REST: users, direct messages, applications and where the gateway is."""

from datetime import timedelta

from sandbox.models import BearerToken, User
from tests.support.rest import Answer, Scene


def grant(scene: Scene, user: User, *scopes: str) -> dict[str, str]:
    expires_at = scene.world.clock.now() + timedelta(hours=1)
    token = BearerToken("access", "refresh", user.id, scene.bot.id, list(scopes), expires_at)
    scene.world.bearer_tokens["access"] = token
    return {"Authorization": "Bearer access"}


async def test_everybody_knows_who_they_are(scene: Scene) -> None:
    bot = await scene.ok("GET", "/users/@me")
    person = await scene.ok("GET", "/users/@me", by=scene.member)

    assert (bot["id"], bot["bot"]) == (str(scene.bot.id), True)
    assert (person["id"], person["email"]) == (str(scene.member.id), "member@example.com")
    assert "email" not in await scene.ok("GET", f"/users/{scene.member.id}")


async def test_an_app_sees_of_a_person_what_they_granted(scene: Scene) -> None:
    async def asked(path: str, *scopes: str) -> Answer:
        return await scene.call("GET", path, headers=grant(scene, scene.member, *scopes))

    assert "email" not in (await asked("/users/@me", "identify")).body
    assert (await asked("/users/@me", "identify", "email")).body["email"]
    assert (await asked("/users/@me/guilds", "identify")).status == 403
    guilds = (await asked("/users/@me/guilds", "guilds")).body
    assert [one["id"] for one in guilds] == [str(scene.guild.id)]
    assert (await asked(f"/guilds/{scene.guild.id}", "guilds")).status == 401
    scene.pass_time(hours=2)
    late = await scene.call("GET", "/users/@me", headers={"Authorization": "Bearer access"})
    assert late.status == 401


async def test_guilds_are_listed_with_what_one_may_do_there(scene: Scene) -> None:
    other = scene.world.create_guild("Elsewhere", scene.member)

    first, second = await scene.ok("GET", "/users/@me/guilds?with_counts=true", by=scene.member)

    assert (first["owner"], second["owner"]) == (False, True)
    assert int(second["permissions"]) > int(first["permissions"])
    assert second["approximate_member_count"] == 1
    after = f"/users/@me/guilds?after={scene.guild.id}"
    listed = await scene.ok("GET", after, by=scene.member)
    assert [one["id"] for one in listed] == [str(other.id)]


async def test_direct_messages_are_opened_once(scene: Scene) -> None:
    body = {"recipient_id": str(scene.member.id)}

    first = await scene.ok("POST", "/users/@me/channels", body)
    again = await scene.ok("POST", "/users/@me/channels", body)

    assert first == again
    assert [one["id"] for one in first["recipients"]] == [str(scene.member.id)]
    posted = await scene.ok("POST", f"/channels/{first['id']}/messages", {"content": "hi"})
    assert "guild_id" not in posted
    (event,) = [one for one in scene.events if one.name == "MESSAGE_CREATE"]
    assert (event.guild_id, event.users) == (None, frozenset({scene.bot.id, scene.member.id}))
    hidden = await scene.call("GET", f"/channels/{first['id']}/messages", by=scene.raider)
    assert hidden.code == 50001


async def test_who_shares_no_guild_or_wants_none_gets_no_direct_message(scene: Scene) -> None:
    body = {"recipient_id": str(scene.member.id)}
    channel = await scene.ok("POST", "/users/@me/channels", body)
    path = f"/channels/{channel['id']}/messages"

    scene.member.accepts_dms = False
    closed = await scene.call("POST", path, {"content": "hi"})
    assert (closed.status, closed.code) == (403, 50007)
    scene.member.accepts_dms = True
    await scene.ok("POST", path, {"content": "hi"})
    await scene.ok("PUT", f"/guilds/{scene.guild.id}/bans/{scene.member.id}", {})

    assert (await scene.call("POST", path, {"content": "hi"})).code == 50007
    nobody = await scene.call("POST", "/users/@me/channels", {"recipient_id": "1"})
    assert nobody.code == 50033


async def test_a_bot_leaves_a_guild_but_an_owner_cannot(scene: Scene) -> None:
    await scene.ok("DELETE", f"/users/@me/guilds/{scene.guild.id}")

    assert scene.bot.id not in scene.guild.members
    owner = await scene.call("DELETE", f"/users/@me/guilds/{scene.guild.id}", by=scene.owner)
    assert owner.code == 50055


async def test_a_bot_knows_its_application(scene: Scene) -> None:
    for path in ("/applications/@me", "/oauth2/applications/@me"):
        application = await scene.ok("GET", path)
        assert application["id"] == str(scene.application.id)
        assert application["owner"]["id"] == str(scene.owner.id)
    person = await scene.call("GET", "/applications/@me", by=scene.member)
    assert (person.status, person.code) == (403, 20002)


async def test_the_gateway_is_found_with_the_starts_left(scene: Scene) -> None:
    scene.application.session_starts_used = 999
    scene.application.session_starts_reset_at = scene.world.clock.now() + timedelta(hours=1)

    found = await scene.ok("GET", "/gateway/bot")

    assert found["url"].startswith("ws://127.0.0.1:")
    limit = found["session_start_limit"]
    assert (found["shards"], limit["remaining"], limit["max_concurrency"]) == (1, 1, 1)
    scene.pass_time(hours=2)
    renewed = await scene.ok("GET", "/gateway/bot")
    assert renewed["session_start_limit"]["remaining"] == 1000
    assert (await scene.ok("GET", "/gateway"))["url"] == found["url"]


async def test_a_bot_renames_itself(scene: Scene) -> None:
    changed = await scene.ok("PATCH", "/users/@me", {"username": "Harbourmaster"})

    assert changed["username"] == "Harbourmaster"
    assert scene.told("USER_UPDATE")[0]["username"] == "Harbourmaster"
    short = await scene.call("PATCH", "/users/@me", {"username": "x"})
    assert short.error_at("username") == "BASE_TYPE_BAD_LENGTH"
