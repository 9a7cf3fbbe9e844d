"""REST: members, their hierarchy, timeouts, kicks and bans."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.models import BearerToken, User
from sandbox.permissions import Permission
from sandbox.world import render, voice
from tests.support.rest import Scene


def member_path(scene: Scene, user: User) -> str:
    return f"/guilds/{scene.guild.id}/members/{user.id}"


def ban_path(scene: Scene, user: User) -> str:
    return f"/guilds/{scene.guild.id}/bans/{user.id}"


def in_an_hour(scene: Scene) -> str:
    return render.iso(scene.world.clock.now() + timedelta(hours=1))


async def test_members_are_listed_in_order_of_id(scene: Scene) -> None:
    ids = sorted(str(one) for one in scene.guild.members)
    path = f"/guilds/{scene.guild.id}/members"

    assert len(await scene.ok("GET", path)) == 1
    listed = await scene.ok("GET", f"{path}?limit=1000")
    assert [one["user"]["id"] for one in listed] == ids
    rest = await scene.ok("GET", f"{path}?limit=2&after={ids[1]}")
    assert [one["user"]["id"] for one in rest] == ids[2:4]


async def test_members_are_not_listed_without_the_privileged_intent(scene: Scene) -> None:
    scene.application.privileged_intents = False

    answer = await scene.call("GET", f"/guilds/{scene.guild.id}/members")

    assert (answer.status, answer.code) == (403, 50001)


async def test_members_are_found_by_the_start_of_a_name(scene: Scene) -> None:
    scene.member_of(scene.raider).nick = "Mementos"
    path = f"/guilds/{scene.guild.id}/members/search"

    found = await scene.ok("GET", f"{path}?query=mem&limit=10")

    assert [one["user"]["username"] for one in found] == ["member", "raider"]
    assert (await scene.call("GET", path)).error_at("query") == "BASE_TYPE_REQUIRED"


async def test_unknown_members_users_and_guilds_have_codes_of_their_own(scene: Scene) -> None:
    stranger = scene.world.create_user("stranger")
    elsewhere = scene.another_guild()

    async def code(path: str) -> tuple[int, int]:
        answer = await scene.call("GET", path)
        return answer.status, answer.code

    assert await code(member_path(scene, stranger)) == (404, 10007)
    assert await code(f"/guilds/{scene.guild.id}/members/1") == (404, 10013)
    assert await code("/guilds/1") == (404, 10004)
    assert await code(f"/guilds/{elsewhere.id}") == (404, 10004)
    assert await code(f"/channels/{elsewhere.channel_ids[0]}") == (403, 50001)
    assert await code("/channels/1") == (404, 10003)
    assert await code(f"/guilds/{scene.guild.id}/roles/1") == (404, 10011)
    assert await code(f"/guilds/{scene.guild.id}/bans/1") == (404, 10026)
    assert await code("/users/1") == (404, 10013)
    assert await code("/invites/nothing") == (404, 10006)
    wrong = await scene.call("GET", "/guilds/nonsense")
    assert wrong.error_at("guild_id") == "NUMBER_TYPE_COERCE"


async def test_a_timeout_is_set_told_and_audited(scene: Scene) -> None:
    until = in_an_hour(scene)

    changed = await scene.ok(
        "PATCH",
        member_path(scene, scene.member),
        {"communication_disabled_until": until},
        by=scene.moderator,
        reason="calm%20down",
    )

    assert changed["communication_disabled_until"] == until
    (told,) = scene.told("GUILD_MEMBER_UPDATE")
    assert (told["guild_id"], told["communication_disabled_until"]) == (
        str(scene.guild.id),
        until,
    )
    (entry,) = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert entry["action_type"] == 24
    assert entry["user_id"] == str(scene.moderator.id)
    assert entry["target_id"] == str(scene.member.id)
    assert entry["reason"] == "calm down"
    assert entry["changes"] == [{"key": "communication_disabled_until", "new_value": until}]


async def test_a_timeout_lasts_28_days_at_most(scene: Scene) -> None:
    until = datetime.now(UTC) + timedelta(days=29)

    answer = await scene.call(
        "PATCH",
        member_path(scene, scene.member),
        {"communication_disabled_until": until.isoformat()},
    )

    where = "communication_disabled_until"
    assert answer.error_at(where) == "INVALID_COMMUNICATION_DISABLED_TIMESTAMP"


async def test_administrators_cannot_be_timed_out(scene: Scene) -> None:
    admins = scene.world.create_role(
        scene.guild, "admins", permissions=int(Permission.ADMINISTRATOR)
    )
    scene.place(admins, scene.low, scene.moderators, scene.bot_role)
    admin = scene.joins("admin", admins)

    answer = await scene.call(
        "PATCH", member_path(scene, admin), {"communication_disabled_until": in_an_hour(scene)}
    )

    assert (answer.status, answer.code) == (403, 50013)


@pytest.mark.parametrize("who", ["bot", "moderator"])
async def test_nobody_acts_on_an_equal_a_higher_or_the_owner(scene: Scene, who: str) -> None:
    scene.place(scene.low, scene.bot_role, scene.moderators)
    equal = scene.joins("equal", scene.moderators)
    by: User = getattr(scene, who)
    timeout = {"communication_disabled_until": in_an_hour(scene)}

    for target in (equal, scene.owner):
        for method, path, body in (
            ("PATCH", member_path(scene, target), timeout),
            ("PATCH", member_path(scene, target), {"nick": "x"}),
            ("DELETE", member_path(scene, target), None),
            ("PUT", ban_path(scene, target), {}),
        ):
            answer = await scene.call(method, path, body, by=by)
            assert (answer.status, answer.code) == (403, 50013), (target.username, method)
    assert {equal.id, scene.owner.id} <= set(scene.guild.members)


async def test_each_change_of_a_member_needs_its_permission(scene: Scene) -> None:
    scene.limit_bot_to(Permission.MANAGE_NICKNAMES)
    path = member_path(scene, scene.member)

    assert (await scene.ok("PATCH", path, {"nick": "Sunny"}))["nick"] == "Sunny"
    for name, value in (("roles", ""), ("communication_disabled_until", in_an_hour(scene))):
        assert (await scene.call("PATCH", path, {name: value or None})).code == 50013


async def test_a_role_is_given_and_taken_by_who_stands_above_it(scene: Scene) -> None:
    path = f"{member_path(scene, scene.member)}/roles/{scene.low.id}"

    await scene.ok("PUT", path, by=scene.moderator)
    assert scene.member_of(scene.member).roles == [scene.low.id]
    (entry,) = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert entry["action_type"] == 25
    assert entry["changes"] == [
        {"key": "$add", "new_value": [{"name": "low", "id": str(scene.low.id)}]}
    ]
    await scene.ok("DELETE", path, by=scene.moderator)
    assert scene.member_of(scene.member).roles == []

    own = f"{member_path(scene, scene.member)}/roles/{scene.moderators.id}"
    assert (await scene.call("PUT", own, by=scene.moderator)).code == 50013
    managed = f"{member_path(scene, scene.member)}/roles/{scene.bot_role.id}"
    assert (await scene.call("PUT", managed, by=scene.owner)).code == 50013
    unknown = f"{member_path(scene, scene.member)}/roles/1"
    assert (await scene.call("PUT", unknown)).code == 10011


async def test_giving_a_role_again_changes_and_tells_nothing(scene: Scene) -> None:
    path = f"{member_path(scene, scene.member)}/roles/{scene.low.id}"
    await scene.ok("PUT", path)
    scene.events.clear()

    await scene.ok("PUT", path)

    assert scene.events == []


async def test_roles_are_set_as_a_whole(scene: Scene) -> None:
    path = member_path(scene, scene.member)

    changed = await scene.ok("PATCH", path, {"roles": [str(scene.low.id)]}, by=scene.moderator)
    assert changed["roles"] == [str(scene.low.id)]

    above = {"roles": [str(scene.low.id), str(scene.moderators.id)]}
    assert (await scene.call("PATCH", path, above, by=scene.moderator)).code == 50013
    assert (await scene.call("PATCH", path, {"roles": ["1"]})).error_at("roles")


async def test_members_name_themselves_but_not_others(scene: Scene) -> None:
    mine = f"/guilds/{scene.guild.id}/members/@me"

    changed = await scene.ok("PATCH", mine, {"nick": "Captain"}, by=scene.member)
    assert changed["nick"] == "Captain"
    other = await scene.call(
        "PATCH", member_path(scene, scene.raider), {"nick": "x"}, by=scene.member
    )
    assert other.code == 50013
    long = await scene.call("PATCH", mine, {"nick": "x" * 33}, by=scene.member)
    assert long.error_at("nick") == "BASE_TYPE_MAX_LENGTH"


async def test_a_kick_removes_tells_and_is_audited(scene: Scene) -> None:
    await scene.ok("DELETE", member_path(scene, scene.raider), by=scene.moderator, reason="out")

    assert scene.raider.id not in scene.guild.members
    (left,) = scene.told("GUILD_MEMBER_REMOVE")
    assert left["user"]["id"] == str(scene.raider.id)
    (entry,) = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert (entry["action_type"], entry["reason"]) == (20, "out")
    again = await scene.call("DELETE", member_path(scene, scene.raider), by=scene.moderator)
    assert (again.status, again.code) == (404, 10007)


async def test_a_ban_is_told_listed_audited_and_lifted(scene: Scene) -> None:
    await scene.ok("PUT", ban_path(scene, scene.raider), {}, by=scene.moderator, reason="raid")

    assert scene.raider.id not in scene.guild.members
    assert scene.told("GUILD_BAN_ADD") == [
        {"guild_id": str(scene.guild.id), "user": render.user(scene.raider)}
    ]
    ban = await scene.ok("GET", ban_path(scene, scene.raider))
    assert ban == {"reason": "raid", "user": render.user(scene.raider)}
    await scene.ok("DELETE", ban_path(scene, scene.raider), by=scene.moderator)

    assert (await scene.call("GET", ban_path(scene, scene.raider))).code == 10026
    assert (await scene.call("DELETE", ban_path(scene, scene.raider))).code == 10026
    assert len(scene.told("GUILD_BAN_REMOVE")) == 1
    entries = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert [(one["action_type"], one["user_id"]) for one in entries] == [
        (22, str(scene.moderator.id)),
        (23, str(scene.moderator.id)),
    ]


async def test_a_ban_is_needed_once(scene: Scene) -> None:
    await scene.ok("PUT", ban_path(scene, scene.raider), {})
    await scene.ok("PUT", ban_path(scene, scene.raider), {})

    assert len(scene.told("GUILD_BAN_ADD")) == 1
    assert len(scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")) == 1


async def test_somebody_outside_of_the_guild_can_be_banned(scene: Scene) -> None:
    stranger = scene.world.create_user("stranger")

    await scene.ok("PUT", ban_path(scene, stranger), {}, by=scene.moderator)

    assert stranger.id in scene.guild.bans
    assert scene.told("GUILD_MEMBER_REMOVE") == []
    nobody = await scene.call("PUT", f"/guilds/{scene.guild.id}/bans/1", {})
    assert (nobody.status, nobody.code) == (404, 10013)


async def test_a_ban_deletes_what_was_written_lately(scene: Scene) -> None:
    await scene.say("old", by=scene.raider)
    scene.pass_time(hours=2)
    recent = await scene.say("new", by=scene.raider)
    await scene.say("other", by=scene.member)

    body = {"delete_message_seconds": 3600}
    await scene.ok("PUT", ban_path(scene, scene.raider), body)

    left = await scene.ok("GET", f"/channels/{scene.channel.id}/messages")
    assert [one["content"] for one in left] == ["other", "old"]
    assert scene.told("MESSAGE_DELETE_BULK")[0]["ids"] == [recent["id"]]
    long = await scene.call(
        "PUT", ban_path(scene, scene.member), {"delete_message_seconds": 604801}
    )
    assert long.error_at("delete_message_seconds") == "NUMBER_TYPE_MAX"


async def test_bans_are_listed_in_order_of_id(scene: Scene) -> None:
    users = [scene.world.create_user(f"raider{number}") for number in range(4)]
    for user in reversed(users):
        await scene.ok("PUT", ban_path(scene, user), {})
    ids = [str(user.id) for user in users]

    async def listed(query: str) -> list[str]:
        found = await scene.ok("GET", f"/guilds/{scene.guild.id}/bans?{query}")
        return [one["user"]["id"] for one in found]

    assert await listed("") == ids
    assert await listed(f"after={ids[0]}&limit=2") == ids[1:3]
    assert await listed(f"before={ids[3]}&limit=2") == ids[1:3]


async def test_a_banned_user_cannot_come_back_by_an_invite(scene: Scene) -> None:
    invite = await scene.ok("POST", f"/channels/{scene.channel.id}/invites", {})
    await scene.ok("PUT", ban_path(scene, scene.raider), {})

    answer = await scene.call("POST", f"/invites/{invite['code']}", by=scene.raider)
    assert (answer.status, answer.code) == (403, 40007)

    await scene.ok("DELETE", ban_path(scene, scene.raider))
    await scene.ok("POST", f"/invites/{invite['code']}", by=scene.raider)
    assert scene.raider.id in scene.guild.members


async def test_many_are_banned_at_once(scene: Scene) -> None:
    strangers = [scene.world.create_user(f"s{number}") for number in range(2)]
    ids = [str(one.id) for one in (*strangers, scene.owner)]
    path = f"/guilds/{scene.guild.id}/bulk-ban"

    done = await scene.ok("POST", path, {"user_ids": ids})
    assert done == {"banned_users": ids[:2], "failed_users": ids[2:]}
    none = await scene.call("POST", path, {"user_ids": ids})
    assert none.code == 500000


async def test_voice_is_changed_only_of_those_connected(scene: Scene) -> None:
    lounge, stage = (scene.world.create_channel(scene.guild, name, type=2) for name in "ab")
    path = member_path(scene, scene.member)
    assert (await scene.call("PATCH", path, {"mute": True})).code == 40032
    voice.connect(scene.world, scene.guild, scene.member.id, lounge)
    scene.events.clear()

    await scene.ok("PATCH", path, {"mute": True})
    assert scene.told("VOICE_STATE_UPDATE")[0]["mute"] is True
    await scene.ok("PATCH", path, {"channel_id": str(stage.id)})
    state = await scene.ok("GET", f"/guilds/{scene.guild.id}/voice-states/{scene.member.id}")
    assert state["channel_id"] == str(stage.id)
    await scene.ok("PATCH", path, {"channel_id": None})

    assert scene.told("VOICE_STATE_UPDATE")[-1]["channel_id"] is None
    gone = await scene.call("GET", f"/guilds/{scene.guild.id}/voice-states/{scene.member.id}")
    assert gone.code == 10065


async def test_those_without_roles_who_joined_long_ago_are_pruned(scene: Scene) -> None:
    scene.pass_time(days=10)
    fresh = scene.joins("fresh")
    path = f"/guilds/{scene.guild.id}/prune"

    assert await scene.ok("GET", f"{path}?days=7") == {"pruned": 2}
    assert await scene.ok("POST", path, {"days": 7}) == {"pruned": 2}

    left = set(scene.guild.members)
    assert not {scene.member.id, scene.raider.id} & left
    assert {fresh.id, scene.owner.id, scene.moderator.id} <= left


async def test_those_who_join_are_welcomed_where_the_guild_wants_it(scene: Scene) -> None:
    quiet = scene.joins("quiet")
    scene.guild.system_channel_id = scene.channel.id
    greeted = scene.joins("greeted")

    (welcome,) = await scene.ok("GET", f"/channels/{scene.channel.id}/messages")
    assert (welcome["type"], welcome["author"]["id"]) == (7, str(greeted.id))
    assert {quiet.id, greeted.id} <= set(scene.guild.members)
    reply = {"content": "x", "message_reference": {"message_id": welcome["id"]}}
    refused = await scene.call("POST", f"/channels/{scene.channel.id}/messages", reply)
    where = "message_reference"
    assert refused.error_at(where) == "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE"


async def test_an_app_lets_in_who_allowed_it(scene: Scene) -> None:
    stranger = scene.world.create_user("stranger")
    expires_at = scene.world.clock.now() + timedelta(hours=1)
    for token, scopes in (("no", ["identify"]), ("yes", ["guilds.join"])):
        scene.world.bearer_tokens[token] = BearerToken(
            token, "", stranger.id, scene.bot.id, scopes, expires_at
        )
    path = member_path(scene, stranger)

    assert (await scene.call("PUT", path, {"access_token": "no"})).code == 50025
    assert (await scene.call("PUT", path, {"access_token": "yes"})).status == 201
    assert (await scene.call("PUT", path, {"access_token": "yes"})).status == 204
    assert stranger.id in scene.guild.members


async def test_a_bot_that_is_kicked_loses_the_guild_and_its_role(scene: Scene) -> None:
    role = scene.bot_role
    await scene.ok("DELETE", member_path(scene, scene.bot), by=scene.owner)

    (gone,) = [one for one in scene.events if one.name == "GUILD_DELETE"]
    assert gone.users == frozenset({scene.bot.id})
    assert role.id not in scene.guild.roles
    assert (await scene.call("GET", f"/guilds/{scene.guild.id}")).code == 10004


async def test_a_moderator_under_a_timeout_has_no_power(scene: Scene) -> None:
    until = scene.world.clock.now() + timedelta(minutes=1)
    scene.member_of(scene.moderator).communication_disabled_until = until

    refused = await scene.call("PUT", ban_path(scene, scene.raider), {}, by=scene.moderator)
    assert refused.code == 50013

    scene.pass_time(minutes=2)
    await scene.ok("PUT", ban_path(scene, scene.raider), {}, by=scene.moderator)
