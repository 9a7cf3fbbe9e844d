"""REST: guilds, channels, overwrites, roles, invites and the audit log."""

from sandbox.models import Overwrite
from sandbox.permissions import Permission
from sandbox.world import Event
from tests.support.rest import Scene, token_of


async def test_a_guild_is_read_with_its_numbers(scene: Scene) -> None:
    plain = await scene.ok("GET", f"/guilds/{scene.guild.id}")
    counted = await scene.ok("GET", f"/guilds/{scene.guild.id}?with_counts=true")

    assert (plain["name"], plain["owner_id"]) == ("Harbour", str(scene.owner.id))
    assert "approximate_member_count" not in plain
    assert counted["approximate_member_count"] == len(scene.guild.members)


async def test_a_guild_is_changed_told_and_audited(scene: Scene) -> None:
    path = f"/guilds/{scene.guild.id}"

    await scene.ok("PATCH", path, {"name": "Port", "verification_level": 2}, reason="new name")

    assert scene.told("GUILD_UPDATE")[0]["name"] == "Port"
    (entry,) = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert (entry["action_type"], entry["reason"]) == (1, "new name")
    assert entry["changes"] == [
        {"key": "name", "old_value": "Harbour", "new_value": "Port"},
        {"key": "verification_level", "old_value": 0, "new_value": 2},
    ]
    refused = await scene.call("PATCH", path, {"name": "Mine"}, by=scene.member)
    assert refused.code == 50013
    assert (await scene.call("PATCH", path, {"name": "x"})).error_at("name")


async def test_a_channel_is_opened_changed_and_deleted(scene: Scene) -> None:
    body = {"name": "Dry Dock", "topic": "repairs", "rate_limit_per_user": 5}

    opened = await scene.ok("POST", f"/guilds/{scene.guild.id}/channels", body)
    path = f"/channels/{opened['id']}"
    assert (opened["name"], opened["topic"]) == ("dry-dock", "repairs")
    changed = await scene.ok("PATCH", path, {"topic": None, "nsfw": True})
    assert (changed["topic"], changed["nsfw"]) == (None, True)
    await scene.ok("DELETE", path)

    assert (await scene.call("GET", path)).code == 10003
    names = [event.name for event in scene.events if event.name.startswith("CHANNEL_")]
    assert names == ["CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE"]
    entries = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert [one["action_type"] for one in entries] == [10, 11, 12]


async def test_a_channel_in_a_category_starts_with_its_overwrites(scene: Scene) -> None:
    deny = {"id": str(scene.guild.id), "type": 0, "deny": str(int(Permission.VIEW_CHANNEL))}
    path = f"/guilds/{scene.guild.id}/channels"
    category = await scene.ok(
        "POST", path, {"name": "Staff", "type": 4, "permission_overwrites": [deny]}
    )

    inside = await scene.ok("POST", path, {"name": "desk", "parent_id": category["id"]})

    assert inside["permission_overwrites"] == category["permission_overwrites"]
    hidden = await scene.call("GET", f"/channels/{inside['id']}", by=scene.member)
    assert hidden.code == 50001
    wrong = await scene.call("POST", path, {"name": "x", "parent_id": inside["id"]})
    assert wrong.error_at("parent_id") == "CHANNEL_PARENT_INVALID_TYPE"


async def test_a_channel_needs_a_name_and_rights(scene: Scene) -> None:
    path = f"/guilds/{scene.guild.id}/channels"

    assert (await scene.call("POST", path, {})).error_at("name") == "BASE_TYPE_REQUIRED"
    assert (await scene.call("POST", path, {"name": ""})).error_at("name") == "BASE_TYPE_REQUIRED"
    answer = await scene.call("POST", path, {"name": "x" * 101})
    assert answer.error_at("name") == "BASE_TYPE_BAD_LENGTH"
    assert (await scene.call("POST", path, {"name": "x"}, by=scene.member)).code == 50013


async def test_channels_are_moved(scene: Scene) -> None:
    second = scene.text_channel()
    asked = [
        {"id": str(second.id), "position": 0},
        {"id": str(scene.channel.id), "position": 1},
    ]

    await scene.ok("PATCH", f"/guilds/{scene.guild.id}/channels", asked)

    assert (second.position, scene.channel.position) == (0, 1)
    listed = await scene.ok("GET", f"/guilds/{scene.guild.id}/channels")
    assert {one["id"]: one["position"] for one in listed} == {
        str(second.id): 0,
        str(scene.channel.id): 1,
    }


async def test_a_channel_moved_into_a_category_takes_its_overwrites_if_asked(scene: Scene) -> None:
    category = scene.world.create_channel(scene.guild, "Staff", type=4)
    hidden = Overwrite(scene.guild.id, 0, deny=int(Permission.VIEW_CHANNEL))
    category.overwrites[scene.guild.id] = hidden
    moved = {"id": str(scene.channel.id), "parent_id": str(category.id)}
    path = f"/guilds/{scene.guild.id}/channels"

    await scene.ok("PATCH", path, [moved])
    assert scene.channel.overwrites == {}
    await scene.ok("PATCH", path, [{**moved, "lock_permissions": True}])

    assert scene.channel.overwrites == category.overwrites
    assert scene.channel.overwrites[scene.guild.id] is not hidden


async def test_an_overwrite_shuts_a_member_out_and_lets_them_in_again(scene: Scene) -> None:
    path = f"/channels/{scene.channel.id}/permissions/{scene.member.id}"
    deny = {"type": 1, "deny": str(int(Permission.VIEW_CHANNEL))}

    await scene.ok("PUT", path, deny)
    hidden = await scene.call("GET", f"/channels/{scene.channel.id}", by=scene.member)
    assert hidden.code == 50001
    await scene.ok("DELETE", path)

    await scene.ok("GET", f"/channels/{scene.channel.id}", by=scene.member)
    assert (await scene.call("DELETE", path)).code == 10009
    entries = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert [one["action_type"] for one in entries] == [13, 15]


async def test_nobody_gives_by_overwrite_what_they_do_not_have(scene: Scene) -> None:
    path = f"/channels/{scene.channel.id}/permissions/{scene.low.id}"

    mine = {"type": 0, "allow": str(int(Permission.MANAGE_MESSAGES))}
    await scene.ok("PUT", path, mine, by=scene.moderator)
    not_mine = {"type": 0, "allow": str(int(Permission.MANAGE_CHANNELS))}
    answer = await scene.call("PUT", path, not_mine, by=scene.moderator)

    assert answer.code == 50013


async def test_a_role_is_made_changed_and_deleted(scene: Scene) -> None:
    path = f"/guilds/{scene.guild.id}/roles"
    made = await scene.ok("POST", path, {"name": "crew", "color": 0x3366FF, "hoist": True})
    assert (made["name"], made["color"], made["position"]) == ("crew", 0x3366FF, 1)
    assert made["permissions"] == str(scene.guild.roles[scene.guild.id].permissions)
    await scene.ok("PUT", f"/guilds/{scene.guild.id}/members/{scene.member.id}/roles/{made['id']}")

    changed = await scene.ok("PATCH", f"{path}/{made['id']}", {"name": "sailors"})
    assert changed["name"] == "sailors"
    await scene.ok("DELETE", f"{path}/{made['id']}")

    assert scene.member_of(scene.member).roles == []
    told = [event.name for event in scene.events if made["id"] in _ids_of_role(event)]
    assert told == ["GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE"]


def _ids_of_role(event: Event) -> set[object]:
    role: dict[str, object] = event.data.get("role", {})  # type: ignore[assignment] # JSON
    return {event.data.get("role_id"), role.get("id")}


async def test_a_new_role_pushes_the_others_up_and_says_so(scene: Scene) -> None:
    made = await scene.ok("POST", f"/guilds/{scene.guild.id}/roles", {"name": "crew"})

    positions = {
        one["role"]["name"]: one["role"]["position"] for one in scene.told("GUILD_ROLE_UPDATE")
    }
    assert made["position"] == 1
    assert positions == {"low": 2, "moderators": 3, "Flotilla": 4}


async def test_nobody_changes_a_role_above_or_gives_what_they_do_not_have(scene: Scene) -> None:
    path = f"/guilds/{scene.guild.id}/roles"
    administrator = {"permissions": str(int(Permission.ADMINISTRATOR))}

    for role in (scene.moderators, scene.bot_role):
        answer = await scene.call(
            "PATCH", f"{path}/{role.id}", {"name": "mine"}, by=scene.moderator
        )
        assert answer.code == 50013
    given = await scene.call("PATCH", f"{path}/{scene.low.id}", administrator, by=scene.moderator)
    assert given.code == 50013
    assert (await scene.call("POST", path, administrator, by=scene.moderator)).code == 50013
    assert (await scene.call("DELETE", f"{path}/{scene.guild.id}")).code == 50028


async def test_roles_are_moved_below_the_movers_own(scene: Scene) -> None:
    path = f"/guilds/{scene.guild.id}/roles"
    other = scene.world.create_role(scene.guild, "other")
    assert (other.position, scene.low.position) == (1, 2)

    listed = await scene.ok(
        "PATCH", path, [{"id": str(other.id), "position": 2}], by=scene.moderator
    )
    positions = {one["id"]: one["position"] for one in listed}
    assert (positions[str(scene.low.id)], positions[str(other.id)]) == (1, 2)

    above = [{"id": str(other.id), "position": 3}]
    assert (await scene.call("PATCH", path, above, by=scene.moderator)).code == 50013


async def test_invites_are_made_read_used_up_and_deleted(scene: Scene) -> None:
    path = f"/channels/{scene.channel.id}/invites"
    made = await scene.ok("POST", path, {"max_uses": 1, "max_age": 60}, by=scene.member)
    assert (made["max_uses"], made["uses"]) == (1, 0)
    read = await scene.ok("GET", f"/invites/{made['code']}?with_counts=true")
    assert read["approximate_member_count"] == len(scene.guild.members)
    assert "uses" not in read

    stranger = scene.world.create_user("stranger")
    await scene.ok("POST", f"/invites/{made['code']}", by=stranger)
    assert stranger.id in scene.guild.members
    assert (await scene.call("GET", f"/invites/{made['code']}")).code == 10006

    other = await scene.ok("POST", path, {})
    assert len(await scene.ok("GET", f"/guilds/{scene.guild.id}/invites")) == 1
    refused = await scene.call("DELETE", f"/invites/{other['code']}", by=scene.member)
    assert refused.code == 50013
    await scene.ok("DELETE", f"/invites/{other['code']}")
    assert scene.told("INVITE_DELETE")[0]["code"] == other["code"]


async def test_an_invite_ends_with_its_age(scene: Scene) -> None:
    made = await scene.ok("POST", f"/channels/{scene.channel.id}/invites", {"max_age": 60})

    scene.pass_time(seconds=61)

    assert (await scene.call("GET", f"/invites/{made['code']}")).code == 10006


async def test_the_audit_log_is_filtered_and_paged(scene: Scene) -> None:
    for name in ("one", "two", "three"):
        body = {"name": name}
        await scene.ok("POST", f"/guilds/{scene.guild.id}/roles", body, by=scene.owner)
    await scene.ok("DELETE", f"/guilds/{scene.guild.id}/members/{scene.raider.id}")
    path = f"/guilds/{scene.guild.id}/audit-logs"

    async def listed(query: str = "") -> list[tuple[int, str]]:
        found = await scene.ok("GET", f"{path}?{query}")
        return [(one["action_type"], one["id"]) for one in found["audit_log_entries"]]

    everything = await listed()
    assert [kind for kind, _ in everything] == [20, 30, 30, 30]
    ids = [entry_id for _, entry_id in everything]
    assert await listed("action_type=20") == everything[:1]
    assert await listed(f"user_id={scene.owner.id}") == everything[1:]
    assert await listed(f"before={ids[1]}&limit=1") == everything[2:3]
    assert await listed(f"after={ids[2]}") == [everything[1], everything[0]]
    whole = await scene.ok("GET", path)
    assert {one["id"] for one in whole["users"]} == {
        str(one.id) for one in (scene.owner, scene.bot, scene.raider)
    }
    assert (await scene.call("GET", path, by=scene.member)).code == 50013


async def test_a_reason_is_cut_at_512_characters(scene: Scene) -> None:
    await scene.ok(
        "DELETE", f"/guilds/{scene.guild.id}/members/{scene.raider.id}", reason="%E2%9A%93" * 600
    )

    (entry,) = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert entry["reason"] == "⚓" * 512


async def test_unknown_addresses_methods_and_tokens_are_refused_plainly(scene: Scene) -> None:
    unknown = await scene.call("GET", "/nothing/here")
    assert (unknown.status, unknown.body) == (404, {"message": "404: Not Found", "code": 0})
    wrong = await scene.call("PUT", f"/guilds/{scene.guild.id}")
    assert (wrong.status, wrong.body) == (405, {"message": "405: Method Not Allowed", "code": 0})
    for token in ("", "Bot nonsense", scene.bot.token, f"Bot {scene.owner.token}", "Bearer x"):
        answer = await scene.call("GET", "/users/@me", headers={"Authorization": token})
        assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})
    async with scene.http.patch(
        "/api/v10/users/@me", data=b"{broken", headers={"Authorization": token_of(scene.bot)}
    ) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50109)
