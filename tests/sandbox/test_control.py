"""The control API: whatever a test or a person wants to happen in the sandbox."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import aiohttp
import pytest

from tests.sandbox.bot_client import stage
from tests.support.calls import Json, RestError
from tests.support.sandbox import Guild, Person, Sandbox


@pytest.fixture
async def owner(sandbox: Sandbox) -> Person:
    return await sandbox.create_user("owner")


@pytest.fixture
async def guild(sandbox: Sandbox, owner: Person) -> Guild:
    return await sandbox.found("Harbour", owner, ["general", "boats"])


async def test_a_user_is_registered_and_can_log_in_at_once(sandbox: Sandbox) -> None:
    pip = await sandbox.create_user("pip", global_name="Pip the Sailor")

    me = await pip.rest("GET", "/users/@me")

    assert (int(me["id"]), me["username"], me["global_name"]) == (pip.id, "pip", "Pip the Sailor")
    assert (await sandbox.person("pip")).token == pip.token


async def test_a_guild_is_founded_with_its_channels(sandbox: Sandbox, guild: Guild) -> None:
    assert list(guild.channels) == ["general", "boats"]
    assert await sandbox.guild("Harbour") == guild


async def test_people_join_with_roles_and_leave(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    await owner.rest("POST", f"/guilds/{guild.id}/roles", {"name": "Sailors"})

    pip = await sandbox.join(guild, "pip", roles=["Sailors"])
    role_id = (await sandbox.guild(guild)).roles["Sailors"]
    assert (await sandbox.member(guild, pip))["roles"] == [str(role_id)]

    await sandbox.leave(guild, pip)
    assert not await sandbox.is_member(guild, pip)


async def test_a_banned_person_cannot_join_and_the_owner_cannot_leave(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    raider = await sandbox.join(guild, "raider")
    await owner.bans(guild, raider)

    with pytest.raises(RestError, match="raider is banned from Harbour"):
        await sandbox.join(guild, raider)
    with pytest.raises(RestError, match="cannot leave"):
        await sandbox.leave(guild, owner)


async def test_mistakes_are_told_in_plain_words(sandbox: Sandbox, guild: Guild) -> None:
    calls: list[tuple[str, str, Json, str]] = [
        ("POST", "/users", {}, "username"),
        ("POST", "/users", {"username": " "}, "needs a username"),
        ("POST", "/guilds", {"name": "x", "owner": "nobody"}, "There is no user nobody"),
        ("POST", "/guilds/1/members", {"user_id": "1"}, "There is no guild 1"),
        ("POST", f"/guilds/{guild.id}/members", {"user_id": "owner", "roles": ["x"]}, "no role x"),
        ("DELETE", f"/guilds/{guild.id}/members/77", {}, "There is no user 77"),
        ("POST", "/clock", {"advance": -1}, "only moves forward"),
        ("GET", "/users/owner/events?after=soon", {}, "after must be a number"),
        ("DELETE", "/faults/3", {}, "There is no fault 3"),
    ]
    for method, path, body, words in calls:
        with pytest.raises(RestError, match=words):
            await sandbox.control(method, path, body)


@pytest.mark.parametrize(
    ("action", "holds"),
    [("ban", "banned"), ("kick", "gone"), ("timeout", "silent")],
)
async def test_acting_by_hand_is_what_that_user_may_do(
    sandbox: Sandbox, guild: Guild, action: str, holds: str
) -> None:
    raider = await sandbox.join(guild, "raider")
    act = {"action": action, "user": "raider", "reason": "spamming", "seconds": 60}

    with pytest.raises(RestError, match="Missing Permissions"):
        await sandbox.control(
            "POST", f"/guilds/{guild.id}/act", {"by": "raider", **act, "user": "owner"}
        )
    await sandbox.control("POST", f"/guilds/{guild.id}/act", {"by": "owner", **act})

    states = {
        "banned": await sandbox.banned(guild, raider),
        "gone": not await sandbox.is_member(guild, raider),
        "silent": action == "timeout"
        and bool((await sandbox.member(guild, raider))["communication_disabled_until"]),
    }
    assert states[holds]
    entry = sandbox.world.guilds[guild.id].audit_log[-1]
    assert entry.reason == "spamming"


async def test_a_ban_is_lifted_and_a_timeout_ended_by_hand(sandbox: Sandbox, guild: Guild) -> None:
    raider = await sandbox.join(guild, "raider")
    for action in ("timeout", "untimeout", "ban", "unban"):
        body = {"by": "owner", "action": action, "user": str(raider.id)}
        await sandbox.control("POST", f"/guilds/{guild.id}/act", body)
        if action == "untimeout":
            member = await sandbox.member(guild, raider)
            assert member["communication_disabled_until"] is None

    assert not await sandbox.banned(guild, raider)


async def test_every_request_is_recorded_with_who_asked_and_how_it_was_answered(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    await owner.says(guild, "Ahoy!")
    with pytest.raises(RestError):
        await sandbox.rest("nonsense", "GET", "/users/@me")

    said, refused = (await sandbox.requests())[-2:]

    assert (said["method"], said["route"]) == ("POST", "/channels/{channel_id}/messages")
    assert (said["token"], said["user_id"], said["status"]) == ("user", str(owner.id), 200)
    assert said["body"]["content"] == "Ahoy!"
    assert said["milliseconds"] > 0
    assert (refused["token"], refused["status"], refused["path"]) == ("none", 401, "/users/@me")


async def test_recorded_requests_are_filtered_and_read_from_a_cursor_on(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    for number in range(3):
        await owner.says(guild, f"message {number}")
    await owner.rest("GET", "/users/@me")

    posts = await sandbox.requests(method="POST", token="user")
    assert [one["body"]["content"] for one in posts] == ["message 0", "message 1", "message 2"]
    assert await sandbox.requests(method="POST", after=posts[1]["number"]) == posts[2:]
    assert await sandbox.requests(route="/users", user_id=owner.id, limit=1)
    assert await sandbox.requests(token="bot") == []
    assert await sandbox.requests(method="POST", limit=1, last="true") == posts[2:]

    await sandbox.control("DELETE", "/requests")
    assert await sandbox.requests() == []


async def test_a_reason_is_recorded_and_a_client_secret_is_not(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    raider = await sandbox.join(guild, "raider")
    await owner.bans(guild, raider, "spamming")
    form = {"client_id": "1", "client_secret": "very secret", "grant_type": "refresh_token"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{sandbox.api_url}/oauth2/token", data=form) as response,
    ):
        assert response.status == 401

    ban, token = (await sandbox.requests())[-2:]

    assert ban["reason"] == "spamming"
    assert "very secret" not in str(token)


async def test_what_was_said_beside_a_file_is_recorded(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "the tides"}')
    form.add_field("files[0]", b"high at noon", filename="tides.txt")
    url = f"{sandbox.api_url}/channels/{guild.channel_id}/messages"
    async with (
        aiohttp.ClientSession(headers={"Authorization": owner.token}) as http,
        http.post(url, data=form) as response,
    ):
        assert response.status == 200

    (posted,) = await sandbox.requests(method="POST")
    assert posted["body"] == {"content": "the tides", "files": ["tides.txt"]}


async def test_pages_of_other_sites_control_nothing(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/sandbox/users"
    async with aiohttp.ClientSession() as http:
        for origin, status in (("https://elsewhere.example", 403), (sandbox.url, 201)):
            headers = {"Origin": origin}
            async with http.post(url, json={"username": "pip"}, headers=headers) as response:
                assert response.status == status

    assert len(sandbox.world.users) == 1


async def test_time_passes_when_it_is_told_to(sandbox: Sandbox) -> None:
    before = datetime.fromisoformat((await sandbox.control("GET", "/clock"))["now"])

    await sandbox.advance(3600)

    after = datetime.fromisoformat((await sandbox.control("GET", "/clock"))["now"])
    assert timedelta(hours=1) <= after - before < timedelta(hours=1, seconds=10)


async def test_settings_are_changed_and_shown(sandbox: Sandbox) -> None:
    await sandbox.control("PATCH", "/settings", {"rate_limits": False, "heartbeat_interval": 0.5})

    shown = await sandbox.control("GET", "/settings")

    assert shown["world"]["rate_limits"] is False
    assert not sandbox.world.settings.rate_limits
    assert sandbox.hub.settings.heartbeat_interval == timedelta(seconds=0.5)
    async with aiohttp.ClientSession() as http:
        url = f"{sandbox.gateway_url}?v=10&encoding=json"
        async with http.ws_connect(url) as ws:
            assert (await ws.receive_json())["d"]["heartbeat_interval"] == 500


async def test_the_gateway_tells_who_identified_and_is_connected(sandbox: Sandbox) -> None:
    async with stage(sandbox) as on:
        told = await sandbox.gateway()

        (session,) = told["sessions"]
        assert (session["account_id"], session["connected"]) == (str(on.bot.id), True)
        assert told["counts"]["identify"] == 1
        assert told["connections"] == 1
        assert "token" not in told["identifies"][0]["data"]


async def test_a_view_shows_what_a_person_sees_and_no_more(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    hidden = guild.channels["boats"]
    deny = {"type": 0, "deny": str(1 << 10)}
    await owner.rest("PUT", f"/channels/{hidden}/permissions/{guild.id}", deny)
    pip = await sandbox.join(guild, "pip")
    raider = await sandbox.join(guild, "raider")
    await owner.bans(guild, raider)
    gone = await sandbox.join(guild, "gone")
    await sandbox.leave(guild, gone)

    (seen,) = (await sandbox.control("GET", f"/users/{pip.id}/view"))["guilds"]

    assert [one["name"] for one in seen["channels"]] == ["general"]
    assert [one["user"]["username"] for one in seen["banned"]] == ["raider"]
    assert [one["username"] for one in seen["absent"]] == ["gone"]
    assert {one["user"]["username"] for one in seen["members"]} == {"owner", "pip"}


async def test_a_users_events_are_waited_for(sandbox: Sandbox, owner: Person, guild: Guild) -> None:
    path = f"/users/{owner.id}/events"
    newest = (await sandbox.control("GET", path))["newest"]
    waiting = asyncio.create_task(sandbox.control("GET", path, None, after=newest, wait=5))

    said = await owner.says(guild, "Ahoy!")

    told = await waiting
    assert [one["data"]["id"] for one in told["events"]] == [str(said.id)]
    assert (await sandbox.control("GET", path, None, after=told["newest"]))["events"] == []


async def test_the_help_lists_every_call_with_what_it_does(sandbox: Sandbox) -> None:
    calls = {one["call"]: one for one in (await sandbox.control("GET", "/help"))["calls"]}

    assert "GET /sandbox/health" in calls
    assert all(one["does"] for one in calls.values())
    assert calls["POST /sandbox/guilds/{guild_id}/members"]["body"] == {
        "user_id": "str",
        "roles": "list[str] = []",
        "nick": "str | None = None",
        "permissions": "int = 0",
    }
    bodies = {call for call, one in calls.items() if "body" in one}
    assert bodies == {call for call in calls if call.startswith(("POST", "PATCH"))}
    async with (
        aiohttp.ClientSession(headers={"Accept": "text/html"}) as http,
        http.get(f"{sandbox.url}/sandbox/help") as page,
    ):
        shown = await page.text()
    assert "<dt>POST /sandbox/faults</dt>" in shown
    assert "<code>user_id: str</code>" in shown
