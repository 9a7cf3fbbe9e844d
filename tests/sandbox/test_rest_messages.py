"""REST: messages are checked, posted, listed, edited and deleted as Discord does it."""

from datetime import timedelta

import aiohttp

from sandbox.models import Overwrite
from sandbox.permissions import Permission
from sandbox.snowflakes import at_time
from sandbox.world import Origin
from tests.support.rest import Scene


def messages_path(scene: Scene) -> str:
    return f"/channels/{scene.channel.id}/messages"


async def test_a_message_is_posted_and_told_with_its_guild_and_member(scene: Scene) -> None:
    posted = await scene.say("  hello  ")

    assert posted["content"] == "hello"
    assert posted["author"]["id"] == str(scene.bot.id)
    assert "guild_id" not in posted
    (told,) = scene.told("MESSAGE_CREATE")
    assert told["guild_id"] == str(scene.guild.id)
    assert told["member"]["roles"] == [str(scene.bot_role.id)]


async def test_content_of_more_than_2000_characters_is_refused(scene: Scene) -> None:
    answer = await scene.call("POST", messages_path(scene), {"content": "x" * 2001})

    assert answer.status == 400
    assert answer.body == {
        "code": 50035,
        "errors": {
            "content": {
                "_errors": [
                    {
                        "code": "BASE_TYPE_MAX_LENGTH",
                        "message": "Must be 2000 or fewer in length.",
                    }
                ]
            }
        },
        "message": "Invalid Form Body",
    }
    assert (await scene.call("POST", messages_path(scene), {"content": "x" * 2000})).status == 200


async def test_an_empty_message_is_refused(scene: Scene) -> None:
    nothing: list[dict[str, object]] = [{}, {"content": ""}, {"content": "   "}, {"embeds": []}]
    for body in nothing:
        answer = await scene.call("POST", messages_path(scene), body)
        assert (answer.status, answer.code) == (400, 50006)


async def test_all_mistakes_of_a_form_are_told_at_once(scene: Scene) -> None:
    body = {
        "content": "x" * 2001,
        "embeds": [{"title": "fine"}, {"title": "x" * 257, "fields": [{"name": "only"}]}],
        "nonce": "n" * 26,
    }

    answer = await scene.call("POST", messages_path(scene), body)

    assert answer.error_at("content") == "BASE_TYPE_MAX_LENGTH"
    assert answer.error_at("embeds.1.title") == "BASE_TYPE_MAX_LENGTH"
    assert answer.error_at("embeds.1.fields.0.value") == "BASE_TYPE_REQUIRED"
    assert answer.error_at("nonce") == "BASE_TYPE_MAX_LENGTH"


async def test_embeds_are_limited_in_number_and_in_all(scene: Scene) -> None:
    eleven = await scene.call("POST", messages_path(scene), {"embeds": [{"title": "x"}] * 11})
    assert eleven.error_at("embeds") == "BASE_TYPE_MAX_LENGTH"

    long = [{"description": "x" * 3001}, {"description": "x" * 3000}]
    answer = await scene.call("POST", messages_path(scene), {"embeds": long})
    assert answer.error_at("embeds.1") == "MAX_EMBED_SIZE_EXCEEDED"

    just = await scene.say("", embeds=[{"description": "x" * 3000}, {"description": "x" * 3000}])
    assert [one["type"] for one in just["embeds"]] == ["rich", "rich"]


async def test_components_are_checked_and_numbered(scene: Scene) -> None:
    button = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
    posted = await scene.say("x", components=[{"type": 1, "components": [button]}])
    assert posted["components"] == [{"type": 1, "id": 1, "components": [{**button, "id": 2}]}]

    twice = [{"type": 1, "components": [button, button]}]
    answer = await scene.call("POST", messages_path(scene), {"components": twice})
    assert answer.error_at("components.0.components.1") == "COMPONENT_CUSTOM_ID_DUPLICATED"

    nameless = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go"}]}]
    answer = await scene.call("POST", messages_path(scene), {"components": nameless})
    assert answer.error_at("components.0.components.0.custom_id") == "BASE_TYPE_REQUIRED"

    bare = [button]
    answer = await scene.call("POST", messages_path(scene), {"components": bare})
    assert answer.error_at("components.0.type") == "UNION_TYPE_CHOICES"


async def test_layout_components_need_their_flag_and_refuse_content(scene: Scene) -> None:
    text = [{"type": 10, "content": f"hello <@{scene.member.id}>"}]
    plain = await scene.call("POST", messages_path(scene), {"components": text})
    assert plain.error_at("components.0.type") == "UNION_TYPE_CHOICES"

    with_content = {"content": "x", "components": text, "flags": 1 << 15}
    answer = await scene.call("POST", messages_path(scene), with_content)
    assert answer.code == 50035

    posted = await scene.say("", components=text, flags=1 << 15)
    assert [one["id"] for one in posted["mentions"]] == [str(scene.member.id)]


async def test_a_person_sends_no_embeds(scene: Scene) -> None:
    posted = await scene.say("text", by=scene.member, embeds=[{"title": "x"}])

    assert posted["embeds"] == []


async def test_a_nonce_that_is_enforced_makes_one_message(scene: Scene) -> None:
    first = await scene.say("once", nonce="abc", enforce_nonce=True)
    again = await scene.say("twice", nonce="abc", enforce_nonce=True)
    other = await scene.say("other", nonce="abd", enforce_nonce=True)

    assert first["id"] == again["id"]
    assert again["content"] == "once"
    assert other["id"] != first["id"]
    assert len(scene.told("MESSAGE_CREATE")) == 2


async def test_a_nonce_is_forgotten_after_some_minutes(scene: Scene) -> None:
    first = await scene.say("once", nonce="abc", enforce_nonce=True)

    scene.pass_time(minutes=6)

    assert (await scene.say("again", nonce="abc", enforce_nonce=True))["id"] != first["id"]


async def test_a_nonce_alone_is_only_given_back(scene: Scene) -> None:
    first = await scene.say("one", nonce=5)
    second = await scene.say("two", nonce=5)

    assert first["nonce"] == 5
    assert first["id"] != second["id"]


async def test_allowed_mentions_decide_who_is_mentioned(scene: Scene) -> None:
    both = f"<@{scene.member.id}> <@!{scene.raider.id}> <@&{scene.low.id}> @everyone"

    async def mentioned(
        allowed: dict[str, list[str]] | None = None,
    ) -> tuple[list[str], list[str], bool]:
        posted = await scene.say(both, allowed_mentions=allowed)
        users = [one["id"] for one in posted["mentions"]]
        return users, posted["mention_roles"], posted["mention_everyone"]

    member, raider, low = (str(one.id) for one in (scene.member, scene.raider, scene.low))
    assert await mentioned() == ([member, raider], [low], True)
    assert await mentioned({"parse": []}) == ([], [], False)
    assert await mentioned({"users": [member]}) == ([member], [], False)
    assert await mentioned({"parse": ["roles"]}) == ([], [low], False)
    assert await mentioned({"parse": ["everyone"]}) == ([], [], True)


async def test_allowed_mentions_may_not_contradict_themselves(scene: Scene) -> None:
    allowed = {"parse": ["users"], "users": [str(scene.member.id)]}

    answer = await scene.call(
        "POST", messages_path(scene), {"content": "x", "allowed_mentions": allowed}
    )

    assert answer.error_at("allowed_mentions") == "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"


async def test_everyone_is_mentioned_only_by_those_who_may(scene: Scene) -> None:
    assert (await scene.say("@everyone", by=scene.member))["mention_everyone"] is False
    assert (await scene.say("@everyone", by=scene.owner))["mention_everyone"] is True


async def test_a_reply_names_its_message_and_pings_its_author(scene: Scene) -> None:
    question = await scene.say("why?", by=scene.member)
    reference = {"message_id": question["id"]}

    answer = await scene.say("because", message_reference=reference)
    quiet = await scene.say("psst", message_reference=reference, allowed_mentions={"parse": []})

    assert answer["type"] == 19
    assert answer["referenced_message"]["id"] == question["id"]
    assert [one["id"] for one in answer["mentions"]] == [str(scene.member.id)]
    assert quiet["mentions"] == []


async def test_a_reply_to_nothing_fails_unless_it_need_not(scene: Scene) -> None:
    gone = {"message_id": "123456789012345678"}

    answer = await scene.call(
        "POST", messages_path(scene), {"content": "x", "message_reference": gone}
    )
    assert answer.error_at("message_reference") == "REPLIES_UNKNOWN_MESSAGE"

    posted = await scene.say("x", message_reference={**gone, "fail_if_not_exists": False})
    assert posted["type"] == 0
    assert "message_reference" not in posted


async def test_a_reply_shows_null_when_its_message_was_deleted(scene: Scene) -> None:
    question = await scene.say("why?")
    answer = await scene.say("because", message_reference={"message_id": question["id"]})
    await scene.ok("DELETE", f"{messages_path(scene)}/{question['id']}")

    read = await scene.ok("GET", f"{messages_path(scene)}/{answer['id']}")

    assert read["referenced_message"] is None


async def test_files_are_uploaded_with_a_message(scene: Scene) -> None:
    form = aiohttp.FormData()
    note = '{"content":"see","attachments":[{"id":0,"description":"a note"}],'
    note += '"embeds":[{"image":{"url":"attachment://pic.png"}}]}'
    form.add_field("payload_json", note, content_type="application/json")
    form.add_field("files[0]", b"bytes", filename="pic.png", content_type="image/png")

    answer = await scene.call("POST", messages_path(scene), form=form)

    (attached,) = answer.body["attachments"]
    assert attached["filename"] == "pic.png"
    assert attached["size"] == 5
    assert attached["content_type"] == "image/png"
    assert attached["description"] == "a note"
    assert answer.body["embeds"][0]["image"]["url"] == attached["url"]
    path = attached["url"].partition("/cdn/")[2]
    assert scene.world.files[path].content == b"bytes"


async def test_a_file_that_is_too_large_is_refused(scene: Scene) -> None:
    scene.world.settings.max_file_bytes = 1000
    form = aiohttp.FormData()
    form.add_field("files[0]", b"x" * 1001, filename="big.bin")

    answer = await scene.call("POST", messages_path(scene), form=form)

    assert (answer.status, answer.code) == (413, 40005)


async def test_messages_are_listed_newest_first_in_pages(scene: Scene) -> None:
    ids = [str((await scene.say(str(number)))["id"]) for number in range(10)]

    async def listed(query: str) -> list[int]:
        found = await scene.ok("GET", f"{messages_path(scene)}?{query}")
        return [ids.index(one["id"]) for one in found]

    assert await listed("limit=3") == [9, 8, 7]
    assert await listed(f"limit=3&before={ids[5]}") == [4, 3, 2]
    assert await listed(f"limit=3&after={ids[5]}") == [8, 7, 6]
    assert await listed(f"limit=3&around={ids[5]}") == [6, 5, 4]
    assert await listed("") == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    wrong = await scene.call("GET", f"{messages_path(scene)}?limit=101")
    assert wrong.body["errors"]["limit"]["_errors"] == [
        {
            "code": "NUMBER_TYPE_MAX",
            "message": "int value should be less than or equal to 100.",
        }
    ]


async def test_only_so_many_messages_are_remembered(scene: Scene) -> None:
    scene.world.settings.history_limit = 3
    for number in range(5):
        await scene.say(str(number))

    found = await scene.ok("GET", messages_path(scene))

    assert [one["content"] for one in found] == ["4", "3", "2"]


async def test_an_edit_changes_what_it_names(scene: Scene) -> None:
    posted = await scene.say("old", embeds=[{"title": "stays"}])

    edited = await scene.ok("PATCH", f"{messages_path(scene)}/{posted['id']}", {"content": "new"})

    assert edited["content"] == "new"
    assert edited["embeds"] == posted["embeds"]
    assert edited["edited_timestamp"] is not None
    (told,) = scene.told("MESSAGE_UPDATE")
    assert told["content"] == "new"
    empty = await scene.call(
        "PATCH", f"{messages_path(scene)}/{posted['id']}", {"content": "", "embeds": []}
    )
    assert empty.code == 50006


async def test_nobody_edits_the_message_of_another(scene: Scene) -> None:
    posted = await scene.say("mine", by=scene.member)
    path = f"{messages_path(scene)}/{posted['id']}"

    answer = await scene.call("PATCH", path, {"content": "yours"}, by=scene.owner)
    assert (answer.status, answer.code) == (403, 50005)

    hidden = await scene.ok("PATCH", path, {"flags": 4}, by=scene.moderator)
    assert hidden["flags"] == 4


async def test_hidden_embeds_are_not_shown_until_they_are_allowed_again(scene: Scene) -> None:
    posted = await scene.say("x", embeds=[{"title": "chart"}])
    path = f"{messages_path(scene)}/{posted['id']}"

    hidden = await scene.ok("PATCH", path, {"flags": 4}, by=scene.moderator)
    shown = await scene.ok("PATCH", path, {"flags": 0})

    assert (hidden["embeds"], shown["embeds"]) == ([], posted["embeds"])


async def test_a_deleted_message_is_gone_and_told(scene: Scene) -> None:
    posted = await scene.say("oops", by=scene.member)
    path = f"{messages_path(scene)}/{posted['id']}"

    refused = await scene.call("DELETE", path, by=scene.raider)
    assert (refused.status, refused.code) == (403, 50013)
    await scene.ok("DELETE", path, by=scene.moderator)

    gone = await scene.call("GET", path)
    assert (gone.status, gone.code) == (404, 10008)
    assert scene.told("MESSAGE_DELETE") == [
        {
            "id": posted["id"],
            "channel_id": str(scene.channel.id),
            "guild_id": str(scene.guild.id),
        }
    ]
    (entry,) = scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE")
    assert (entry["action_type"], entry["target_id"]) == (72, str(scene.member.id))


async def test_deleting_ones_own_message_is_not_in_the_audit_log(scene: Scene) -> None:
    posted = await scene.say("oops")
    await scene.ok("DELETE", f"{messages_path(scene)}/{posted['id']}")

    assert scene.told("GUILD_AUDIT_LOG_ENTRY_CREATE") == []


async def test_messages_are_deleted_in_bulk(scene: Scene) -> None:
    ids = [str((await scene.say(str(number)))["id"]) for number in range(4)]

    await scene.ok("POST", f"{messages_path(scene)}/bulk-delete", {"messages": ids[:3]})

    assert [one["id"] for one in await scene.ok("GET", messages_path(scene))] == [ids[3]]
    assert scene.told("MESSAGE_DELETE_BULK")[0]["ids"] == ids[:3]


async def test_bulk_deletion_is_for_2_to_100_messages_of_two_weeks(scene: Scene) -> None:
    path = f"{messages_path(scene)}/bulk-delete"
    posted = str((await scene.say("x"))["id"])
    old = str(at_time(scene.world.clock.now() - timedelta(days=15)))

    async def code(ids: list[str]) -> int:
        return (await scene.call("POST", path, {"messages": ids})).code

    assert await code([posted]) == 50016
    assert await code([posted] * 101) == 50016
    assert await code([posted, old]) == 50034
    assert (await scene.call("POST", path, {})).error_at("messages") == "BASE_TYPE_REQUIRED"


async def test_who_may_not_write_is_refused(scene: Scene) -> None:
    scene.channel.overwrites[scene.guild.id] = Overwrite(
        scene.guild.id, 0, deny=int(Permission.SEND_MESSAGES)
    )

    answer = await scene.call("POST", messages_path(scene), {"content": "x"}, by=scene.member)

    assert (answer.status, answer.body) == (403, {"message": "Missing Permissions", "code": 50013})
    assert (await scene.call("POST", messages_path(scene), {"content": "x"})).status == 200


async def test_who_may_not_see_a_channel_has_no_access(scene: Scene) -> None:
    scene.channel.overwrites[scene.guild.id] = Overwrite(
        scene.guild.id, 0, deny=int(Permission.VIEW_CHANNEL)
    )

    for method, path in (("GET", messages_path(scene)), ("POST", messages_path(scene))):
        answer = await scene.call(method, path, {"content": "x"}, by=scene.member)
        assert (answer.status, answer.code) == (403, 50001)


async def test_the_timed_out_may_read_but_not_write(scene: Scene) -> None:
    until = scene.world.clock.now() + timedelta(minutes=1)
    scene.member_of(scene.member).communication_disabled_until = until

    answer = await scene.call("POST", messages_path(scene), {"content": "x"}, by=scene.member)
    assert answer.code == 50013
    assert (await scene.call("GET", messages_path(scene), by=scene.member)).status == 200

    scene.pass_time(minutes=2)
    await scene.say("free again", by=scene.member)


async def test_slow_mode_holds_people_but_not_bots(scene: Scene) -> None:
    scene.channel.rate_limit_per_user = 30
    await scene.say("one", by=scene.member)

    answer = await scene.call("POST", messages_path(scene), {"content": "2"}, by=scene.member)

    assert (answer.status, answer.code) == (429, 20016)
    assert 20 < answer.body["retry_after"] <= 30
    await scene.say("bot 1")
    await scene.say("bot 2")
    scene.pass_time(seconds=31)
    await scene.say("two", by=scene.member)


async def test_messages_are_pinned_and_unpinned(scene: Scene) -> None:
    first, second = [str((await scene.say(text))["id"]) for text in ("one", "two")]
    for message_id in (first, second):
        await scene.ok("PUT", f"{messages_path(scene)}/pins/{message_id}")

    pinned = await scene.ok("GET", f"{messages_path(scene)}/pins")
    assert [one["message"]["id"] for one in pinned["items"]] == [second, first]
    assert pinned["has_more"] is False
    assert scene.told("CHANNEL_PINS_UPDATE")[0]["channel_id"] == str(scene.channel.id)
    (newest, *_) = await scene.ok("GET", messages_path(scene))
    assert (newest["type"], newest["message_reference"]["message_id"]) == (6, second)

    await scene.ok("DELETE", f"/channels/{scene.channel.id}/pins/{first}")
    as_before = await scene.ok("GET", f"/channels/{scene.channel.id}/pins")
    assert [one["id"] for one in as_before] == [second]
    refused = await scene.call("PUT", f"{messages_path(scene)}/pins/{first}", by=scene.member)
    assert refused.code == 50013


async def test_reactions_are_added_counted_and_taken_away(scene: Scene) -> None:
    posted = await scene.say("vote")
    reactions = f"{messages_path(scene)}/{posted['id']}/reactions"
    for user in (scene.bot, scene.member):
        await scene.ok("PUT", f"{reactions}/%F0%9F%91%8D/@me", by=user)

    read = await scene.ok("GET", f"{messages_path(scene)}/{posted['id']}")
    (reaction,) = read["reactions"]
    assert (reaction["emoji"], reaction["count"], reaction["me"]) == (
        {"id": None, "name": "👍"},
        2,
        True,
    )
    who = await scene.ok("GET", f"{reactions}/%F0%9F%91%8D")
    assert {one["id"] for one in who} == {str(scene.bot.id), str(scene.member.id)}
    told = scene.told("MESSAGE_REACTION_ADD")[1]
    assert told["user_id"] == str(scene.member.id)
    assert told["member"]["user"]["id"] == str(scene.member.id)

    await scene.ok("DELETE", f"{reactions}/%F0%9F%91%8D/{scene.member.id}")
    assert scene.told("MESSAGE_REACTION_REMOVE")[0]["user_id"] == str(scene.member.id)
    await scene.ok("DELETE", reactions)
    assert len(scene.told("MESSAGE_REACTION_REMOVE_ALL")) == 1
    unknown = await scene.call("PUT", f"{reactions}/nothing/@me")
    assert unknown.code == 10014


async def test_an_ephemeral_message_is_seen_by_one_person_only(scene: Scene) -> None:
    secret = scene.world.post_message(
        scene.channel, scene.bot, "psst", origin=Origin(visible_to=scene.member.id)
    )

    mine = await scene.ok("GET", messages_path(scene), by=scene.member)
    assert [(one["content"], one["flags"]) for one in mine] == [("psst", 64)]
    for other in (scene.owner, scene.bot):
        assert await scene.ok("GET", messages_path(scene), by=other) == []
        answer = await scene.call("GET", f"{messages_path(scene)}/{secret.id}", by=other)
        assert answer.code == 10008
    (event,) = [one for one in scene.events if one.name == "MESSAGE_CREATE"]
    assert event.users == frozenset({scene.member.id})
