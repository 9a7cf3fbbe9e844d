"""The demo's guild: the same every time, with everybody in their place."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import aiohttp
import msgspec
import pytest
from yarl import URL

from sandbox import seed
from sandbox.models import Guild
from sandbox.permissions import Permission, in_guild, outranks
from sandbox.world import World
from tests.support.calls import RestError
from tests.support.sandbox import Sandbox, running


@pytest.fixture
async def harbour() -> AsyncGenerator[Sandbox]:
    async with running(seed.demo()) as sandbox:
        yield sandbox


def test_two_worlds_from_the_seed_are_the_same_to_the_byte() -> None:
    first, second = (msgspec.json.encode(seed.demo().records()) for _ in range(2))

    assert first == second


def test_new_ids_are_greater_than_the_seeded_ones() -> None:
    world = seed.demo()
    last = world.snowflakes.last

    assert world.create_user("newcomer").id > last


async def test_the_named_people_are_told_with_their_tokens(harbour: Sandbox) -> None:
    told = await harbour.seed()

    assert {"owner", "moderator", "member", "raider"} <= told["users"].keys()
    for name, person in told["users"].items():
        assert (await harbour.person(name)).token == person["token"]
        me = await harbour.rest(person["token"], "GET", "/users/@me")
        assert me["id"] == person["id"]


async def test_the_channel_of_the_mod_log_is_told(harbour: Sandbox) -> None:
    told = await harbour.seed()

    guild = await harbour.guild(told["guild_id"])
    assert int(told["log_channel_id"]) == guild.channels["mod-log"]


async def test_the_bot_logs_in_with_privileged_intents_switched_on(harbour: Sandbox) -> None:
    token = (await harbour.seed())["application"]["token"]

    application = await harbour.rest(f"Bot {token}", "GET", "/applications/@me")

    limited = 1 << 13 | 1 << 15 | 1 << 19
    assert application["flags"] & limited == limited


def test_the_bot_stands_above_everybody_but_the_owner_and_may_moderate() -> None:
    world, guild, bot_id = _harbour()
    bot = guild.members[bot_id]

    assert all(
        outranks(guild, bot, member)
        for member in guild.members.values()
        if member.user_id not in (bot_id, guild.owner_id)
    )
    bits = in_guild(guild, bot, world.clock.now())
    for needed in (Permission.BAN_MEMBERS, Permission.MODERATE_MEMBERS, Permission.MANAGE_ROLES):
        assert bits & needed
    assert bot.nick == "Harbourmaster"


def test_the_moderator_stands_above_the_raider_and_below_the_admin() -> None:
    world, guild, _ = _harbour()
    made = seed.seed_of(world)
    assert made is not None
    member = {name: guild.members[one] for name, one in made.users.items() if one in guild.members}

    assert outranks(guild, member["moderator"], member["raider"])
    assert outranks(guild, member["admin"], member["moderator"])
    assert in_guild(guild, member["moderator"], world.clock.now()) & Permission.BAN_MEMBERS
    assert not in_guild(guild, member["raider"], world.clock.now()) & Permission.BAN_MEMBERS


def _harbour() -> tuple[World, Guild, int]:
    world = seed.demo()
    made = seed.seed_of(world)
    assert made is not None
    return world, world.guilds[made.guild_id], made.application_id


async def test_logins_see_only_their_own_guilds(harbour: Sandbox) -> None:
    seen = dict[str, list[str]]()
    for name in ("moderator", "member", "keeper"):
        person = await harbour.person(name)
        seen[name] = [one["name"] for one in await person.rest("GET", "/users/@me/guilds")]

    assert seen == {
        "moderator": ["Harbour"],
        "member": ["Harbour", "Lighthouse Club"],
        "keeper": ["Lighthouse Club"],
    }


@pytest.mark.parametrize(
    ("redirect", "status"),
    [
        ("http://127.0.0.1:5123/login/callback", 200),
        ("http://localhost:8080/login/callback", 200),
        ("http://127.0.0.1:5123/elsewhere", 400),
        ("http://127.0.0.1.example.com/login/callback", 400),
        ("https://127.0.0.1/login/callback", 400),
    ],
)
async def test_a_login_may_come_back_to_any_port_of_this_machine(
    harbour: Sandbox, redirect: str, status: int
) -> None:
    client_id = (await harbour.seed())["application"]["id"]
    asked = {"client_id": client_id, "response_type": "code", "scope": "identify"}
    page = URL(f"{harbour.url}/oauth2/authorize").with_query(asked | {"redirect_uri": redirect})

    async with aiohttp.ClientSession() as http, http.get(page) as answer:
        assert answer.status == status


async def test_elsewhere_the_port_has_to_be_the_registered_one(harbour: Sandbox) -> None:
    client_id = (await harbour.seed())["application"]["id"]
    application = harbour.world.applications[int(client_id)]
    application.redirect_uris = ["https://flotilla.example/login/callback"]
    asked = {"client_id": client_id, "response_type": "code", "scope": "identify"}
    page = URL(f"{harbour.url}/oauth2/authorize").with_query(asked)

    async with aiohttp.ClientSession() as http:
        for port, status in (("", 200), (":8443", 400)):
            back = {"redirect_uri": f"https://flotilla.example{port}/login/callback"}
            async with http.get(page.update_query(back)) as answer:
                assert answer.status == status


async def test_staff_channels_are_for_staff_and_the_bot(harbour: Sandbox) -> None:
    channel = (await harbour.guild("Harbour")).channels["mod-log"]
    bot = (await harbour.seed())["application"]["token"]
    member, moderator = await harbour.person("member"), await harbour.person("moderator")

    assert await moderator.sees(channel) == []
    posted = await harbour.rest(
        f"Bot {bot}", "POST", f"/channels/{channel}/messages", {"content": "Log"}
    )
    assert posted["content"] == "Log"
    with pytest.raises(RestError) as refused:
        await member.sees(channel)
    assert refused.value.code == 50001


async def test_who_is_muted_cannot_write(harbour: Sandbox) -> None:
    seeded = await harbour.seed()
    gull = await harbour.person("gull")

    with pytest.raises(RestError) as refused:
        await gull.says(seeded["channel_id"], "GULLS")

    assert refused.value.code == 50013


async def test_a_sandbox_without_the_seed_says_how_to_get_it(sandbox: Sandbox) -> None:
    with pytest.raises(RestError, match="--seed demo"):
        await sandbox.seed()
