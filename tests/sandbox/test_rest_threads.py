"""REST: threads are started, joined, archived and listed."""

from sandbox.permissions import Permission
from tests.support.rest import Scene


async def test_a_thread_is_started_on_a_message(scene: Scene) -> None:
    posted = await scene.say("topic")
    path = f"/channels/{scene.channel.id}/messages/{posted['id']}"

    thread = await scene.ok("POST", f"{path}/threads", {"name": "talk"}, by=scene.member)

    assert (thread["id"], thread["type"]) == (posted["id"], 11)
    assert thread["parent_id"] == str(scene.channel.id)
    assert thread["member"]["user_id"] == str(scene.member.id)
    read = await scene.ok("GET", path)
    assert read["flags"] & 1 << 5
    assert read["thread"]["name"] == "talk"
    assert scene.told("THREAD_CREATE")[0]["newly_created"] is True
    again = await scene.call("POST", f"{path}/threads", {"name": "talk"})
    assert again.code == 160004


async def test_a_thread_without_a_message_is_private_unless_asked(scene: Scene) -> None:
    path = f"/channels/{scene.channel.id}/threads"
    private = await scene.ok("POST", path, {"name": "quiet"})
    public = await scene.ok("POST", path, {"name": "loud", "type": 11})

    assert (private["type"], public["type"]) == (12, 11)
    hidden = await scene.call("GET", f"/channels/{private['id']}", by=scene.member)
    assert hidden.code == 50001
    await scene.ok("PUT", f"/channels/{private['id']}/thread-members/{scene.member.id}")
    await scene.ok("GET", f"/channels/{private['id']}", by=scene.member)


async def test_who_writes_in_a_thread_joins_it(scene: Scene) -> None:
    thread = await scene.ok(
        "POST", f"/channels/{scene.channel.id}/threads", {"name": "loud", "type": 11}
    )
    path = f"/channels/{thread['id']}"

    await scene.ok("POST", f"{path}/messages", {"content": "hi"}, by=scene.member)

    joined = await scene.ok("GET", f"{path}/thread-members")
    assert {one["user_id"] for one in joined} == {str(scene.bot.id), str(scene.member.id)}
    assert "member" not in joined[0]
    whole = await scene.ok("GET", f"{path}/thread-members?with_member=true")
    assert whole[0]["member"]["user"]["id"] == whole[0]["user_id"]
    assert (await scene.ok("GET", path))["message_count"] == 1
    await scene.ok("DELETE", f"{path}/thread-members/@me", by=scene.member)
    gone = await scene.call("GET", f"{path}/thread-members/{scene.member.id}")
    assert gone.code == 10007


async def test_an_archived_thread_opens_when_somebody_writes(scene: Scene) -> None:
    thread = await scene.ok(
        "POST", f"/channels/{scene.channel.id}/threads", {"name": "loud", "type": 11}
    )
    path = f"/channels/{thread['id']}"
    await scene.ok("PATCH", path, {"archived": True})
    active = f"/guilds/{scene.guild.id}/threads/active"
    archived = f"/channels/{scene.channel.id}/threads/archived/public"

    assert (await scene.ok("GET", active))["threads"] == []
    assert [one["id"] for one in (await scene.ok("GET", archived))["threads"]] == [thread["id"]]
    renamed = await scene.call("PATCH", path, {"name": "other"})
    assert renamed.code == 50083
    await scene.ok("POST", f"{path}/messages", {"content": "hi"}, by=scene.member)

    assert [one["id"] for one in (await scene.ok("GET", active))["threads"]] == [thread["id"]]


async def test_a_locked_thread_is_for_those_who_manage_it(scene: Scene) -> None:
    thread = await scene.ok(
        "POST", f"/channels/{scene.channel.id}/threads", {"name": "loud", "type": 11}
    )
    path = f"/channels/{thread['id']}"
    refused = await scene.call("PATCH", path, {"locked": True}, by=scene.member)
    assert refused.code == 50013
    await scene.ok("PATCH", path, {"locked": True})

    answer = await scene.call("POST", f"{path}/messages", {"content": "hi"}, by=scene.member)
    assert answer.code == 160005
    await scene.ok("POST", f"{path}/messages", {"content": "hi"})


async def test_writing_in_threads_has_a_permission_of_its_own(scene: Scene) -> None:
    everyone = scene.guild.roles[scene.guild.id]
    everyone.permissions &= ~int(Permission.SEND_MESSAGES_IN_THREADS)
    thread = await scene.ok(
        "POST", f"/channels/{scene.channel.id}/threads", {"name": "loud", "type": 11}
    )

    inside = await scene.call(
        "POST", f"/channels/{thread['id']}/messages", {"content": "x"}, by=scene.member
    )

    assert inside.code == 50013
    await scene.say("x", by=scene.member)


async def test_a_deleted_thread_is_told(scene: Scene) -> None:
    thread = await scene.ok(
        "POST", f"/channels/{scene.channel.id}/threads", {"name": "loud", "type": 11}
    )

    await scene.ok("DELETE", f"/channels/{thread['id']}")

    assert scene.told("THREAD_DELETE") == [
        {
            "id": thread["id"],
            "guild_id": str(scene.guild.id),
            "parent_id": str(scene.channel.id),
            "type": 11,
        }
    ]
    assert (await scene.call("GET", f"/channels/{thread['id']}")).code == 10003


async def test_a_post_in_a_forum_starts_with_its_message(scene: Scene) -> None:
    forum = scene.world.create_channel(scene.guild, "help", type=15)
    path = f"/channels/{forum.id}/threads"

    post = await scene.ok("POST", path, {"name": "how?", "message": {"content": "question"}})

    assert post["message"]["id"] == post["id"]
    assert post["message"]["content"] == "question"
    empty = await scene.call("POST", path, {"name": "how?"})
    assert empty.error_at("message") == "BASE_TYPE_REQUIRED"
    direct = await scene.call("POST", f"/channels/{forum.id}/messages", {"content": "x"})
    assert direct.code == 50008
