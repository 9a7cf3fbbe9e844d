"""What a user does with an application, and every way that it can answer."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from tests.sandbox.bot_client import Json, Stage, stage
from tests.support.sandbox import Person, RestError, Sandbox

PONG, MESSAGE, DEFER, DEFER_UPDATE, UPDATE, AUTOCOMPLETE, MODAL = 1, 4, 5, 6, 7, 8, 9
EPHEMERAL, LOADING = 64, 128
ECHO: Json = {
    "name": "echo",
    "description": "Say it again",
    "options": [{"type": 3, "name": "text", "description": "What", "required": True}],
}


@pytest.fixture
async def on(sandbox: Sandbox) -> AsyncIterator[Stage]:
    async with stage(sandbox) as set_up:
        yield set_up


@pytest.fixture
async def echo(on: Stage) -> Json:
    [command] = await on.bot.register(ECHO)
    return command


@pytest.fixture
def member(on: Stage) -> Person:
    return on.person("member")


async def run(on: Stage, person: Person, command: Json, text: str = "hi") -> Json:
    await on.run(person, command, [{"type": 3, "name": "text", "value": text}])
    return await on.bot.interaction()


async def test_an_application_is_told_everything_about_a_command(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)

    assert interaction["type"] == 2
    assert interaction["version"] == 1
    assert interaction["application_id"] == str(on.bot.id)
    assert interaction["guild_id"] == str(on.guild.id)
    assert interaction["channel"]["id"] == interaction["channel_id"] == str(on.channel.id)
    assert interaction["member"]["user"]["username"] == "member"
    assert int(interaction["member"]["permissions"]) & 1 << 11
    assert int(interaction["app_permissions"]) & 1 << 3
    assert interaction["context"] == 0
    assert interaction["authorizing_integration_owners"] == {"0": str(on.guild.id)}
    assert interaction["data"] == {
        "id": echo["id"],
        "name": "echo",
        "type": 1,
        "options": [{"type": 3, "name": "text", "value": "hi"}],
    }


async def test_an_answer_is_a_message_that_names_the_interaction(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    answered = await on.bot.answer(interaction, MESSAGE, {"content": "hi!"}, respond=True)

    message = answered["resource"]["message"]
    assert answered["interaction"]["response_message_id"] == message["id"]
    assert (message["type"], message["content"]) == (20, "hi!")
    assert message["interaction_metadata"]["id"] == interaction["id"]
    assert message["interaction_metadata"]["user"]["username"] == "member"
    assert message["author"]["id"] == message["webhook_id"] == str(on.bot.id)
    assert (await on.told(member, "INTERACTION_SUCCESS"))["nonce"] == "1234"


async def test_the_user_s_client_hears_of_its_interaction_by_nonce(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)

    created = await on.told(member, "INTERACTION_CREATE")
    assert created == {"id": interaction["id"], "nonce": "1234"}


async def test_an_interaction_without_an_answer_fails_after_three_seconds(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    on.world.clock.advance(timedelta(seconds=3))

    failed = await on.told(member, "INTERACTION_FAILURE")
    assert (failed["id"], failed["nonce"]) == (interaction["id"], "1234")
    with pytest.raises(RestError) as refused:
        await on.bot.answer(interaction, MESSAGE, {"content": "late"})
    assert (refused.value.status, refused.value.code) == (404, 10062)
    with pytest.raises(RestError) as unknown:
        await on.bot.follow_up(interaction, {"content": "late"})
    assert unknown.value.code == 10015


async def test_a_second_answer_is_refused(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MESSAGE, {"content": "one"})

    with pytest.raises(RestError) as refused:
        await on.bot.answer(interaction, MESSAGE, {"content": "two"})
    assert (refused.value.status, refused.value.code) == (400, 40060)


async def test_a_wrong_token_answers_nothing(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)

    with pytest.raises(RestError) as refused:
        await on.bot.answer(interaction | {"token": "x"}, MESSAGE, {"content": "mine"})
    assert refused.value.code == 10062


@pytest.mark.parametrize("kind", [DEFER_UPDATE, UPDATE, AUTOCOMPLETE, 12, 99])
async def test_a_command_cannot_be_answered_as_something_else(
    on: Stage, echo: Json, member: Person, kind: int
) -> None:
    interaction = await run(on, member, echo)

    with pytest.raises(RestError) as refused:
        await on.bot.answer(interaction, kind, {"content": "x"})
    assert refused.value.code == 50035
    await on.bot.answer(interaction, MESSAGE, {"content": "still possible"})


async def test_a_broken_answer_explains_itself_and_leaves_the_interaction_open(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)

    with pytest.raises(RestError) as refused:
        await on.bot.answer(interaction, MESSAGE, {"content": "x" * 2001})
    assert refused.value.body["errors"]
    await on.bot.answer(interaction, MESSAGE, {"content": "short"})


async def test_an_ephemeral_answer_reaches_its_user_alone(
    on: Stage, echo: Json, member: Person
) -> None:
    other = on.person("other")
    on.sandbox.hub.client_events(other.id)
    interaction = await run(on, member, echo)
    data = {"content": "psst", "flags": EPHEMERAL}
    answered = await on.bot.answer(interaction, MESSAGE, data, respond=True)

    assert answered["interaction"]["response_message_ephemeral"] is True
    assert (await on.told(member, "MESSAGE_CREATE"))["flags"] & EPHEMERAL
    on.world.post_message(on.channel, on.world.users[on.owner.id], "everybody sees this")
    await on.told(other, "MESSAGE_CREATE")
    seen = [event.data.get("content") for event in on.sandbox.hub.client_events(other.id)]
    assert "psst" not in seen


async def test_a_deferred_answer_shows_as_loading_until_it_is_edited(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, DEFER, {"flags": EPHEMERAL})
    loading = await on.told(member, "MESSAGE_CREATE")
    assert loading["flags"] == LOADING | EPHEMERAL

    edited = await on.bot.original(interaction, "PATCH", {"content": "done", "flags": 0})

    assert (edited["id"], edited["content"], edited["flags"]) == (loading["id"], "done", EPHEMERAL)
    assert (await on.told(member, "MESSAGE_UPDATE"))["content"] == "done"


async def test_the_first_follow_up_completes_a_deferred_answer(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, DEFER, {"flags": EPHEMERAL})
    first = await on.bot.follow_up(interaction, {"content": "one"})
    second = await on.bot.follow_up(interaction, {"content": "two"})

    original = await on.bot.original(interaction, "GET")
    assert (original["id"], original["flags"]) == (first["id"], EPHEMERAL)
    assert second["id"] != first["id"]
    assert second["flags"] == 0


async def test_a_deferral_ignores_the_rest_of_its_data(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, DEFER)
    original = await on.bot.original(interaction, "GET")

    assert (original["content"], original["flags"]) == ("", LOADING)


async def test_follow_ups_answer_the_original_and_can_be_changed(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MESSAGE, {"content": "one"})
    original = await on.bot.original(interaction, "GET")
    two = await on.bot.follow_up(interaction, {"content": "two"})
    path = f"/webhooks/{on.bot.id}/{interaction['token']}/messages/{two['id']}"
    edited = await on.bot.call("PATCH", path, {"content": "2"})

    assert two["message_reference"]["message_id"] == original["id"]
    assert two["interaction_metadata"]["original_response_message_id"] == original["id"]
    assert edited["content"] == "2"
    await on.bot.call("DELETE", path)
    with pytest.raises(RestError) as gone:
        await on.bot.call("GET", path)
    assert gone.value.code == 10008


async def test_the_original_can_be_deleted(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MESSAGE, {"content": "gone soon", "flags": EPHEMERAL})
    await on.bot.original(interaction, "DELETE")

    with pytest.raises(RestError) as gone:
        await on.bot.original(interaction, "GET")
    assert gone.value.code == 10008


async def test_a_deferral_that_is_deleted_leaves_room_for_follow_ups(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, DEFER)
    await on.bot.original(interaction, "DELETE")

    followed = await on.bot.follow_up(interaction, {"content": "after all"})
    assert (followed["content"], followed["flags"]) == ("after all", 0)
    assert "message_reference" not in followed


async def test_a_token_is_good_for_fifteen_minutes(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MESSAGE, {"content": "one"})
    on.world.clock.advance(timedelta(minutes=14, seconds=50))
    await on.bot.follow_up(interaction, {"content": "in time"})
    on.world.clock.advance(timedelta(seconds=15))

    with pytest.raises(RestError) as refused:
        await on.bot.follow_up(interaction, {"content": "too late"})
    assert (refused.value.status, refused.value.code) == (401, 50027)


async def test_messages_of_others_are_out_of_a_token_s_reach(
    on: Stage, echo: Json, member: Person
) -> None:
    other = on.world.post_message(on.channel, on.world.users[member.id], "mine")
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MESSAGE, {"content": "one"})

    path = f"/webhooks/{on.bot.id}/{interaction['token']}/messages/{other.id}"
    with pytest.raises(RestError) as refused:
        await on.bot.call("DELETE", path)
    assert refused.value.code == 10008


async def test_files_come_with_an_answer(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"type":4,"data":{"content":"see"}}')
    form.add_field("files[0]", b"hello", filename="hello.txt", content_type="text/plain")
    url = f"{on.sandbox.api_url}/interactions/{interaction['id']}/{interaction['token']}/callback"
    async with aiohttp.ClientSession() as http, http.post(url, data=form) as response:
        assert response.status == 204

    message = await on.bot.original(interaction, "GET")
    assert [file["filename"] for file in message["attachments"]] == ["hello.txt"]


# Components

BUTTONS: list[Json] = [
    {
        "type": 1,
        "components": [
            {"type": 2, "style": 1, "label": "Yes", "custom_id": "yes"},
            {"type": 2, "style": 4, "label": "No", "custom_id": "no", "disabled": True},
        ],
    },
    {
        "type": 1,
        "components": [
            {
                "type": 3,
                "custom_id": "pick",
                "min_values": 1,
                "max_values": 2,
                "options": [{"label": name, "value": name} for name in ("a", "b", "c")],
            }
        ],
    },
    {"type": 1, "components": [{"type": 5, "custom_id": "who"}]},
]


async def with_buttons(on: Stage, echo: Json, person: Person, flags: int = 0) -> Json:
    interaction = await run(on, person, echo)
    data = {"content": "sure?", "components": BUTTONS, "flags": flags}
    answered = await on.bot.answer(interaction, MESSAGE, data, respond=True)
    return answered["resource"]["message"]


async def use(on: Stage, person: Person, message: Json, data: Json) -> Json:
    await on.submit(person, {"type": 3, "message_id": message["id"], "data": data})
    return await on.bot.interaction()


async def test_a_button_can_change_its_message(on: Stage, echo: Json, member: Person) -> None:
    message = await with_buttons(on, echo, member)
    pressed = await use(on, member, message, {"component_type": 2, "custom_id": "yes"})
    await on.bot.answer(pressed, UPDATE, {"content": "done", "components": []})

    assert pressed["type"] == 3
    assert pressed["message"]["id"] == message["id"]
    assert pressed["data"]["custom_id"] == "yes"
    changed = await on.bot.original(pressed, "GET")
    assert (changed["id"], changed["content"], changed["components"]) == (message["id"], "done", [])


async def test_a_button_of_an_ephemeral_message_works_for_its_user(
    on: Stage, echo: Json, member: Person
) -> None:
    message = await with_buttons(on, echo, member, EPHEMERAL)
    pressed = await use(on, member, message, {"component_type": 2, "custom_id": "yes"})
    await on.bot.answer(pressed, DEFER_UPDATE)
    await on.bot.original(pressed, "PATCH", {"content": "later"})

    assert (await on.told(member, "MESSAGE_UPDATE"))["content"] == "later"
    data = {"component_type": 2, "custom_id": "yes"}
    with pytest.raises(RestError) as refused:
        await on.submit(on.owner, {"type": 3, "message_id": message["id"], "data": data})
    assert refused.value.code == 10008


async def test_a_button_can_be_answered_by_another_message(
    on: Stage, echo: Json, member: Person
) -> None:
    message = await with_buttons(on, echo, member)
    pressed = await use(on, member, message, {"component_type": 2, "custom_id": "yes"})
    answered = await on.bot.answer(pressed, MESSAGE, {"content": "also"}, respond=True)

    reply = answered["resource"]["message"]
    assert reply["message_reference"]["message_id"] == message["id"]
    assert reply["interaction_metadata"]["interacted_message_id"] == message["id"]


@pytest.mark.parametrize(
    "data",
    [
        {"component_type": 2, "custom_id": "no"},
        {"component_type": 2, "custom_id": "unknown"},
        {"component_type": 3, "custom_id": "yes"},
        {"component_type": 3, "custom_id": "pick", "values": ["z"]},
        {"component_type": 3, "custom_id": "pick", "values": []},
        {"component_type": 3, "custom_id": "pick", "values": ["a", "b", "c"]},
    ],
)
async def test_components_are_used_as_they_are_shown(
    on: Stage, echo: Json, member: Person, data: Json
) -> None:
    message = await with_buttons(on, echo, member)

    with pytest.raises(RestError) as refused:
        await on.submit(member, {"type": 3, "message_id": message["id"], "data": data})
    assert refused.value.code == 50035


async def test_menus_tell_what_was_chosen(on: Stage, echo: Json, member: Person) -> None:
    message = await with_buttons(on, echo, member)
    data: Json = {"component_type": 3, "custom_id": "pick", "values": ["a", "c"]}
    chosen = await use(on, member, message, data)
    data = {"component_type": 5, "custom_id": "who", "values": [str(on.owner.id)]}
    named = await use(on, member, message, data)

    assert chosen["data"]["values"] == ["a", "c"]
    assert named["data"]["values"] == [str(on.owner.id)]
    assert named["data"]["resolved"]["users"][str(on.owner.id)]["username"] == "owner"
    assert str(on.owner.id) in named["data"]["resolved"]["members"]


# Autocomplete

SEARCH: Json = {
    "name": "search",
    "description": "Find it",
    "options": [
        {
            "type": 4,
            "name": "number",
            "description": "Which",
            "required": True,
            "autocomplete": True,
        },
        {"type": 3, "name": "in", "description": "Where", "required": False},
    ],
}


async def test_typing_is_answered_with_choices(on: Stage, member: Person) -> None:
    [search] = await on.bot.register(SEARCH)
    options: list[Json] = [{"type": 4, "name": "number", "value": "1", "focused": True}]
    data = {"id": search["id"], "options": options}
    await on.submit(member, {"type": 4, "data": data})
    interaction = await on.bot.interaction()
    choices = [{"name": "First", "value": 1}]
    await on.bot.answer(interaction, AUTOCOMPLETE, {"choices": choices})

    assert interaction["type"] == 4
    assert interaction["data"]["options"] == options
    told = await on.told(member, "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE")
    assert (told["choices"], told["nonce"]) == (choices, "1234")


async def test_typing_can_only_be_answered_with_choices(on: Stage, member: Person) -> None:
    [search] = await on.bot.register(SEARCH)
    await on.submit(member, {"type": 4, "data": {"id": search["id"], "options": []}})
    interaction = await on.bot.interaction()

    for kind, data in ((MESSAGE, {"content": "x"}), (DEFER, {}), (MODAL, {})):
        with pytest.raises(RestError) as refused:
            await on.bot.answer(interaction, kind, data)
        assert refused.value.code == 50035
    many = [{"name": str(n), "value": n} for n in range(26)]
    with pytest.raises(RestError):
        await on.bot.answer(interaction, AUTOCOMPLETE, {"choices": many})


# Modals

FORM: Json = {
    "custom_id": "form",
    "title": "Report",
    "components": [
        {
            "type": 1,
            "components": [
                {
                    "type": 4,
                    "custom_id": "why",
                    "style": 2,
                    "label": "Why?",
                    "min_length": 3,
                    "max_length": 10,
                }
            ],
        },
        {
            "type": 18,
            "label": "More",
            "component": {"type": 4, "custom_id": "more", "style": 1, "required": False},
        },
    ],
}


def filled(modal: Json, why: str) -> Json:
    field = {"type": 4, "custom_id": "why", "value": why}
    components = [{"type": 1, "components": [field]}]
    data = {"id": modal["id"], "custom_id": modal["custom_id"], "components": components}
    return {"type": 5, "data": data}


async def test_a_modal_is_shown_and_what_was_filled_in_comes_back(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MODAL, FORM)
    modal = await on.told(member, "INTERACTION_MODAL_CREATE")
    await on.submit(member, filled(modal, "because"))
    submitted = await on.bot.interaction()
    await on.bot.answer(submitted, MESSAGE, {"content": "thanks"})

    assert (modal["title"], modal["application"]["id"]) == ("Report", str(on.bot.id))
    assert submitted["type"] == 5
    assert submitted["data"]["custom_id"] == "form"
    row, label = submitted["data"]["components"]
    assert row["components"][0]["value"] == "because"
    assert label["component"]["value"] == ""
    original = await on.bot.original(submitted, "GET")
    trigger = original["interaction_metadata"]["triggering_interaction_metadata"]
    assert trigger["id"] == interaction["id"]


async def test_a_modal_is_checked_and_can_be_filled_in_again(
    on: Stage, echo: Json, member: Person
) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MODAL, FORM)
    modal = await on.told(member, "INTERACTION_MODAL_CREATE")

    for wrong in ("", "no", "far too long a reason"):
        with pytest.raises(RestError) as refused:
            await on.submit(member, filled(modal, wrong))
        assert refused.value.code == 50035
    with pytest.raises(RestError):
        await on.submit(on.owner, filled(modal, "because"))
    await on.submit(member, filled(modal, "because"))
    with pytest.raises(RestError):
        await on.submit(member, filled(modal, "again"))


async def test_a_broken_modal_is_refused(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)

    mistakes: list[Json] = [{"title": ""}, {"components": []}, {"custom_id": "x" * 101}]
    for wrong in mistakes:
        with pytest.raises(RestError) as refused:
            await on.bot.answer(interaction, MODAL, FORM | wrong)
        assert refused.value.code == 50035


async def test_a_modal_of_a_button_may_change_the_button_s_message(
    on: Stage, echo: Json, member: Person
) -> None:
    message = await with_buttons(on, echo, member)
    pressed = await use(on, member, message, {"component_type": 2, "custom_id": "yes"})
    await on.bot.answer(pressed, MODAL, FORM)
    await on.submit(member, filled(await on.told(member, "INTERACTION_MODAL_CREATE"), "because"))
    submitted = await on.bot.interaction()
    await on.bot.answer(submitted, UPDATE, {"content": "changed"})

    assert submitted["message"]["id"] == message["id"]
    assert on.world.message(on.channel.id, int(message["id"])).content == "changed"


async def test_a_modal_cannot_open_a_modal(on: Stage, echo: Json, member: Person) -> None:
    interaction = await run(on, member, echo)
    await on.bot.answer(interaction, MODAL, FORM)
    await on.submit(member, filled(await on.told(member, "INTERACTION_MODAL_CREATE"), "because"))
    submitted = await on.bot.interaction()

    with pytest.raises(RestError) as refused:
        await on.bot.answer(submitted, MODAL, FORM)
    assert refused.value.code == 50035


# Where and by whom


async def test_commands_work_in_direct_messages_with_the_bot(
    on: Stage, echo: Json, member: Person
) -> None:
    world = on.world
    dm = world.open_dm(world.users[member.id], world.users[on.bot.id])
    data = {"id": echo["id"], "options": [{"type": 3, "name": "text", "value": "hi"}]}
    await on.submit(member, {"type": 2, "guild_id": None, "channel_id": str(dm.id), "data": data})
    interaction = await on.bot.interaction()
    await on.bot.answer(interaction, MESSAGE, {"content": "hello"})

    assert interaction["user"]["username"] == "member"
    assert "member" not in interaction
    assert interaction["context"] == 1
    assert (await on.told(member, "MESSAGE_CREATE"))["content"] == "hello"


async def test_bots_do_not_interact(on: Stage) -> None:
    body: Json = {"type": 2, "application_id": "1", "channel_id": "1", "data": {}}
    with pytest.raises(RestError) as refused:
        await on.bot.rest("POST", "/interactions", body)
    assert refused.value.code == 20001


async def test_nobody_runs_commands_where_they_cannot_be(
    on: Stage, echo: Json, sandbox: Sandbox
) -> None:
    stranger = await sandbox.create_user("stranger")

    with pytest.raises(RestError) as refused:
        await on.run(stranger, echo)
    assert refused.value.code == 50001


async def test_an_interaction_goes_to_the_shard_of_its_guild(on: Stage, echo: Json) -> None:
    [session] = on.sandbox.hub.sessions()
    session.shard = (((on.guild.id >> 22) + 1) % 2, 2)
    await on.run(on.owner, echo, [{"type": 3, "name": "text", "value": "hi"}])

    on.world.clock.advance(timedelta(seconds=4))
    assert await on.told(on.owner, "INTERACTION_FAILURE")
    assert session.unsent == 0
