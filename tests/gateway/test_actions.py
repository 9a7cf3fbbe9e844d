"""Actions: each does what it says on Discord, and says what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from shared.contracts.actions import (
    ActionRequest,
    ActionRow,
    AddReaction,
    AddRole,
    Ban,
    Button,
    DeleteMessage,
    DeleteMessages,
    DeleteResponse,
    EditMember,
    EditMessage,
    EditResponse,
    Embed,
    EmbedField,
    File,
    FollowUp,
    GetBan,
    GetGuild,
    GetMember,
    GetUser,
    Kick,
    Message,
    RemoveRole,
    Respond,
    SendDirect,
    SendMessage,
    SetOwnNick,
    Timeout,
    Unban,
)
from shared.contracts.codec import decode
from shared.contracts.discord import GuildSnapshot, Member, User
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from shared.contracts.invocations import MessageTarget
from shared.contracts.topology import GATEWAY_ACTIONS, INTERACTIVE, MODERATION
from tests.gateway.doing import Ids, data, do
from tests.gateway.rig import Rig, rows
from tests.support.waiting import eventually


async def test_a_ban_and_its_end(gateway: Rig) -> None:
    guild, user = GuildId(gateway.guild.id), UserId(gateway.member.id)

    assert (await do(gateway, GetBan(guild_id=guild, user_id=user))).status == "gone"
    banned = await do(gateway, Ban(guild_id=guild, user_id=user), key="b", reason="owner: Grüße")
    assert banned.status == "done"
    assert await gateway.sandbox.banned(gateway.guild, gateway.member)
    assert data(await do(gateway, GetBan(guild_id=guild, user_id=user)))["reason"] == "owner: Grüße"
    assert (await do(gateway, Unban(guild_id=guild, user_id=user), key="u")).status == "done"
    assert not await gateway.sandbox.banned(gateway.guild, gateway.member)
    again = await do(gateway, Unban(guild_id=guild, user_id=user), key="u2")
    assert (again.status, again.code) == ("gone", 10026)


async def test_members_are_timed_out_renamed_given_roles_and_kicked(gateway: Rig) -> None:
    guild, user = GuildId(gateway.guild.id), UserId(gateway.member.id)
    role = RoleId(
        int((await gateway.owner.rest("POST", f"/guilds/{guild}/roles", {"name": "crew"}))["id"])
    )
    until = datetime.now(UTC) + timedelta(hours=1)

    for key, action in enumerate(
        (
            Timeout(guild_id=guild, user_id=user, until=until),
            EditMember(guild_id=guild, user_id=user, nick="Cabin boy"),
            AddRole(guild_id=guild, user_id=user, role_id=role),
            SetOwnNick(guild_id=guild, nick="Harbourmaster"),
        )
    ):
        result = await do(gateway, action, key=f"k{key}")
        assert result.status == "done", (action, result)
    member = await do(gateway, GetMember(guild_id=guild, user_id=user))
    seen = decode(member.data, Member)
    assert (seen.nick, seen.roles) == ("Cabin boy", (role,))
    assert seen.communication_disabled_until is not None
    own = await gateway.sandbox.member(gateway.guild, gateway.bot.id)
    assert own["nick"] == "Harbourmaster"

    for key, action in enumerate(
        (
            Timeout(guild_id=guild, user_id=user, until=None),
            RemoveRole(guild_id=guild, user_id=user, role_id=role),
            Kick(guild_id=guild, user_id=user),
        )
    ):
        assert (await do(gateway, action, key=f"e{key}")).status == "done"
    assert not await gateway.sandbox.is_member(gateway.guild, gateway.member)
    gone = await do(gateway, GetMember(guild_id=guild, user_id=user))
    assert (gone.status, gone.code) == ("gone", 10007)


async def test_messages_are_posted_changed_reacted_to_and_deleted(gateway: Rig) -> None:
    channel = ChannelId(gateway.guild.channel_id)
    embed = Embed(title="T", fields=(EmbedField(name="n", value="v"),), timestamp=datetime.now(UTC))
    row = ActionRow(components=(Button(label="Press", custom_id="toy:x"),))
    message = Message(
        content="Hello",
        embeds=(embed,),
        components=(row,),
        files=(File(name="a.txt", data=b"abc"),),
    )

    posted = data(await do(gateway, SendMessage(channel_id=channel, message=message), key="m"))
    ids = Ids(channel_id=channel, message_id=MessageId(int(posted["id"])))
    assert posted["embeds"][0]["fields"][0]["value"] == "v"
    assert posted["components"][0]["components"][0]["style"] == 1
    assert posted["attachments"][0]["filename"] == "a.txt"
    assert (await do(gateway, AddReaction(**ids, emoji="🐙"), key="r")).status == "done"
    edited = data(await do(gateway, EditMessage(**ids, message=Message(content="Bye")), key="e"))
    assert (edited["content"], edited["embeds"], edited["components"]) == ("Bye", [], [])
    assert (await do(gateway, DeleteMessage(**ids), key="d")).status == "done"
    assert (await do(gateway, DeleteMessage(**ids), key="d2")).code == 10008


async def test_many_messages_are_deleted_at_once_and_a_single_one_too(gateway: Rig) -> None:
    posted = [MessageId(one) for one in await gateway.sandbox.traffic(gateway.guild, 4)]
    channel = ChannelId(gateway.guild.channel_id)

    for number, ids in enumerate((tuple(posted[:3]), (posted[3],))):
        action = DeleteMessages(channel_id=channel, message_ids=ids)
        result = await do(gateway, action, key=f"d{number}")
        assert result.status == "done", result

    assert not await gateway.member.sees(gateway.guild)


async def test_nobody_is_pinged_unless_said_so(gateway: Rig) -> None:
    message = Message(content=f"@everyone {gateway.member}")
    action = SendMessage(channel_id=ChannelId(gateway.guild.channel_id), message=message)

    posted = data(await do(gateway, action, key="m"))

    assert (posted["mentions"], posted["mention_everyone"]) == ([], False)


async def test_a_direct_message_arrives_or_is_refused_in_plain_words(gateway: Rig) -> None:
    to = UserId(gateway.member.id)
    action = SendDirect(user_id=to, message=Message(content="psst"))

    assert data(await do(gateway, action, key="d"))["content"] == "psst"
    stranger = UserId(gateway.bot.id)
    refused = await do(gateway, SendDirect(user_id=stranger, message=Message(content="x")), key="s")
    assert refused.status == "refused"
    assert refused.message


async def test_questions_are_answered(gateway: Rig) -> None:
    user = data(await do(gateway, GetUser(user_id=UserId(gateway.owner.id))))
    assert decode(msgspec.json.encode(user), User).username == "owner"
    assert (await do(gateway, GetUser(user_id=UserId(1)))).code == 10013

    guild = await do(gateway, GetGuild(guild_id=GuildId(gateway.guild.id)))
    snapshot = decode(guild.data, GuildSnapshot)
    assert (snapshot.name, snapshot.owner_id) == ("Harbour", gateway.owner.id)
    assert snapshot.bot_id == gateway.bot.id
    assert len(snapshot.bot_roles) == 1
    assert (await do(gateway, GetGuild(guild_id=GuildId(1)))).code == 10004


async def test_the_answer_to_a_message_can_be_followed_and_changed(gateway: Rig) -> None:
    asked = await gateway.member.says(gateway.guild, "hm")
    to = MessageTarget(channel_id=ChannelId(asked.channel_id), message_id=MessageId(asked.id))

    first = data(await do(gateway, Respond(to=to, message=Message(content="one")), key="1"))
    await do(gateway, FollowUp(to=to, message=Message(content="two")), key="2")
    changed = await do(gateway, EditResponse(to=to, message=Message(content="1")), key="3")

    assert data(changed)["id"] == first["id"]
    contents = [message.content for message in await gateway.member.sees(gateway.guild)]
    assert contents == ["hm", "1", "two"]

    await do(gateway, DeleteResponse(to=to), key="4")

    contents = [message.content for message in await gateway.member.sees(gateway.guild)]
    assert contents == ["hm", "two"]


async def test_a_repeated_key_is_answered_with_the_first_result(
    rig: Rig, database_url: str
) -> None:
    action = Ban(guild_id=GuildId(rig.guild.id), user_id=UserId(rig.member.id))
    async with rig.gateway():
        first = await do(rig, action, key="same")
        assert first.status == "done"
        await rig.owner.unbans(rig.guild, rig.member)
        assert await do(rig, action, key="same") == first
    async with rig.gateway():
        assert await do(rig, action, key="same") == first
    await rows(database_url, "UPDATE action_results SET at = now() - interval '2 hours'")
    async with rig.gateway():
        assert await do(rig, action, key="same") == first

    assert not await rig.sandbox.banned(rig.guild, rig.member)


async def test_a_message_is_posted_once_also_when_its_result_was_lost(
    rig: Rig, database_url: str
) -> None:
    message = Message(content="once")
    action = SendMessage(channel_id=ChannelId(rig.guild.channel_id), message=message)
    async with rig.gateway():
        first = data(await do(rig, action, key="same"))
    await rows(database_url, "DELETE FROM action_results")
    async with rig.gateway():
        assert data(await do(rig, action, key="same"))["id"] == first["id"]

    assert len(await rig.member.sees(rig.guild)) == 1


async def test_a_refusal_says_why_in_plain_words(gateway: Rig) -> None:
    guild, owner = GuildId(gateway.guild.id), UserId(gateway.owner.id)

    refused = await do(gateway, Kick(guild_id=guild, user_id=owner), key="k")

    assert (refused.status, refused.code, refused.http_status) == ("refused", 50013, 403)
    assert "permission" in refused.message


async def test_a_wrong_value_is_named(gateway: Rig) -> None:
    message = Message(content="x" * 2001)
    action = SendMessage(channel_id=ChannelId(gateway.guild.channel_id), message=message)

    refused = await do(gateway, action, key="k")

    assert (refused.status, refused.code) == ("refused", 50035)
    assert "content: " in refused.message


async def test_an_error_of_discords_is_tried_again(gateway: Rig) -> None:
    await gateway.sandbox.fault(route="/guilds/**", token="bot", status=502, times=2)
    action = Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(gateway.member.id))

    assert (await do(gateway, action, key="b")).status == "done"


async def test_an_answer_that_gets_lost_does_not_post_twice(gateway: Rig) -> None:
    await gateway.sandbox.fault(
        method="POST", route="/channels/*/messages", token="bot", status=500, lost=True, times=1
    )
    action = SendMessage(
        channel_id=ChannelId(gateway.guild.channel_id), message=Message(content="once")
    )

    assert data(await do(gateway, action, key="m"))["content"] == "once"
    assert len(await gateway.member.sees(gateway.guild)) == 1


async def test_a_limit_is_waited_for_when_the_deadline_allows_it(gateway: Rig) -> None:
    await gateway.sandbox.fault(
        route="/guilds/**", token="bot", status=429, retry_after=0.5, times=1
    )
    action = Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(gateway.member.id))

    assert (await do(gateway, action, key="b")).status == "done"


async def test_a_limit_beyond_the_deadline_is_told_at_once(gateway: Rig) -> None:
    await gateway.sandbox.fault(route="/guilds/**", token="bot", status=429, retry_after=30)
    action = Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(gateway.member.id))

    result = await do(gateway, action, key="b", within=2)

    assert result.status == "retry"
    assert 25 < result.retry_after <= 30


async def test_what_came_to_nothing_may_be_asked_again_with_its_key(gateway: Rig) -> None:
    action = Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(gateway.member.id))
    await gateway.sandbox.fault(route="/guilds/**", token="bot", status=503)
    away = await do(gateway, action, key="b", within=1)
    assert (away.status, away.http_status) == ("retry", 503)

    await gateway.sandbox.heal()
    assert (await do(gateway, action, key="b")).status == "done"


async def test_discord_being_slow_ends_with_the_deadline(gateway: Rig) -> None:
    await gateway.sandbox.fault(route="/guilds/**", token="bot", latency=5)
    action = Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(gateway.member.id))

    result = await do(gateway, action, key="b", within=0.7)

    assert result.status == "retry"
    assert "may or may not" in result.message


async def test_an_action_after_its_deadline_is_not_begun(gateway: Rig) -> None:
    action = Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(gateway.member.id))

    result = await do(gateway, action, key="b", within=-1)

    assert (result.status, "too late" in result.message) == ("retry", True)
    assert not await gateway.sandbox.banned(gateway.guild, gateway.member)


async def test_bulk_work_does_not_delay_a_reply(gateway: Rig) -> None:
    await gateway.sandbox.fault(route="/guilds/**", token="bot", latency=1.5)
    bans = [
        gateway.start(
            do(
                gateway,
                Ban(guild_id=GuildId(gateway.guild.id), user_id=UserId(user)),
                key=f"bulk{user}",
                queue="bulk",
                within=5,
            )
        )
        for user in range(1, 13)
    ]
    asked = await gateway.member.says(gateway.guild, "hm")
    to = MessageTarget(channel_id=ChannelId(asked.channel_id), message_id=MessageId(asked.id))
    await do(gateway, Respond(to=to, message=Message(content="quick")), queue="interactive")

    assert not all(ban.done() for ban in bans)


async def test_a_flooded_channel_does_not_delay_the_answers_in_another(gateway: Rig) -> None:
    made = await gateway.owner.rest(
        "POST", f"/guilds/{gateway.guild.id}/channels", {"name": "pier", "type": 0}
    )
    flooded, quiet = ChannelId(gateway.guild.channel_id), ChannelId(int(made["id"]))
    for number in range(150):
        to = MessageTarget(channel_id=flooded, message_id=MessageId(number + 1))
        request = ActionRequest(
            action=Respond(to=to, message=Message(content="flood")),
            deadline=datetime.now(UTC) + timedelta(minutes=1),
            key=f"flood{number}",
        )
        await gateway.bus.publish(
            GATEWAY_ACTIONS, INTERACTIVE, request, message_id=f"flood{number}", type="respond"
        )
    to = MessageTarget(channel_id=quiet, message_id=MessageId(1))

    answer = Respond(to=to, message=Message(content="quick"))
    result = await do(gateway, answer, key="quick", queue=INTERACTIVE, within=20)

    assert data(result)["content"] == "quick"


async def test_what_is_no_action_is_parked(gateway: Rig) -> None:
    await gateway.bus.publish(
        GATEWAY_ACTIONS, MODERATION, b'{"action":{"do":"dance"}}', message_id="x", type="dance"
    )

    letter = (await eventually(lambda: gateway.bus.peek("gateway.actions.moderation")))[0]
    assert "dance" in letter.body
