"""Webhooks of channels."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.bot_client import Json, Stage, stage
from tests.support.sandbox import RestError, Sandbox


@pytest.fixture
async def on(sandbox: Sandbox) -> AsyncIterator[Stage]:
    async with stage(sandbox) as set_up:
        yield set_up


@pytest.fixture
async def hook(on: Stage) -> Json:
    return await on.bot.rest("POST", f"/channels/{on.channel.id}/webhooks", {"name": "Log"})


def path(hook: Json) -> str:
    return f"/webhooks/{hook['id']}/{hook['token']}"


async def test_a_webhook_is_made_and_listed(on: Stage, hook: Json) -> None:
    of_channel = await on.bot.rest("GET", f"/channels/{on.channel.id}/webhooks")
    of_guild = await on.bot.rest("GET", f"/guilds/{on.guild.id}/webhooks")

    assert (hook["name"], hook["channel_id"]) == ("Log", str(on.channel.id))
    assert [one["id"] for one in of_channel] == [hook["id"]]
    assert [one["id"] for one in of_guild] == [hook["id"]]
    assert (await on.bot.gateway.until("WEBHOOKS_UPDATE")).d["channel_id"] == hook["channel_id"]


async def test_who_may_not_manage_webhooks_makes_none(on: Stage) -> None:
    member = on.person("member")
    with pytest.raises(RestError) as refused:
        await on.sandbox.rest(
            member.token, "POST", f"/channels/{on.channel.id}/webhooks", {"name": "x"}
        )
    assert refused.value.code == 50013


async def test_a_webhook_posts_under_its_name_or_another(on: Stage, hook: Json) -> None:
    assert await on.bot.call("POST", path(hook), {"content": "quiet"}) is None
    body = {"content": "loud", "username": "Lookout"}
    shown = await on.bot.call("POST", path(hook), body, wait="true")

    assert (shown["content"], shown["author"]["username"]) == ("loud", "Lookout")
    assert shown["webhook_id"] == hook["id"]
    assert (await on.bot.gateway.until("MESSAGE_CREATE")).d["author"]["username"] == "Log"


async def test_a_webhook_edits_and_deletes_only_its_own_messages(on: Stage, hook: Json) -> None:
    shown = await on.bot.call("POST", path(hook), {"content": "one"}, wait="true")
    own = f"{path(hook)}/messages/{shown['id']}"
    edited = await on.bot.call("PATCH", own, {"content": "two"})
    assert (await on.bot.call("GET", own))["content"] == edited["content"] == "two"
    await on.bot.call("DELETE", own)
    other = on.world.post_message(on.channel, on.world.users[on.owner.id], "mine")

    for message_id in (shown["id"], other.id):
        with pytest.raises(RestError) as gone:
            await on.bot.call("GET", f"{path(hook)}/messages/{message_id}")
        assert gone.value.code == 10008


async def test_a_webhook_posts_into_threads_of_its_channel(on: Stage, hook: Json) -> None:
    body = {"name": "talk", "type": 11}
    thread = await on.bot.rest("POST", f"/channels/{on.channel.id}/threads", body)
    posted = {"content": "in here"}
    shown = await on.bot.call("POST", path(hook), posted, wait="true", thread_id=thread["id"])
    assert shown["channel_id"] == thread["id"]

    other = on.world.create_channel(on.guild, "other")
    with pytest.raises(RestError) as refused:
        await on.bot.call("POST", path(hook), posted, thread_id=str(other.id))
    assert refused.value.code == 10003


async def test_wrong_tokens_and_unknown_webhooks_are_told_apart(on: Stage, hook: Json) -> None:
    with pytest.raises(RestError) as wrong:
        await on.bot.call("POST", f"/webhooks/{hook['id']}/nonsense", {"content": "x"})
    with pytest.raises(RestError) as unknown:
        await on.bot.call("POST", "/webhooks/1/nonsense", {"content": "x"})

    assert (wrong.value.status, wrong.value.code) == (401, 50027)
    assert (unknown.value.status, unknown.value.code) == (404, 10015)


async def test_an_empty_message_is_refused(on: Stage, hook: Json) -> None:
    with pytest.raises(RestError) as refused:
        await on.bot.call("POST", path(hook), {"content": ""})
    assert refused.value.code == 50006


async def test_a_webhook_is_changed_moved_and_deleted(on: Stage, hook: Json) -> None:
    other = on.world.create_channel(on.guild, "other")
    moved = await on.bot.rest("PATCH", f"/webhooks/{hook['id']}", {"channel_id": str(other.id)})
    named = await on.bot.call("PATCH", path(hook), {"name": "Watch", "channel_id": "1"})
    by_token = await on.bot.call("GET", path(hook))

    assert moved["channel_id"] == by_token["channel_id"] == str(other.id)
    assert named["name"] == (await on.bot.rest("GET", f"/webhooks/{hook['id']}"))["name"] == "Watch"
    assert "user" not in by_token
    await on.bot.rest("DELETE", f"/webhooks/{hook['id']}")
    with pytest.raises(RestError) as gone:
        await on.bot.rest("GET", f"/webhooks/{hook['id']}")
    assert gone.value.code == 10015


async def test_a_webhook_may_be_deleted_by_its_token(on: Stage, hook: Json) -> None:
    await on.bot.call("DELETE", path(hook))

    assert await on.bot.rest("GET", f"/channels/{on.channel.id}/webhooks") == []
