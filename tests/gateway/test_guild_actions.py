"""Actions on channels, invites, reactions, pins and many members, and questions about them."""

from __future__ import annotations

from datetime import datetime

import pytest
from msgspec import structs

from shared.contracts.actions import (
    Action,
    AddReaction,
    Banned,
    BulkBan,
    ClearReactions,
    CreateInvite,
    DeleteInvite,
    DeleteOverwrite,
    EditChannel,
    GetAuditLog,
    GetChannel,
    GetMessage,
    Kick,
    ListBans,
    ListInvites,
    ListMembers,
    ListMessages,
    ListPins,
    PinMessage,
    RemoveReaction,
    SetOverwrite,
    UnpinMessage,
)
from shared.contracts.codec import decode
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from tests.gateway.doing import Ids, data, do
from tests.gateway.rig import Rig
from tests.support.sandbox import RestError

CHANNEL_EDIT, LOCK, OPEN, KICK, BAN = 11, 13, 15, 20, 22
INVITE, INVITE_BACK, PIN, UNPIN = 40, 42, 74, 75
"""Discord's numbers of what its audit log tells."""

SEND_MESSAGES = 1 << 11


async def logged(rig: Rig, kind: int, reason: str) -> int:
    """Return how often the audit log tells of something with a reason."""
    path = f"/guilds/{rig.guild.id}/audit-logs"
    entries = (await rig.owner.rest("GET", path))["audit_log_entries"]
    return sum((each["action_type"], each.get("reason")) == (kind, reason) for each in entries)


async def test_many_are_banned_at_once_and_listed_in_pages(gateway: Rig) -> None:
    guild = GuildId(gateway.guild.id)
    raiders = [await gateway.sandbox.join(gateway.guild, f"raider{number}") for number in range(3)]
    users = tuple(UserId(raider.id) for raider in raiders)
    action = BulkBan(guild_id=guild, user_ids=(*users, UserId(gateway.owner.id)))

    result = await do(gateway, action, key="b", reason="anne: raid")

    assert decode(result.data, Banned) == Banned(
        banned_users=users, failed_users=(UserId(gateway.owner.id),)
    )
    first = data(await do(gateway, ListBans(guild_id=guild, limit=2)))
    rest = data(await do(gateway, ListBans(guild_id=guild, after=users[1])))
    assert [int(ban["user"]["id"]) for ban in (*first, *rest)] == list(users)
    assert await logged(gateway, BAN, "anne: raid") == 3
    nobody = BulkBan(guild_id=guild, user_ids=(UserId(gateway.owner.id),))
    refused = await do(gateway, nobody, key="b2")
    assert (refused.status, refused.code) == ("refused", 500000)
    assert refused.message == "None of them could be banned."


async def test_reactions_are_taken_away_one_by_one_or_all(gateway: Rig) -> None:
    asked = await gateway.member.says(gateway.guild, "vote")
    ids = Ids(channel_id=ChannelId(asked.channel_id), message_id=MessageId(asked.id))
    for emoji in ("🐙", "🦀"):
        await do(gateway, AddReaction(**ids, emoji=emoji), key=f"bot{emoji}")
        path = f"/channels/{asked.channel_id}/messages/{asked.id}/reactions/{emoji}/@me"
        await gateway.member.rest("PUT", path)

    async def after(action: Action) -> dict[str, int]:
        result = await do(gateway, action, key=repr(action))
        assert result.status == "done", result
        message = data(await do(gateway, GetMessage(**ids)))
        return {each["emoji"]["name"]: each["count"] for each in message.get("reactions", ())}

    assert await after(RemoveReaction(**ids, emoji="🐙")) == {"🐙": 1, "🦀": 2}
    by_member = RemoveReaction(**ids, emoji="🐙", user_id=UserId(gateway.member.id))
    assert await after(by_member) == {"🦀": 2}
    assert await after(AddReaction(**ids, emoji="🦑")) == {"🦀": 2, "🦑": 1}
    assert await after(ClearReactions(**ids, emoji="🦀")) == {"🦑": 1}
    assert await after(ClearReactions(**ids)) == {}


async def test_a_channel_is_changed_locked_and_opened_again(gateway: Rig) -> None:
    channel, everyone = ChannelId(gateway.guild.channel_id), RoleId(gateway.guild.id)
    reason = "anne: a raid"

    edit = EditChannel(channel_id=channel, name="quay", topic="Ships", slowmode=30, nsfw=False)
    await do(gateway, edit, key="e", reason=reason)
    lock = SetOverwrite(channel_id=channel, target_id=everyone, of="role", deny=SEND_MESSAGES)
    assert (await do(gateway, lock, key="l", reason=reason)).status == "done"

    seen = data(await do(gateway, GetChannel(channel_id=channel)))
    assert (seen["name"], seen["topic"], seen["rate_limit_per_user"]) == ("quay", "Ships", 30)
    assert seen["permission_overwrites"] == [
        {"id": str(everyone), "type": 0, "allow": "0", "deny": str(SEND_MESSAGES)}
    ]
    assert [await logged(gateway, kind, reason) for kind in (CHANNEL_EDIT, LOCK)] == [1, 1]
    with pytest.raises(RestError):
        await gateway.member.says(gateway.guild, "let me in")
    opened = DeleteOverwrite(channel_id=channel, target_id=everyone)
    assert (await do(gateway, opened, key="o", reason="anne: over")).status == "done"
    assert await logged(gateway, OPEN, "anne: over") == 1
    await gateway.owner.says(gateway.guild, "come in")
    again = await do(gateway, opened, key="o2")
    assert (again.status, again.code) == ("gone", 10009)
    cleared = data(await do(gateway, EditChannel(channel_id=channel, topic=None), key="t"))
    assert (cleared["topic"], cleared["name"]) == (None, "quay")


async def test_invites_are_made_listed_and_taken_back(gateway: Rig) -> None:
    guild, channel = GuildId(gateway.guild.id), ChannelId(gateway.guild.channel_id)

    action = CreateInvite(channel_id=channel, max_age=3600, max_uses=1, unique=True)
    made = data(await do(gateway, action, key="i", reason="anne: for Bob"))
    assert (made["max_age"], made["max_uses"]) == (3600, 1)
    listed = data(await do(gateway, ListInvites(guild_id=guild)))
    assert [invite["code"] for invite in listed] == [made["code"]]
    assert await logged(gateway, INVITE, "anne: for Bob") == 1
    back = DeleteInvite(code=made["code"])
    assert (await do(gateway, back, key="d", reason="anne: Bob is in")).status == "done"
    assert await logged(gateway, INVITE_BACK, "anne: Bob is in") == 1
    again = await do(gateway, back, key="d2")
    assert (again.status, again.message) == ("gone", "That invite no longer exists.")


async def test_messages_are_read_in_pages_and_pinned(gateway: Rig) -> None:
    posted = [MessageId(one) for one in await gateway.sandbox.traffic(gateway.guild, 5)]
    channel = ChannelId(gateway.guild.channel_id)

    async def read(question: ListMessages) -> list[int]:
        return [int(message["id"]) for message in data(await do(gateway, question))]

    last = ListMessages(channel_id=channel, limit=2)
    assert await read(last) == [posted[4], posted[3]]
    assert await read(structs.replace(last, before=posted[3])) == [posted[2], posted[1]]
    assert await read(ListMessages(channel_id=channel, after=posted[3])) == [posted[4]]
    pin = PinMessage(channel_id=channel, message_id=posted[0])
    assert (await do(gateway, pin, key="p", reason="anne: rules")).status == "done"
    page = data(await do(gateway, ListPins(channel_id=channel)))
    assert [int(item["message"]["id"]) for item in page["items"]] == [posted[0]]
    at = datetime.fromisoformat(page["items"][0]["pinned_at"])
    earlier = data(await do(gateway, ListPins(channel_id=channel, before=at)))
    assert earlier == {"items": [], "has_more": False}
    assert await logged(gateway, PIN, "anne: rules") == 1
    unpin = UnpinMessage(channel_id=channel, message_id=posted[0])
    assert (await do(gateway, unpin, key="u", reason="anne: old")).status == "done"
    assert await logged(gateway, UNPIN, "anne: old") == 1
    assert not data(await do(gateway, ListPins(channel_id=channel)))["items"]


async def test_members_are_listed_and_the_audit_log_is_read_by_what_was_done(gateway: Rig) -> None:
    guild, user = GuildId(gateway.guild.id), UserId(gateway.member.id)
    ids = sorted((gateway.bot.id, gateway.owner.id, gateway.member.id))
    first = data(await do(gateway, ListMembers(guild_id=guild, limit=1)))
    rest = data(await do(gateway, ListMembers(guild_id=guild, after=UserId(ids[0]))))
    assert [int(member["user"]["id"]) for member in (*first, *rest)] == ids

    await do(gateway, Kick(guild_id=guild, user_id=user), key="k", reason="anne: spam")
    await gateway.owner.bans(gateway.guild, gateway.member, "by hand")

    async def read(question: GetAuditLog) -> list[str]:
        log = data(await do(gateway, question))
        return [entry["reason"] for entry in log["audit_log_entries"]]

    about = GetAuditLog(guild_id=guild, target_id=user)
    assert await read(about) == ["by hand", "anne: spam"]
    assert await read(structs.replace(about, after=0)) == ["anne: spam", "by hand"]
    assert await read(structs.replace(about, limit=1)) == ["by hand"]
    assert await read(structs.replace(about, action_type=KICK)) == ["anne: spam"]
    by_owner = structs.replace(about, user_id=UserId(gateway.owner.id))
    assert await read(by_owner) == ["by hand"]


async def test_questions_are_asked_again_whatever_their_key(gateway: Rig) -> None:
    question = ListBans(guild_id=GuildId(gateway.guild.id))

    assert data(await do(gateway, question, key="same")) == []
    await gateway.owner.bans(gateway.guild, gateway.member)
    assert len(data(await do(gateway, question, key="same"))) == 1
