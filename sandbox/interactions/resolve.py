"""The users, members, roles, channels, messages and files that an interaction names."""

from sandbox import permissions
from sandbox.forms import Json
from sandbox.models import Attachment, Channel, Guild, Message, Role, User
from sandbox.world import World, render
from sandbox.world.channels import parent_of
from sandbox.world.render.messages import attachment as render_attachment
from sandbox.world.visibility import bits_in


class Resolved:
    """Collects what is named, each thing once, in Discord's `resolved` shape."""

    def __init__(self, world: World, guild: Guild | None, channel: Channel) -> None:
        self._world = world
        self._guild = guild
        self._channel = channel
        self._found: dict[str, dict[str, object]] = {}

    def json(self) -> Json:
        """Return what was collected, only the kinds that there are."""
        return dict(self._found)

    def add_user(self, user: User) -> None:
        """Name a user, and their membership if they have one."""
        self._put("users", user.id, render.user(user))
        member = self._guild.members.get(user.id) if self._guild else None
        if member is not None:
            bits = bits_in(self._world, self._channel, user.id)
            self._put("members", user.id, {**render.member(member), "permissions": str(bits)})

    def add_role(self, role: Role) -> None:
        """Name a role."""
        self._put("roles", role.id, render.role(role))

    def add_channel(self, channel: Channel, for_user: int) -> None:
        """Name a channel, with what the user may do there."""
        self._put("channels", channel.id, partial_channel(self._world, channel, for_user))

    def add_message(self, message: Message) -> None:
        """Name a message."""
        self._put("messages", message.id, render.message(self._world, message))

    def add_attachment(self, attachment: Attachment) -> None:
        """Name a file."""
        self._put("attachments", attachment.id, render_attachment(self._world, attachment))

    def _put(self, kind: str, thing_id: int, shown: Json) -> None:
        self._found.setdefault(kind, {})[str(thing_id)] = shown


def partial_channel(world: World, channel: Channel, user_id: int) -> Json:
    """Return a channel as interactions carry it: with permissions instead of overwrites."""
    shown = dict(render.channel(world, channel, for_user=user_id))
    shown.pop("permission_overwrites", None)
    shown["permissions"] = str(channel_bits(world, channel, user_id))
    return shown


def channel_bits(world: World, channel: Channel, user_id: int) -> int:
    """Return what somebody may do in a channel; an administrator everything."""
    if channel.guild_id is None:
        return permissions.IN_DM
    guild = world.guilds[channel.guild_id]
    member = guild.members.get(user_id)
    if member is None:
        return 0
    return permissions.in_channel(guild, parent_of(world, channel), member, world.clock.now())
