"""A guild of one test's own: its people, what they do, and what has come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
from msgspec.structs import replace

from services.infractions.model import Kind, Order, Person
from shared.contracts.actions import Button, Message
from shared.contracts.codec import encode
from shared.contracts.config import ConfigDocument, InfractionsPlugin, PermissionEntry, Plugins
from shared.contracts.discord import (
    ADMINISTRATOR,
    BAN_MEMBERS,
    GuildSnapshot,
    Member,
    Role,
    User,
)
from shared.contracts.domain import ApiKey, ConfigChanged, GuildKeysChanged
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.invocations import GuildRef, Invocation, OptionValue, Resolved
from shared.contracts.topology import DISCORD_EVENTS, FLOTILLA_EVENTS
from tests.infractions.rig import Json, Rig, new_id, operator_token
from tests.support.answering_gateway import Town
from tests.support.invoking import by_interaction, by_text
from tests.support.waiting import eventually

SHORT = 20
"""Digits of what can be an id."""


class Scene:
    """A guild with an owner, moderators and members, and what they do."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.gateway = rig.gateway
        self.id = GuildId(new_id())
        self.owner = UserId(new_id())
        self.bot = UserId(new_id())
        self.roles = {
            name: RoleId(new_id()) for name in ("low", "moderators", "seniors", "bots", "high")
        }
        self.town = Town(snapshot=self._snapshot())
        rig.gateway.towns[self.id] = self.town
        self.moderator = self.joins("moderator", "moderators")
        self.raider = self.joins("raider")
        self._revision = 0
        self._joins = 0
        self._keys: tuple[ApiKey, ...] = ()

    def another(self) -> Scene:
        """Return another guild beside this one."""
        return Scene(self.rig)

    def _snapshot(self) -> GuildSnapshot:
        powers = {"moderators": BAN_MEMBERS, "seniors": BAN_MEMBERS, "high": ADMINISTRATOR}
        return GuildSnapshot(
            id=self.id,
            name="Harbour",
            owner_id=self.owner,
            roles=(
                Role(id=RoleId(self.id), name="@everyone"),
                *(
                    Role(id=role, name=name, position=at, permissions=powers.get(name, 0))
                    for at, (name, role) in enumerate(self.roles.items(), start=1)
                ),
            ),
            bot_id=self.bot,
            bot_roles=(self.roles["bots"],),
        )

    # --- people ---------------------------------------------------------------------------------

    def joins(self, name: str, *roles: str) -> UserId:
        """Let somebody join."""
        user = self.exists(name)
        held = tuple(self.roles[role] for role in roles)
        self.town.members[user] = Member(user=self.gateway.users[user], roles=held)
        return user

    def exists(self, name: str) -> UserId:
        """Register somebody who is in no guild."""
        user = UserId(new_id())
        self.gateway.users[user] = User(id=user, username=name)
        return user

    def leaves(self, user: UserId) -> None:
        """Let somebody leave."""
        del self.town.members[user]

    async def comes_back(self, user: UserId) -> None:
        """Let somebody join again, without what they had, and let Discord say so."""
        self._joins += 1
        joined_at = datetime.now(UTC)
        known = self.gateway.users[user]
        self.town.members[user] = Member(user=known, joined_at=joined_at)
        body = {
            "guild_id": str(self.id),
            "user": {"id": str(user), "username": known.username},
            "joined_at": joined_at.isoformat(),
        }
        await self.rig.bus.publish(
            DISCORD_EVENTS,
            f"GUILD_MEMBER_ADD.{self.id}",
            encode(body),
            message_id=f"{user}:joins:{self._joins}",
            guild_id=self.id,
            type="GUILD_MEMBER_ADD",
        )

    def holds(self, role: str, user: UserId | None = None) -> bool:
        """Say whether somebody has a role on Discord; the raider if unsaid."""
        return self.roles[role] in self.town.members[user or self.raider].roles

    def timed_out_for(self, user: UserId | None = None) -> timedelta:
        """Return how long somebody is timed out on Discord yet; the raider if unsaid."""
        until = self.town.members[user or self.raider].communication_disabled_until
        return timedelta() if until is None else max(timedelta(), until - datetime.now(UTC))

    # --- commands -------------------------------------------------------------------------------

    def text(self, line: str, by: UserId | None = None) -> Invocation:
        """Return what somebody types, such as `tempban <@1> 7d spam`; the moderator if unsaid."""
        command, _, rest = line.partition(" ")
        return self._of_here(by_text(command, rest), by)

    def slash(self, command: str, by: UserId | None = None, **options: OptionValue) -> Invocation:
        """Return a slash command with its options, as Discord sends it."""
        user = options.get("user", "")
        known = int(user) if str(user).isdigit() and len(str(user)) < SHORT else 0
        members = {known: self.town.members[UserId(known)]} if known in self.town.members else {}
        users = {known: self.gateway.users[UserId(known)]} if known in self.gateway.users else {}
        resolved = Resolved(users=users, members=members)
        return self._of_here(by_interaction(command, options=options, resolved=resolved), by)

    def press(self, button: Button, by: UserId | None = None) -> Invocation:
        """Return the press of a button."""
        assert button.custom_id is not None
        assert not button.disabled
        return self._of_here(by_interaction(source="component", custom_id=button.custom_id), by)

    def _of_here(self, made: Invocation, by: UserId | None) -> Invocation:
        user = by or self.moderator
        member = self.town.members.get(user, Member())
        permissions = sum(
            role.permissions for role in self.town.snapshot.roles if role.id in member.roles
        )
        return replace(
            made,
            user=self.gateway.users.get(user, User(id=user, username="owner")),
            guild=GuildRef(id=self.id, name="Harbour", owner_id=self.owner),
            member=replace(member, permissions=permissions),
        )

    async def types(self, line: str, by: UserId | None = None) -> str:
        """Type a command and return the text that answers it."""
        return (await self.types_for(line, by)).content

    async def types_for(self, line: str, by: UserId | None = None) -> Message:
        """Type a command and return the message that answers it."""
        return await self.gateway.run(self.text(line, by))

    async def runs(self, command: str, by: UserId | None = None, **options: OptionValue) -> Message:
        """Run a slash command and return the message that answers it."""
        return await self.gateway.run(self.slash(command, by, **options))

    async def presses(self, button: Button, by: UserId | None = None) -> Message:
        """Press a button and return the message that it leads to."""
        return await self.gateway.run(self.press(button, by))

    # --- the configuration ----------------------------------------------------------------------

    async def configures(
        self,
        *,
        permissions: Mapping[int, int] | None = None,
        **settings: Any,  # noqa: ANN401 - of the types that InfractionsPlugin gives them
    ) -> None:
        """Change the configuration, and wait until the service knows it."""
        self._revision += 1
        plugin = InfractionsPlugin(**settings)
        entries = {who: PermissionEntry(level=at) for who, at in (permissions or {}).items()}
        document = ConfigDocument(permissions=entries, plugins=Plugins(infractions=plugin))
        await self._announce(
            ConfigChanged(guild_id=self.id, revision=self._revision, document=document)
        )
        await self.keys(*self._keys)

    async def keys(self, *keys: ApiKey) -> None:
        """Give the guild these API keys, and wait until the service has this and all before it."""
        self._revision += 1
        self._keys = keys
        await self._announce(GuildKeysChanged(guild_id=self.id, revision=self._revision, keys=keys))

        async def kept() -> bool:
            sql = "SELECT revision FROM guild_keys WHERE guild_id = $1"
            return await self.rig.db.fetchval(sql, self.id) == self._revision

        await eventually(kept)

    async def sets(self, plugin: InfractionsPlugin) -> None:
        """Change the settings of infractions, and wait until the service knows them."""
        self._revision += 1
        document = ConfigDocument(plugins=Plugins(infractions=plugin))
        await self._announce(
            ConfigChanged(guild_id=self.id, revision=self._revision, document=document)
        )
        await self.keys(*self._keys)

    async def _announce(self, event: ConfigChanged | GuildKeysChanged) -> None:
        await self.rig.bus.publish(
            FLOTILLA_EVENTS,
            event.KEY,
            event,
            message_id=f"{event.KEY}:{self.id}:{self._revision}",
            guild_id=self.id,
            type=event.KEY,
        )

    # --- what is so -----------------------------------------------------------------------------

    def banned(self, user: UserId | None = None) -> bool:
        """Say whether Discord has somebody banned; the raider if unsaid."""
        return (user or self.raider) in self.town.banned

    def done(self) -> list[str]:
        """Return what was done on Discord, in order."""
        return [str(action.__struct_config__.tag) for action in self.town.done]

    async def get(
        self, path: str = "", *, token: str | None = None, query: Mapping[str, object] | None = None
    ) -> httpx.Response:
        """Ask the HTTP API about the infractions of this guild, as an operator if unsaid."""
        url = f"/guilds/{self.id}/infractions{path}"
        params = {name: str(value) for name, value in (query or {}).items()}
        return await self.rig.http.get(url, headers=self.headers(token), params=params)

    def headers(self, token: str | None = None) -> dict[str, str]:
        """Return what a request is sent with, by an operator if unsaid."""
        return {"Authorization": f"Bearer {token or operator_token()}"}

    async def infraction(self, number: int) -> Json:
        """Return an infraction with its history."""
        response = await self.get(f"/{number}")
        assert response.status_code == 200, response.text
        return response.json()

    async def infractions(self, **query: object) -> list[Json]:
        """Return infractions, newest first."""
        response = await self.get(query=query)
        assert response.status_code == 200, response.text
        return response.json()["items"]

    async def state(self, number: int) -> str:
        """Return how far an infraction has come."""
        return (await self.infraction(number))["state"]

    async def changes(self, number: int) -> list[str]:
        """Return what an infraction's history says happened, in order."""
        return [step["change"] for step in (await self.infraction(number))["history"]]

    def order(
        self,
        kind: Kind,
        *,
        by: UserId | None = None,
        on: UserId | None = None,
        duration: timedelta | None = None,
        role: str | None = None,
    ) -> Order:
        """Return what a command orders; by the moderator on the raider if unsaid."""
        moderator, user = by or self.moderator, on or self.raider
        return Order(
            guild_id=self.id,
            kind=kind,
            user=Person(user, self.gateway.users[user].name),
            moderator=Person(moderator, self.gateway.users[moderator].name),
            reason="at the same time",
            source="slash",
            source_key=str(new_id()),
            duration=duration,
            role_id=self.roles[role] if role else None,
        )

    @property
    def who(self) -> Person:
        """The moderator as the record names them."""
        return Person(self.moderator, "moderator")

    async def until(self, number: int, state: str, within: float = 30) -> Json:
        """Wait until an infraction is in a state, and return it."""

        async def arrived() -> Json:
            found = await self.infraction(number)
            assert found["state"] == state, found
            return found

        return await eventually(arrived, within)

    async def timers(self, kind: str) -> Sequence[asyncpg.Record]:
        """Return the jobs of a kind that wait for this guild."""
        return await self.rig.db.fetch(
            "SELECT * FROM timer WHERE kind = $1 AND payload->'guild_id' = $2", kind, self.id
        )

    async def hurry(self, kind: str, number: int) -> None:
        """Make the job about an infraction due now."""
        await self.rig.db.execute(
            """
            UPDATE timer SET due = now()
             WHERE kind = $1 AND payload->'guild_id' = $2 AND payload->'number' = $3
            """,
            kind,
            self.id,
            number,
        )
        await self.rig.db.execute("SELECT pg_notify('infractions_timer', '')")

    async def time_is_up(self, number: int) -> None:
        """Let the time of a temporary measure pass."""
        await self.rig.db.execute(
            "UPDATE infractions SET expires_at = now() WHERE guild_id = $1 AND number = $2",
            self.id,
            number,
        )
        await self.hurry("lift_infraction", number)


def buttons(message: Message) -> dict[str, Button]:
    """Return the buttons of a message by what is written on them."""
    found = [each for row in message.components for each in row.components]
    return {each.label: each for each in found if isinstance(each, Button)}


def shown(message: Message) -> str:
    """Return all that can be read in a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or ""]
        parts += [f"{each.name}: {each.value}" for each in embed.fields]
    return "\n".join(part for part in parts if part)


def at(text: str) -> datetime:
    """Return a moment from JSON."""
    return datetime.fromisoformat(text)
