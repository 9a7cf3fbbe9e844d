"""Application commands: declared, checked, listed, and filled in by users."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from sandbox.interactions.commands import Commands, render
from sandbox.models import ChannelType
from sandbox.permissions import Permission
from sandbox.world import World
from tests.sandbox.bot_client import Json, Stage, stage
from tests.support.sandbox import RestError, Sandbox

PING: Json = {"name": "ping", "description": "Is it there?"}


def option(kind: int, name: str = "value", **more: object) -> Json:
    return {"type": kind, "name": name, "description": "Which", **more}


@pytest.fixture
async def on(sandbox: Sandbox) -> AsyncIterator[Stage]:
    async with stage(sandbox) as set_up:
        yield set_up


async def test_a_registered_command_is_shown_with_all_its_fields(on: Stage) -> None:
    [ping] = await on.bot.register(PING)

    assert ping["application_id"] == str(on.bot.id)
    assert (ping["name"], ping["description"], ping["type"]) == ("ping", "Is it there?", 1)
    assert ping["default_member_permissions"] is None
    assert ping["dm_permission"] is True
    assert "guild_id" not in ping


async def test_registering_the_same_again_changes_nothing(on: Stage) -> None:
    [first] = await on.bot.register(PING)
    [same] = await on.bot.register(PING)
    [changed] = await on.bot.register(PING | {"description": "Still?"})

    assert same == first
    assert changed["id"] == first["id"]
    assert changed["version"] != first["version"]


async def test_bulk_overwrite_deletes_what_is_not_named(on: Stage) -> None:
    await on.bot.register(PING, {"name": "pong", "description": "It is"})
    await on.bot.register({"name": "pong", "description": "It is"})

    listed = await on.bot.rest("GET", f"/applications/{on.bot.id}/commands")
    assert [one["name"] for one in listed] == ["pong"]


async def test_commands_of_a_guild_are_apart_from_the_global_ones(on: Stage) -> None:
    await on.bot.register(PING)
    [local] = await on.bot.register(PING, guild=on.guild)

    assert local["guild_id"] == str(on.guild.id)
    assert len(await on.bot.rest("GET", f"/applications/{on.bot.id}/commands")) == 1
    await on.bot.register(guild=on.guild)
    path = f"/applications/{on.bot.id}/guilds/{on.guild.id}/commands"
    assert await on.bot.rest("GET", path) == []


async def test_single_commands_are_created_edited_and_deleted(on: Stage) -> None:
    path = f"/applications/{on.bot.id}/commands"
    made = await on.bot.rest("POST", path, PING)
    edited = await on.bot.rest("PATCH", f"{path}/{made['id']}", {"description": "New"})
    assert edited["description"] == "New"
    assert await on.bot.rest("GET", f"{path}/{made['id']}") == edited

    await on.bot.rest("DELETE", f"{path}/{made['id']}")
    with pytest.raises(RestError) as gone:
        await on.bot.rest("GET", f"{path}/{made['id']}")
    assert (gone.value.status, gone.value.code) == (404, 10063)


async def test_localizations_are_listed_only_on_request(on: Stage) -> None:
    await on.bot.register(PING | {"name_localizations": {"de": "klopf"}})
    path = f"/applications/{on.bot.id}/commands"

    [plain] = await on.bot.rest("GET", path)
    [full] = await on.bot.rest("GET", f"{path}?with_localizations=true")
    assert "name_localizations" not in plain
    assert full["name_localizations"] == {"de": "klopf"}


async def test_commands_of_another_application_are_out_of_reach(on: Stage) -> None:
    stranger = on.world.create_application("Stranger")

    with pytest.raises(RestError) as refused:
        await on.bot.rest("GET", f"/applications/{stranger.id}/commands")
    assert refused.value.code == 50001


async def test_a_guild_without_the_bot_takes_no_commands(on: Stage) -> None:
    elsewhere = on.world.create_guild("Elsewhere", on.world.users[on.owner.id])

    with pytest.raises(RestError) as refused:
        await on.bot.register(PING, guild=elsewhere)
    assert refused.value.code == 50001


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"name": "Ping"}, ["0", "name"]),
        ({"name": "two words"}, ["0", "name"]),
        ({"name": ""}, ["0", "name"]),
        ({"name": "x" * 33}, ["0", "name"]),
        ({"description": ""}, ["0", "description"]),
        ({"description": "x" * 101}, ["0", "description"]),
        ({"description": None}, ["0", "description"]),
        ({"type": 9}, ["0", "type"]),
        ({"type": 2, "name": "Report"}, ["0", "description"]),
        ({"options": [option(3)] * 2}, ["0", "options", "1", "name"]),
        ({"options": [option(99)]}, ["0", "options", "0", "type"]),
        ({"options": [option(3, "Upper")]}, ["0", "options", "0", "name"]),
        ({"options": [option(3, f"o{n}") for n in range(26)]}, ["0", "options"]),
        (
            {"options": [option(3, "a"), option(3, "b", required=True)]},
            ["0", "options", "1"],
        ),
        ({"options": [option(1, "sub"), option(3, "b")]}, ["0", "options", "1", "type"]),
        (
            {"options": [option(1, "sub", options=[option(1, "deeper")])]},
            ["0", "options", "0", "options", "0", "type"],
        ),
        (
            {"options": [option(3, choices=[{"name": "x", "value": 1}])]},
            ["0", "options", "0", "choices", "0", "value"],
        ),
        (
            {"options": [option(4, choices=[{"name": str(n), "value": n} for n in range(26)])]},
            ["0", "options", "0", "choices"],
        ),
        (
            {"options": [option(3, autocomplete=True, choices=[{"name": "x", "value": "x"}])]},
            ["0", "options", "0", "choices"],
        ),
        ({"name_localizations": {"xx": "ping"}}, ["0", "name_localizations", "xx"]),
    ],
)
async def test_a_mistake_in_a_command_is_named_where_it_is(
    on: Stage, wrong: Json, path: list[str]
) -> None:
    with pytest.raises(RestError) as refused:
        await on.bot.register(PING | wrong)

    assert refused.value.code == 50035
    errors = refused.value.body["errors"]
    for part in path:
        errors = errors[part]
    assert errors["_errors"][0]["message"]


async def test_two_commands_of_one_name_are_refused(on: Stage) -> None:
    with pytest.raises(RestError) as refused:
        await on.bot.register(PING, PING)

    [mistake] = refused.value.body["errors"]["1"]["name"]["_errors"]
    assert mistake["code"] == "APPLICATION_COMMANDS_DUPLICATE_NAME"


async def test_a_command_that_is_too_long_in_all_is_refused(on: Stage) -> None:
    choices = [{"name": str(n), "value": "x" * 400} for n in range(25)]
    with pytest.raises(RestError) as refused:
        await on.bot.register(PING | {"options": [option(3, choices=choices)]})
    assert "maximum size" in str(refused.value)


async def test_there_is_room_for_a_hundred_slash_commands(on: Stage) -> None:
    many = [{"name": f"c{n}", "description": "x"} for n in range(101)]
    with pytest.raises(RestError) as refused:
        await on.bot.register(*many)
    assert refused.value.code == 30032
    assert len(await on.bot.register(*many[:100])) == 100


async def test_names_may_be_written_in_any_script(on: Stage) -> None:
    names = ["грузить", "日本語", "ban-list", "d'accord"]
    made = await on.bot.register(*({"name": one, "description": "x"} for one in names))

    assert [one["name"] for one in made] == names


async def test_commands_outlive_a_restart(on: Stage, tmp_path: Path) -> None:
    [ping] = await on.bot.register(PING)
    on.world.save(tmp_path / "state.json")

    again = Commands(World.load(tmp_path / "state.json"))
    assert [render(one) for one in again.of(on.bot.id, None)] == [ping]


async def test_permissions_of_single_commands_are_not_set(on: Stage) -> None:
    [ping] = await on.bot.register(PING)
    base = f"/applications/{on.bot.id}/guilds/{on.guild.id}/commands"

    assert await on.bot.rest("GET", f"{base}/permissions") == []
    with pytest.raises(RestError) as none:
        await on.bot.rest("GET", f"{base}/{ping['id']}/permissions")
    assert none.value.code == 10066


# The index that a client reads


async def index(on: Stage, token: str) -> list[str]:
    found = await on.sandbox.rest(token, "GET", f"/guilds/{on.guild.id}/application-command-index")
    return [one["name"] for one in found["application_commands"]]


async def test_a_client_reads_the_commands_of_its_guild(on: Stage) -> None:
    await on.bot.register(PING)
    await on.bot.register({"name": "local", "description": "Here"}, guild=on.guild)
    path = f"/guilds/{on.guild.id}/application-command-index"
    found = await on.sandbox.rest(on.owner.token, "GET", path)

    assert sorted(one["name"] for one in found["application_commands"]) == ["local", "ping"]
    [application] = found["applications"]
    assert (application["id"], application["bot"]["id"]) == (str(on.bot.id), str(on.bot.id))
    assert int(found["version"])


async def test_commands_are_hidden_from_members_without_the_permission(on: Stage) -> None:
    needed = str(int(Permission.BAN_MEMBERS))
    await on.bot.register(
        PING,
        {"name": "ban", "description": "x", "default_member_permissions": needed},
        {"name": "secret", "description": "x", "default_member_permissions": "0"},
        {"name": "dm", "description": "x", "contexts": [1]},
    )
    member, moderator = on.person("member"), on.person("moderator")
    role = on.world.create_role(on.guild, "mods", permissions=int(Permission.BAN_MEMBERS))
    on.guild.members[moderator.id].roles.append(role.id)

    assert await index(on, member.token) == ["ping"]
    assert await index(on, moderator.token) == ["ping", "ban"]
    assert await index(on, on.owner.token) == ["ping", "ban", "secret"]


async def test_a_hidden_command_cannot_be_run(on: Stage) -> None:
    [secret] = await on.bot.register(PING | {"default_member_permissions": "0"})

    with pytest.raises(RestError) as refused:
        await on.run(on.person("member"), secret)
    assert refused.value.code == 50013


async def test_commands_not_for_direct_messages_are_missing_there(on: Stage) -> None:
    member = on.person("member")
    world = on.world
    dm = world.open_dm(world.users[member.id], world.users[on.bot.id])
    await on.bot.register(PING, {"name": "here", "description": "x", "dm_permission": False})

    path = f"/channels/{dm.id}/application-command-index"
    found = await on.sandbox.rest(member.token, "GET", path)
    assert [one["name"] for one in found["application_commands"]] == ["ping"]


async def test_an_outdated_command_is_refused(on: Stage) -> None:
    [ping] = await on.bot.register(PING)
    data = {"id": ping["id"], "version": "1"}
    with pytest.raises(RestError) as refused:
        await on.submit(on.owner, {"type": 2, "data": data})
    assert "outdated" in str(refused.value)


async def test_an_unknown_command_is_refused(on: Stage) -> None:
    with pytest.raises(RestError) as refused:
        await on.run(on.owner, {"id": "1", "name": "x", "type": 1})
    assert refused.value.code == 10063


# Options


async def test_everything_that_options_name_is_resolved(on: Stage) -> None:
    member = on.person("member")
    role = on.world.create_role(on.guild, "mods")
    kinds = {"user": 6, "channel": 7, "role": 8, "any": 9}
    declared = [option(kind, name) for name, kind in kinds.items()]
    [command] = await on.bot.register(PING | {"options": declared})
    values = {"user": member.id, "channel": on.channel.id, "role": role.id, "any": role.id}
    chosen: list[Json] = [
        {"type": kinds[name], "name": name, "value": str(value)} for name, value in values.items()
    ]
    await on.run(on.owner, command, chosen)
    data = (await on.bot.interaction())["data"]

    assert data["options"] == chosen
    resolved = data["resolved"]
    assert resolved["users"][str(member.id)]["username"] == "member"
    assert "user" not in resolved["members"][str(member.id)]
    assert int(resolved["members"][str(member.id)]["permissions"])
    assert resolved["roles"][str(role.id)]["name"] == "mods"
    assert resolved["channels"][str(on.channel.id)]["name"] == "general"
    assert int(resolved["channels"][str(on.channel.id)]["permissions"])


async def test_somebody_who_is_not_a_member_is_resolved_as_a_user_only(on: Stage) -> None:
    stranger = on.world.create_user("stranger")
    [command] = await on.bot.register(PING | {"options": [option(6, "who")]})
    await on.run(on.owner, command, [{"type": 6, "name": "who", "value": str(stranger.id)}])
    data = (await on.bot.interaction())["data"]

    assert list(data["resolved"]) == ["users"]


async def test_subcommands_and_their_groups_keep_their_shape(on: Stage) -> None:
    leaf = option(1, "add", options=[option(4, "count")])
    [command] = await on.bot.register(PING | {"options": [option(2, "list", options=[leaf])]})
    count: list[Json] = [{"type": 4, "name": "count", "value": 3}]
    add: list[Json] = [{"type": 1, "name": "add", "options": count}]
    chosen: list[Json] = [{"type": 2, "name": "list", "options": add}]
    await on.run(on.owner, command, chosen)

    assert (await on.bot.interaction())["data"]["options"] == chosen


CHOICES = [{"name": "One", "value": 1}]


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        (option(3, required=True), None),
        (option(3), {"type": 3, "value": 5}),
        (option(3, min_length=3), {"type": 3, "value": "ab"}),
        (option(3, max_length=3), {"type": 3, "value": "abcd"}),
        (option(3, required=True), {"type": 3, "value": ""}),
        (option(4), {"type": 4, "value": "x"}),
        (option(4), {"type": 4, "value": 1.5}),
        (option(4), {"type": 4, "value": True}),
        (option(4, min_value=1), {"type": 4, "value": 0}),
        (option(4, max_value=1), {"type": 4, "value": 2}),
        (option(4, choices=CHOICES), {"type": 4, "value": 2}),
        (option(5), {"type": 5, "value": "true"}),
        (option(6), {"type": 6, "value": "1"}),
        (option(7), {"type": 7, "value": "1"}),
        (option(8), {"type": 8, "value": "1"}),
        (option(9), {"type": 9, "value": "1"}),
        (option(10, max_value=1.5), {"type": 10, "value": 1.6}),
        (option(11), {"type": 11, "value": "0"}),
        (option(3), {"type": 4, "value": "x"}),
        (option(3), {"type": 3, "name": "other", "value": "x"}),
        (option(1, "sub"), None),
    ],
)
async def test_options_are_filled_in_as_declared(
    on: Stage, declared: Json, given: Json | None
) -> None:
    [command] = await on.bot.register(PING | {"options": [declared]})
    options = [] if given is None else [{"name": "value"} | given]

    with pytest.raises(RestError) as refused:
        await on.run(on.owner, command, options)
    assert refused.value.code == 50035
    assert refused.value.body["errors"]["data"]["options"]


async def test_a_channel_option_may_want_kinds_of_channels(on: Stage) -> None:
    voice = on.world.create_channel(on.guild, "voice", type=ChannelType.VOICE)
    [command] = await on.bot.register(PING | {"options": [option(7, channel_types=[2])]})
    await on.run(on.owner, command, [{"type": 7, "name": "value", "value": str(voice.id)}])

    chosen: Json = {"type": 7, "name": "value", "value": str(on.channel.id)}
    with pytest.raises(RestError):
        await on.run(on.owner, command, [chosen])


async def test_files_are_options_too(on: Stage) -> None:
    [command] = await on.bot.register(PING | {"options": [option(11, "file", required=True)]})
    data = {
        "id": command["id"],
        "options": [{"type": 11, "name": "file", "value": "0"}],
        "attachments": [{"id": "0", "filename": "log.txt"}],
    }
    body = {
        "type": 2,
        "application_id": str(on.bot.id),
        "channel_id": str(on.channel.id),
        "data": data,
    }
    form = aiohttp.FormData()
    form.add_field("payload_json", msgspec.json.encode(body).decode())
    form.add_field("files[0]", b"hello", filename="log.txt")
    headers = {"Authorization": on.owner.token}
    url = f"{on.sandbox.api_url}/interactions"
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(url, data=form) as response,
    ):
        assert response.status == 204

    told = (await on.bot.interaction())["data"]
    [attachment] = told["resolved"]["attachments"].values()
    assert told["options"][0]["value"] == attachment["id"]
    assert attachment["filename"] == "log.txt"
    async with aiohttp.ClientSession() as http, http.get(attachment["url"]) as response:
        assert await response.read() == b"hello"


# Context menus


async def test_context_menus_name_their_target(on: Stage) -> None:
    of_user, of_message = await on.bot.register(
        {"name": "Report User", "type": 2}, {"name": "Report Message", "type": 3}
    )
    message = on.world.post_message(on.channel, on.world.users[on.owner.id], "bad words")
    data = {"id": of_user["id"], "target_id": str(on.owner.id)}
    await on.submit(on.owner, {"type": 2, "data": data})
    first = (await on.bot.interaction())["data"]
    data = {"id": of_message["id"], "target_id": str(message.id)}
    await on.submit(on.owner, {"type": 2, "data": data})
    second = (await on.bot.interaction())["data"]

    assert (first["type"], first["target_id"]) == (2, str(on.owner.id))
    assert str(on.owner.id) in first["resolved"]["members"]
    assert second["resolved"]["messages"][str(message.id)]["content"] == "bad words"


async def test_a_context_menu_needs_a_target_that_exists(on: Stage) -> None:
    [of_message] = await on.bot.register({"name": "Report", "type": 3})
    with pytest.raises(RestError) as refused:
        await on.submit(on.owner, {"type": 2, "data": {"id": of_message["id"], "target_id": "1"}})
    assert refused.value.code == 10008
