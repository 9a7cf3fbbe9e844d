"""Invocations as the gateway makes them, for tests of commands."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from shared.contracts.discord import BAN_MEMBERS, Attachment, Member, MessageRef, User
from shared.contracts.ids import (
    ChannelId,
    GuildId,
    InteractionId,
    MessageId,
    RoleId,
    Snowflake,
    UserId,
)
from shared.contracts.invocations import (
    GuildRef,
    InteractionTarget,
    Invocation,
    MessageTarget,
    OptionValue,
    Resolved,
    Source,
)

GUILD = GuildId(100000000000000001)
OWNER_ID = UserId(200000000000000001)
MODERATOR_ID = UserId(200000000000000002)
RAIDER_ID = UserId(200000000000000003)
CHANNEL = ChannelId(300000000000000001)
APPLICATION = Snowflake(400000000000000001)


def by_text(
    command: str,
    text: str = "",
    *,
    user_id: UserId = MODERATOR_ID,
    permissions: int = BAN_MEMBERS,
    roles: tuple[RoleId, ...] = (),
    attachments: tuple[Attachment, ...] = (),
    in_guild: bool = True,
) -> Invocation:
    """Somebody typed `!command text`."""
    now = datetime.now(UTC)
    message_id = MessageId(int(uuid4().int % 10**18))
    return Invocation(
        id=f"m{message_id}",
        command=command,
        source="text",
        user=User(id=user_id, username="mod"),
        channel_id=CHANNEL,
        reply_to=MessageTarget(channel_id=CHANNEL, message_id=message_id),
        received_at=now,
        deadline=now + timedelta(minutes=15),
        guild=GuildRef(id=GUILD, owner_id=OWNER_ID) if in_guild else None,
        member=Member(permissions=permissions, roles=roles) if in_guild else None,
        text=text,
        prefix="!",
        message=MessageRef(id=message_id, channel_id=CHANNEL, attachments=attachments),
    )


def by_interaction(
    command: str = "",
    *,
    source: Source = "slash",
    options: Mapping[str, OptionValue] | None = None,
    user_id: UserId = MODERATOR_ID,
    permissions: int = BAN_MEMBERS,
    roles: tuple[RoleId, ...] = (),
    custom_id: str = "",
    values: tuple[str, ...] = (),
    target_id: int | None = None,
    focused: str = "",
    resolved: Resolved | None = None,
) -> Invocation:
    """Somebody ran a slash command, used a menu, pressed a button, sent a form, or types."""
    now = datetime.now(UTC)
    id_ = InteractionId(int(uuid4().int % 10**18))
    return Invocation(
        id=str(id_),
        command=command,
        source=source,
        user=User(id=user_id, username="mod"),
        channel_id=CHANNEL,
        reply_to=InteractionTarget(id=id_, application_id=APPLICATION, token="t"),
        received_at=now,
        deadline=now + timedelta(minutes=15),
        guild=GuildRef(id=GUILD, owner_id=OWNER_ID),
        member=Member(permissions=permissions, roles=roles),
        options=dict(options or {}),
        custom_id=custom_id,
        values=values,
        target_id=None if target_id is None else Snowflake(target_id),
        focused=focused,
        resolved=resolved or Resolved(),
    )
