"""One filled-in example of every contract that passes over RabbitMQ."""

from datetime import UTC, datetime

from msgspec import Raw, Struct

from shared.contracts import actions as act
from shared.contracts import config, domain, events
from shared.contracts.discord import (
    Attachment,
    Channel,
    GuildSnapshot,
    Member,
    MessageRef,
    Overwrite,
    Role,
    User,
)
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
    Choice,
    CommandsAnnounced,
    CommandSpec,
    CommandsWanted,
    GuildRef,
    InteractionTarget,
    Invocation,
    MessageTarget,
    OptionSpec,
    OptionType,
    Resolved,
)

GUILD = GuildId(1_100_000_000_000_000_001)
CHANNEL = ChannelId(1_100_000_000_000_000_002)
USER = UserId(1_100_000_000_000_000_003)
ROLE = RoleId(1_100_000_000_000_000_004)
MESSAGE = MessageId(1_100_000_000_000_000_005)
AT = datetime(2026, 11, 1, 12, 30, 15, 250_000, tzinfo=UTC)

INTERACTION = InteractionTarget(
    id=InteractionId(1_100_000_000_000_000_006), application_id=Snowflake(7), token="opaque"
)
TEXT = MessageTarget(channel_id=CHANNEL, message_id=MESSAGE)
PERSON = User(id=USER, username="anne", global_name="Anne", bot=False)
BUTTON = act.Button(label="Older", custom_id="infractions:older:0:5", style=2)
SELECT = act.Select(
    custom_id="stats:period",
    options=(act.SelectOption(label="A week", value="7d", default=True),),
    placeholder="How long?",
)
ROW = act.ActionRow(components=(BUTTON,))
REPLY = act.Message(
    content="Banned.",
    embeds=(
        act.Embed(
            title="#5: ban",
            description="a ban",
            color=255,
            timestamp=AT,
            fields=(act.EmbedField(name="Member", value="Anne", inline=True),),
            footer=act.EmbedText(text="Flotilla"),
            author=act.EmbedAuthor(name="Anne"),
        ),
    ),
    components=(ROW, act.ActionRow(components=(SELECT,))),
    files=(act.File(name="answer.txt", data=b"long", content_type="text/plain"),),
    allowed_mentions=act.AllowedMentions(users=(USER,)),
    ephemeral=True,
)
MODAL_ROW = act.ActionRow(
    components=(act.TextInput(custom_id="reason", label="Why?", style=2, max_length=400),)
)

INVOCATION = Invocation(
    id="1100000000000000006",
    command="infractions search",
    source="slash",
    user=PERSON,
    channel_id=CHANNEL,
    reply_to=INTERACTION,
    received_at=AT,
    deadline=AT,
    guild=GuildRef(id=GUILD, name="Harbour", owner_id=USER),
    member=Member(user=PERSON, nick="A", roles=(ROLE,), joined_at=AT, permissions=8),
    text="5",
    options={"user": str(USER), "number": 5, "ratio": 0.5, "all": True},
    resolved=Resolved(
        users={USER: PERSON},
        members={USER: Member(roles=(ROLE,))},
        roles={ROLE: Role(id=ROLE, name="Mods", position=3, permissions=4)},
        channels={CHANNEL: Channel(id=CHANNEL, name="general")},
        messages={MESSAGE: MessageRef(id=MESSAGE, channel_id=CHANNEL, author=PERSON)},
        attachments={9: Attachment(id=9, filename="a.png", size=10, url="https://cdn/a.png")},
    ),
    target_id=Snowflake(USER),
    custom_id="infractions:older:0:5",
    values=("7d",),
    focused="user",
    message=MessageRef(id=MESSAGE, channel_id=CHANNEL, content="!infractions search"),
)

COMMAND = CommandSpec(
    name="tempban",
    description="Ban somebody for a time.",
    plugin="infractions",
    level=50,
    options=(
        OptionSpec(
            name="duration",
            description="How long",
            type=OptionType.STRING,
            kind="duration",
            choices=(Choice(name="A day", value="1d"),),
            min_value=1.0,
        ),
    ),
    aliases=("tb",),
    menu="user",
    menu_name="Ban for a time",
)

SNAPSHOT = GuildSnapshot(
    id=GUILD,
    name="Harbour",
    owner_id=USER,
    roles=(Role(id=ROLE, name="Mods", position=3, permissions=4),),
    channels=(
        Channel(id=CHANNEL, name="general", permission_overwrites=(Overwrite(id=ROLE, deny=2048),)),
    ),
    bot_id=UserId(7),
    bot_roles=(ROLE,),
    member_count=40,
    updated_at=AT,
)

DOCUMENT = config.ConfigDocument(
    permissions={ROLE: config.PermissionEntry(level=100, web="viewer")},
    commands=(
        config.CommandRule(
            selector=config.CommandSelector(plugin="infractions"),
            override=config.CommandOverride(level=50),
        ),
        config.CommandRule(
            selector=config.CommandSelector(command="role.add"),
            override=config.CommandOverride(disabled=True),
        ),
    ),
    plugins=config.Plugins(core=config.CorePlugin(nickname="Harbourmaster")),
)

ACTIONS: tuple[act.Action, ...] = (
    act.Respond(to=INTERACTION, message=REPLY, update=True),
    act.Respond(to=TEXT, message=act.Message(content="hello")),
    act.FollowUp(to=INTERACTION, message=REPLY),
    act.EditResponse(to=INTERACTION, message=REPLY),
    act.DeleteResponse(to=TEXT),
    act.Defer(to=INTERACTION, ephemeral=True),
    act.Autocomplete(to=INTERACTION, choices=(Choice(name="A day", value="1d"),)),
    act.OpenModal(to=INTERACTION, custom_id="infractions:why:5", title="Why?", rows=(MODAL_ROW,)),
    act.SendMessage(channel_id=CHANNEL, message=REPLY, reply_to=MESSAGE),
    act.EditMessage(channel_id=CHANNEL, message_id=MESSAGE, message=REPLY),
    act.DeleteMessage(channel_id=CHANNEL, message_id=MESSAGE),
    act.DeleteMessages(channel_id=CHANNEL, message_ids=(MESSAGE, MessageId(MESSAGE + 1))),
    act.AddReaction(channel_id=CHANNEL, message_id=MESSAGE, emoji="👍"),
    act.SendDirect(user_id=USER, message=act.Message(content="You were warned.")),
    act.Ban(guild_id=GUILD, user_id=USER, delete_message_seconds=86_400),
    act.Unban(guild_id=GUILD, user_id=USER),
    act.Kick(guild_id=GUILD, user_id=USER),
    act.Timeout(guild_id=GUILD, user_id=USER, until=AT),
    act.Timeout(guild_id=GUILD, user_id=USER, until=None),
    act.EditMember(guild_id=GUILD, user_id=USER, nick=None, mute=True),
    act.SetOwnNick(guild_id=GUILD, nick="Harbourmaster"),
    act.AddRole(guild_id=GUILD, user_id=USER, role_id=ROLE),
    act.RemoveRole(guild_id=GUILD, user_id=USER, role_id=ROLE),
    act.GetGuild(guild_id=GUILD),
    act.GetMember(guild_id=GUILD, user_id=USER),
    act.GetUser(user_id=USER),
    act.GetBan(guild_id=GUILD, user_id=USER),
    act.BulkBan(guild_id=GUILD, user_ids=(USER,), delete_message_seconds=60),
    act.RemoveReaction(channel_id=CHANNEL, message_id=MESSAGE, emoji="👍", user_id=USER),
    act.ClearReactions(channel_id=CHANNEL, message_id=MESSAGE, emoji="octopus:9"),
    act.EditChannel(channel_id=CHANNEL, name="quay", topic=None, slowmode=30),
    act.SetOverwrite(channel_id=CHANNEL, target_id=ROLE, of="role", allow=1024, deny=2048),
    act.DeleteOverwrite(channel_id=CHANNEL, target_id=ROLE),
    act.CreateInvite(channel_id=CHANNEL, max_age=3600, max_uses=1, temporary=True, unique=True),
    act.DeleteInvite(code="abc123"),
    act.PinMessage(channel_id=CHANNEL, message_id=MESSAGE),
    act.UnpinMessage(channel_id=CHANNEL, message_id=MESSAGE),
    act.GetChannel(channel_id=CHANNEL),
    act.GetMessage(channel_id=CHANNEL, message_id=MESSAGE),
    act.GetAuditLog(guild_id=GUILD, user_id=USER, target_id=9, action_type=22, after=8, limit=5),
    act.ListBans(guild_id=GUILD, after=USER, limit=100),
    act.ListMembers(guild_id=GUILD, after=USER, limit=100),
    act.ListMessages(channel_id=CHANNEL, before=MESSAGE, limit=100),
    act.ListPins(channel_id=CHANNEL, before=AT, limit=10),
    act.ListInvites(guild_id=GUILD),
)

SAMPLES: tuple[Struct, ...] = (
    INVOCATION,
    CommandsAnnounced(service="infractions", commands=(COMMAND,)),
    CommandsWanted(),
    SNAPSHOT,
    act.ActionResult(
        status="refused",
        code=50_013,
        http_status=403,
        message="Missing permissions.",
        retry_after=1.5,
        data=Raw(b'{"id":"1"}'),
    ),
    domain.ConfigChanged(
        guild_id=GUILD, revision=3, document=DOCUMENT, author_id=USER, changed_at=AT
    ),
    domain.ConfigWanted(service="stats"),
    domain.GuildKeysChanged(
        guild_id=GUILD,
        revision=1,
        keys=(
            domain.ApiKey(
                id="k1", name="export", sha256="00ff", scopes=("stats:read",), created_at=AT
            ),
        ),
    ),
    domain.InfractionCreated(
        guild_id=GUILD,
        number=5,
        kind="ban",
        user_id=USER,
        moderator_id=None,
        at=AT,
        expires_at=AT,
        reason="spam",
    ),
    domain.EventsMissed(guild_id=GUILD, shard_id=3, since=AT, until=AT),
    domain.GuildChanged(guild_id=GUILD, version=12_884_901_889),
    domain.GuildReconciled(
        guild_id=GUILD,
        since=AT,
        until=AT,
        compared=True,
        roles_added=(Role(id=ROLE, name="crew"),),
        roles_removed=(Role(id=RoleId(8), name="old"),),
        roles_changed=(domain.RoleChange(before=Role(id=ROLE), after=Role(id=ROLE, position=2)),),
        channels_added=(Channel(id=CHANNEL, name="deck"),),
        channels_removed=(Channel(id=ChannelId(9)),),
        channels_changed=(
            domain.ChannelChange(
                before=Channel(id=CHANNEL), after=Channel(id=CHANNEL, name="deck")
            ),
        ),
        owner_before=USER,
        owner_after=UserId(10),
        bot_roles_added=(ROLE,),
        bot_roles_removed=(RoleId(8),),
        bot_permissions_before=8,
        bot_permissions_after=0,
        audit_log="read",
        audit_entries=2,
    ),
    domain.InfractionEnded(
        guild_id=GUILD, number=5, kind="ban", user_id=USER, state="expired", at=AT
    ),
    domain.InfractionChanged(
        guild_id=GUILD,
        number=5,
        kind="warning",
        user_id=USER,
        change="reason",
        at=AT,
        state="done",
        version=3,
        actor_id=UserId(9),
        moderator_id=None,
        expires_at=AT,
        reason="spam",
        hidden=True,
        pardoned=True,
    ),
    *(
        act.ActionRequest(action=action, deadline=AT, key="infraction:1:5:apply", reason="Anne: x")
        for action in ACTIONS
    ),
    events.AuditLogEntryCreated(
        guild_id=GUILD,
        id=9,
        action_type=24,
        user_id=USER,
        target_id=8,
        reason="spam",
        changes=(
            events.AuditChange(
                key="communication_disabled_until",
                new_value=Raw(b'"2026-11-01T12:30:15.250000+00:00"'),
            ),
            events.AuditChange(key="$add", new_value=Raw(b'[{"name":"Muted","id":"4"}]')),
        ),
        options=events.AuditOptions(delete_member_days=7, members_removed=3),
    ),
)
