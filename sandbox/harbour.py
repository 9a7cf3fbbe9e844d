"""Building the demo's guilds from the file `harbour.toml`, the same ids and tokens every time."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from importlib import resources

import msgspec
from msgspec import Struct, field

from sandbox.clock import Clock
from sandbox.models import By, Channel, ChannelType, Guild, Invite, Overwrite, Role, User
from sandbox.permissions import ALL, P
from sandbox.world import World, reactions, roles, threads

PRIVILEGED = 1 << 13 | 1 << 15 | 1 << 19  # the flags of presences, members, message content
REDIRECTS = ("http://127.0.0.1/login/callback", "http://localhost/login/callback")  # any port

BOT = (
    P.VIEW_CHANNEL | P.SEND_MESSAGES | P.SEND_MESSAGES_IN_THREADS | P.EMBED_LINKS | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY | P.ADD_REACTIONS | P.MANAGE_MESSAGES | P.MANAGE_ROLES
    | P.MANAGE_CHANNELS | P.MANAGE_THREADS | P.MANAGE_WEBHOOKS | P.MANAGE_NICKNAMES | P.MANAGE_GUILD
    | P.KICK_MEMBERS | P.BAN_MEMBERS | P.MODERATE_MEMBERS | P.VIEW_AUDIT_LOG | P.MUTE_MEMBERS
    | P.DEAFEN_MEMBERS | P.MOVE_MEMBERS | P.CHANGE_NICKNAME | P.CREATE_INSTANT_INVITE
    | P.USE_EXTERNAL_EMOJIS | P.CREATE_PUBLIC_THREADS
)  # fmt: skip
MODERATOR = (
    P.KICK_MEMBERS | P.BAN_MEMBERS | P.MODERATE_MEMBERS | P.MANAGE_MESSAGES | P.MANAGE_THREADS
    | P.VIEW_AUDIT_LOG | P.MANAGE_NICKNAMES | P.MUTE_MEMBERS | P.MOVE_MEMBERS | P.MENTION_EVERYONE
)  # fmt: skip


class Seed(Struct, kw_only=True):
    """What was made, by name; `roles` says what each of the named users is."""

    guild_id: int
    channel_id: int
    application_id: int
    users: dict[str, int] = field(default_factory=dict[str, int])
    roles: dict[str, str] = field(default_factory=dict[str, str])
    log_channel_id: int = 0


class RoleLine(Struct):
    """A role of the seed file, highest first."""

    name: str
    color: str = "#000000"
    hoist: bool = False


class ChannelLine(Struct):
    """A channel of the seed file; `only` those roles see it, in a `quiet` one only staff writes."""

    name: str
    category: str = ""
    topic: str = ""
    kind: str = "text"
    only: list[str] = field(default_factory=list[str])
    quiet: bool = False


class Person(Struct):
    """A member of the seed file; `known_as` is the name that tests and people log in with."""

    username: str
    name: str
    roles: list[str] = field(default_factory=list[str])
    known_as: str | None = None
    away: bool = False


class Said(Struct):
    """A message of the seed file."""

    channel: str
    by: str
    text: str
    reactions: dict[str, int] = field(default_factory=dict[str, int])
    reply: bool = False


class Plan(Struct):
    """The seed file."""

    roles: list[RoleLine]
    channels: list[ChannelLine]
    people: list[Person]
    messages: list[Said]


def plan() -> Plan:
    """Read the seed file."""
    text = resources.files("sandbox").joinpath("harbour.toml").read_text()
    return msgspec.toml.decode(text, type=Plan)


def _secret(*parts: object, size: int = 27) -> str:
    digest = hashlib.sha256("/".join(map(str, ("harbour", *parts))).encode()).digest()
    return urlsafe_b64encode(digest[:size]).decode().rstrip("=")


class SteadyClock(Clock):
    """A clock that only moves when it is told to: the same ids every time."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Move it forward."""
        self.moment += by


class Builder:
    """Founds the guilds; its clock only moves when it is told to."""

    def __init__(self, world: World, clock: SteadyClock, plan: Plan) -> None:
        self.world = world
        self.clock = clock
        self.plan = plan
        self.users: dict[str, User] = {}
        self.roles: dict[str, Role] = {}
        self.channels: dict[str, Channel] = {}

    def build(self) -> Seed:
        """Make everything, and return what was made."""
        for person in self.plan.people:
            self._register(person)
        owner = self._known_as("owner")
        guild = self.world.create_guild("Harbour", owner, channels=())
        guild.description = "Boats, tides and people who like both."
        self._open_roles(guild)
        bot = self._register_bot(owner)
        self._admit(guild, bot)
        self._open_channels(guild)
        self._open_lighthouse(bot)
        self._talk()
        self._open_thread()
        self._invite(guild, owner)
        named = {one.known_as: one for one in self.plan.people if one.known_as}
        return Seed(
            guild_id=guild.id,
            channel_id=self.channels["general"].id,
            application_id=bot.id,
            users={name: self.users[one.username].id for name, one in named.items()},
            roles={name: one.roles[0] if one.roles else "Member" for name, one in named.items()},
            log_channel_id=self.channels["mod-log"].id,
        )

    def _later(self, **units: float) -> None:
        self.clock.advance(timedelta(**units))

    def _register(self, person: Person) -> User:
        self._later(hours=7)
        user = self.world.create_user(person.username, global_name=person.name)
        self._give_token(user)
        self.users[person.username] = user
        return user

    def _give_token(self, user: User) -> None:
        first = urlsafe_b64encode(str(user.id).encode()).decode().rstrip("=")
        token = (
            f"{first}.{_secret(user.username, 'time', size=4)}.{_secret(user.username, 'token')}"
        )
        self.world.set_token(user, token)

    def _known_as(self, name: str) -> User:
        found = next(one for one in self.plan.people if one.known_as == name)
        return self.users[found.username]

    def _open_roles(self, guild: Guild) -> None:
        allowed = {"Owner": ALL, "Admins": P.ADMINISTRATOR, "Moderators": MODERATOR}
        for line in self.plan.roles:
            self.roles[line.name] = self.world.create_role(
                guild,
                line.name,
                permissions=int(allowed.get(line.name, 0)),
                color=int(line.color[1:], 16),
                hoist=line.hoist,
            )

    def _register_bot(self, owner: User) -> User:
        application = self.world.create_application(
            "Flotilla", owner=owner, redirect_uris=REDIRECTS
        )
        application.secret = _secret("client secret", size=24)
        application.public_key = hashlib.sha256(b"harbour/public key").hexdigest()
        application.description = "Keeps the harbour in order."
        application.flags = PRIVILEGED
        bot = self.world.users[application.id]
        bot.discriminator = "4127"
        self._give_token(bot)
        return bot

    def _admit(self, guild: Guild, bot: User) -> None:
        world = self.world
        owner = world.users[guild.owner_id]
        for person in self.plan.people:
            self._later(hours=5, minutes=13)
            chosen = [self.roles[name] for name in person.roles]
            if person.username == owner.username:
                guild.members[owner.id].roles = [role.id for role in chosen]
            elif not person.away:
                world.add_member(guild, self.users[person.username], roles=chosen)
        by = By(owner.id)
        member = world.add_member(
            guild, bot, roles=[self.roles["Bots"]], permissions=int(BOT), by=by
        )
        member.nick = "Harbourmaster"
        own = next(role for role in guild.roles.values() if role.bot_id == bot.id)
        own.color = 0x4FC3C9
        order = [
            guild.roles[guild.id],
            *reversed([*self.roles.values()][1:]),
            own,
            self.roles["Owner"],
        ]
        roles.move(world, guild, {role.id: position for position, role in enumerate(order)}, by)

    def _open_channels(self, guild: Guild) -> None:
        categories: dict[str, int] = {}
        for line in self.plan.channels:
            if line.category not in categories:
                made = self.world.create_channel(guild, line.category, type=ChannelType.CATEGORY)
                categories[line.category] = made.id
            self.channels[line.name] = self._open_channel(guild, line, categories[line.category])
        guild.system_channel_id = self.channels["general"].id
        guild.rules_channel_id = self.channels["rules"].id

    def _open_channel(self, guild: Guild, line: ChannelLine, category_id: int) -> Channel:
        self._later(minutes=1)
        kind = ChannelType[line.kind.upper()]
        made = self.world.create_channel(guild, line.name, type=kind, parent_id=category_id)
        made.topic = line.topic or None
        if kind != ChannelType.VOICE:
            muted = int(P.SEND_MESSAGES | P.ADD_REACTIONS | P.SEND_MESSAGES_IN_THREADS)
            self._overwrite(made, self.roles["Muted"].id, deny=muted)
        if line.quiet:
            self._overwrite(made, guild.id, deny=int(P.SEND_MESSAGES))
            self._overwrite(made, self.roles["Moderators"].id, allow=int(P.SEND_MESSAGES))
        for name in line.only:
            self._overwrite(made, guild.id, deny=int(P.VIEW_CHANNEL))
            self._overwrite(made, self.roles[name].id, allow=int(P.VIEW_CHANNEL))
        if line.only:
            bot_role = next(role for role in guild.roles.values() if role.bot_id)
            self._overwrite(made, bot_role.id, allow=int(P.VIEW_CHANNEL))
        return made

    def _overwrite(
        self, channel: Channel, target_id: int, *, allow: int = 0, deny: int = 0
    ) -> None:
        made = channel.overwrites.setdefault(target_id, Overwrite(target_id, 0))
        made.allow |= allow
        made.deny |= deny

    def _open_lighthouse(self, bot: User) -> None:
        keeper = self._known_as("keeper")
        names = ("lamp-room", "weather-log", "tea")
        guild = self.world.create_guild("Lighthouse Club", keeper, channels=names)
        for name in ("quill", "member", "opal_lamp"):
            self.world.add_member(guild, self.users[name])
        self.world.add_member(guild, bot, permissions=int(BOT), by=By(keeper.id))
        self.world.post_message(
            self.world.channels[guild.channel_ids[0]],
            keeper,
            "The lamp is lit. Welcome, all four of you!",
        )

    def _talk(self) -> None:
        last: dict[str, int] = {}
        voters = [user.id for user in self.users.values() if self._is_here(user)]
        for said in self.plan.messages:
            self._later(hours=3, minutes=41)
            answered = {"message_id": str(last[said.channel])} if said.reply else None
            message = self.world.post_message(
                self.channels[said.channel],
                self.users[said.by],
                said.text,
                message_reference=answered,
            )
            last[said.channel] = message.id
            for index, (emoji, count) in enumerate(said.reactions.items()):
                start = 3 + index * 5
                for voter in voters[start : start + count]:
                    reactions.add(self.world, message, reactions.parse_emoji(emoji), voter)

    def _is_here(self, user: User) -> bool:
        return not next(one for one in self.plan.people if one.username == user.username).away

    def _open_thread(self) -> None:
        general = self.channels["general"]
        opener = self.users["nell_knots"]
        self._later(hours=2)
        thread = threads.start(self.world, general, "Regatta planning", by=By(opener.id))
        for name, text in (
            ("nell_knots", "Let us keep the plans for Saturday in here."),
            ("barnaby", "I bring the buoys. And sandwiches, obviously."),
            ("tide_tables", "High water is at 11:20, so we should start at ten."),
        ):
            self._later(minutes=9)
            self.world.post_message(thread, self.users[name], text)

    def _invite(self, guild: Guild, owner: User) -> None:
        for code, name, uses in (("harbour", "welcome", 212), ("regatta", "general", 17)):
            channel_id = self.channels[name].id
            made = Invite(
                code, guild.id, channel_id, owner.id, self.clock.now(), max_age=0, uses=uses
            )
            self.world.invites[code] = made
