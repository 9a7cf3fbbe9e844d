"""The world: the state, and the few things that everybody does with it."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from sandbox.clock import Clock
from sandbox.models import (
    Application,
    By,
    Channel,
    ChannelType,
    Guild,
    Member,
    Message,
    Presence,
    Role,
    User,
)
from sandbox.world import channels, guilds, members, messages, render, roles
from sandbox.world.messages import Origin
from sandbox.world.payloads import Upload
from sandbox.world.state import State, new_token, read_records


class World(State):
    """A sandbox's world; the modules beside this one change it, these are the ways in."""

    @classmethod
    def load(cls, path: Path, clock: Clock | None = None) -> "World":
        """Return the world that was saved to a file."""
        return cls(clock, read_records(path))

    def create_user(
        self, username: str, *, global_name: str | None = None, bot: bool = False
    ) -> User:
        """Make a person (or a bot's user) with a token of their own."""
        user_id = self.snowflakes.next()
        user = User(user_id, username, new_token(user_id), global_name=global_name, bot=bot)
        user.email = None if bot else f"{username}@example.com"
        user.discriminator = f"{user_id % 9999 + 1:04}" if bot else "0"
        self.users[user.id] = user
        self.ids_by_token[user.token] = user.id
        return user

    def create_application(
        self, name: str, *, owner: User | None = None, redirect_uris: Sequence[str] = ()
    ) -> Application:
        """Make an application and its bot's user, who has the same id."""
        bot = self.create_user(name, bot=True)
        application = Application(
            id=bot.id,
            name=name,
            secret=secrets.token_urlsafe(24),
            public_key=secrets.token_hex(32),
            owner_id=owner.id if owner else None,
            redirect_uris=list(redirect_uris),
        )
        self.applications[application.id] = application
        return application

    def token_of(self, application: Application) -> str:
        """Return the bot token of an application."""
        return self.users[application.id].token

    def set_token(self, user: User, token: str) -> None:
        """Give a user or a bot another token; the former is void at once."""
        self.ids_by_token.pop(user.token, None)
        user.token = token
        self.ids_by_token[token] = user.id

    def create_guild(
        self, name: str, owner: User, *, channels: Sequence[str] = ("general",)
    ) -> Guild:
        """Found a guild with its owner, @everyone and text channels."""
        return guilds.create(self, name, owner, channel_names=channels)

    def create_role(
        self,
        guild: Guild,
        name: str,
        *,
        permissions: int = 0,
        color: int = 0,
        hoist: bool = False,
        mentionable: bool = False,
        by: By | None = None,
    ) -> Role:
        """Make a role at the bottom of a guild's list."""
        values = {
            "permissions": permissions,
            "color": color,
            "hoist": hoist,
            "mentionable": mentionable,
        }
        return roles.create(self, guild, name, by=by, values=values)

    def create_channel(
        self,
        guild: Guild,
        name: str,
        *,
        type: int = ChannelType.TEXT,  # noqa: A002 - Discord's word for it
        parent_id: int | None = None,
        by: By | None = None,
    ) -> Channel:
        """Open a channel in a guild."""
        values = {"parent_id": parent_id} if parent_id is not None else {}
        return channels.create(self, guild, name, type=type, by=by, values=values)

    def add_member(
        self,
        guild: Guild,
        user: User,
        *,
        roles: Sequence[Role] = (),
        permissions: int = 0,
        by: By | None = None,
    ) -> Member:
        """Let somebody join; a bot gets a role of its own with these permissions."""
        ids = [role.id for role in roles]
        return members.add(self, guild, user, role_ids=ids, permissions=permissions, by=by)

    def remove_member(self, guild: Guild, user: User) -> None:
        """Let somebody leave."""
        members.remove(self, guild, user.id)

    def open_dm(self, first: User, second: User) -> Channel:
        """Return the direct messages of two users."""
        return channels.open_dm(self, first.id, second.id)

    def post_message(
        self,
        channel: Channel,
        author: User,
        content: str = "",
        *,
        uploads: Sequence[Upload] = (),
        origin: Origin | None = None,
        **fields: object,
    ) -> Message:
        """Post a message in somebody's name without asking for permissions.

        `fields` are Discord's: embeds, components, allowed_mentions, message_reference, ...
        """
        body = {**fields, "content": content}
        return messages.create(self, channel, author.id, body, uploads=uploads, origin=origin)

    def set_presence(self, user_id: int, presence: Presence) -> None:
        """Let somebody come online, change status or activity, or go."""
        self.presences[user_id] = presence
        for guild in self.guilds_of(user_id):
            shown = render.presence(user_id, presence, guild.id)
            self.dispatch("PRESENCE_UPDATE", shown, guild_id=guild.id)
