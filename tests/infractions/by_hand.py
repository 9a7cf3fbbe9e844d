"""What people and other bots do in Discord itself, as its events tell of it, at a test's order."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from shared.contracts.codec import decode
from shared.contracts.discord import Member, User
from shared.contracts.events import AuditLogEntryCreated
from shared.contracts.ids import RoleId, UserId, snowflake_at
from shared.contracts.topology import DISCORD_EVENTS, event_key
from tests.infractions.rig import Json, new_id
from tests.infractions.scene import Scene
from tests.support.waiting import eventually

TIMEOUT = "communication_disabled_until"
_sequence = itertools.count(1)


class Hand:
    """Somebody with Discord's client in a guild, and Discord, which tells the bot of it."""

    def __init__(self, scene: Scene, name: str = "anne") -> None:
        self.scene = scene
        self.id = scene.joins(name, "seniors")

    # --- deeds ----------------------------------------------------------------------------------

    async def bans(self, user: UserId | None = None, reason: str | None = None) -> Json:
        """Ban somebody, the raider if unsaid; return the entry of the audit log."""
        return await self.hears(self.ban(user, reason))

    def ban(
        self, user: UserId | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Json:
        """Ban somebody, and return the entry of the audit log that was not sent yet."""
        self.scene.town.banned.add(user or self.scene.raider)
        return self.entry(22, user, reason=reason, at=at)

    async def unbans(self, user: UserId | None = None, reason: str | None = None) -> Json:
        """Lift somebody's ban."""
        return await self.hears(self.unban(user, reason))

    def unban(
        self, user: UserId | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Json:
        """Lift somebody's ban, and return the entry that was not sent yet."""
        self.scene.town.banned.discard(user or self.scene.raider)
        return self.entry(23, user, reason=reason, at=at)

    async def kicks(self, user: UserId | None = None, reason: str | None = None) -> Json:
        """Kick somebody."""
        self.scene.leaves(user or self.scene.raider)
        return await self.hears(self.entry(20, user, reason=reason))

    async def times_out(self, user: UserId | None = None, **length: float) -> Json:
        """Time somebody out."""
        return await self.hears(self.timeout(user, until=datetime.now(UTC) + timedelta(**length)))

    async def ends_timeout(self, user: UserId | None = None) -> Json:
        """End somebody's timeout."""
        return await self.hears(self.timeout(user, until=None))

    def timeout(
        self, user: UserId | None = None, *, until: datetime | None, at: datetime | None = None
    ) -> Json:
        """Set until when somebody is timed out, and return the entry that was not sent yet."""
        member = self._member(user)
        before = member.communication_disabled_until
        self._becomes(user, replace(member, communication_disabled_until=until))
        change = {"key": TIMEOUT}
        change |= {"old_value": before.isoformat()} if before else {}
        change |= {"new_value": until.isoformat()} if until else {}
        return self.entry(24, user, changes=[change], at=at)

    async def gives(self, role: str, user: UserId | None = None) -> Json:
        """Give somebody a role."""
        role_id, member = self.scene.roles[role], self._member(user)
        self._becomes(user, replace(member, roles=(*member.roles, role_id)))
        return await self.hears(self.entry(25, user, changes=[_roles("$add", role_id)]))

    async def takes(self, role: str, user: UserId | None = None) -> Json:
        """Take a role from somebody."""
        self.loses(role, user=user)
        change = _roles("$remove", self.scene.roles[role])
        return await self.hears(self.entry(25, user, changes=[change]))

    def loses(self, *roles: str, user: UserId | None = None) -> None:
        """Let somebody lose roles, without a word of it."""
        gone = {self.scene.roles[role] for role in roles}
        member = self._member(user)
        self._becomes(
            user, replace(member, roles=tuple(one for one in member.roles if one not in gone))
        )

    # --- events ---------------------------------------------------------------------------------

    def entry(
        self,
        action_type: int,
        user: UserId | None = None,
        *,
        by: UserId | None = None,
        reason: str | None = None,
        changes: list[Json] | None = None,
        at: datetime | None = None,
    ) -> Json:
        """Return an entry of the audit log as Discord sends it."""
        made = snowflake_at(at or datetime.now(UTC)) + next(_sequence) % 4096
        return {
            "id": str(made),
            "guild_id": str(self.scene.id),
            "action_type": action_type,
            "user_id": str(by or self.id),
            "target_id": str(user or self.scene.raider),
            **({"reason": reason} if reason is not None else {}),
            **({"changes": changes} if changes is not None else {}),
        }

    async def hears(self, entry: Json) -> Json:
        """Let the bot hear of an entry, and return it."""
        await self.event("GUILD_AUDIT_LOG_ENTRY_CREATE", entry)
        return entry

    async def event(self, name: str, body: Json) -> None:
        """Let the bot hear of an event."""
        await self.scene.rig.bus.publish(
            DISCORD_EVENTS,
            event_key(name, self.scene.id),
            json.dumps(body).encode(),
            message_id=f"0:by-hand:{next(_sequence)}",
            guild_id=self.scene.id,
            type=name,
        )

    async def tells_of_ban(self, *, banned: bool, user: UserId | None = None) -> None:
        """Let the bot hear that somebody was banned or unbanned, without saying by whom."""
        user = user or self.scene.raider
        person = {"id": str(user), "username": self.scene.gateway.users[user].username}
        body = {"guild_id": str(self.scene.id), "user": person}
        await self.event("GUILD_BAN_ADD" if banned else "GUILD_BAN_REMOVE", body)

    async def tells_of_member(self, user: UserId | None = None) -> None:
        """Let the bot hear how somebody's membership is now."""
        user = user or self.scene.raider
        member = self._member(user)
        until = member.communication_disabled_until
        body = {
            "guild_id": str(self.scene.id),
            "user": {"id": str(user), "username": self.scene.gateway.users[user].username},
            "roles": [str(role) for role in member.roles],
            TIMEOUT: until.isoformat() if until else None,
        }
        await self.event("GUILD_MEMBER_UPDATE", body)

    async def is_through(self) -> None:
        """Wait until all was heard that was sent of this guild, as events of one come in order."""
        bystander = self.scene.exists("bystander")
        await self.hears(self.entry(20, bystander))

        async def heard() -> None:
            assert await self.scene.infractions(user_id=bystander)

        await eventually(heard)

    # --- what has come of it --------------------------------------------------------------------

    async def record(self, user: UserId | None = None) -> list[Json]:
        """Return somebody's infractions, first to last, once all was heard."""
        await self.is_through()
        found = await self.scene.infractions(user_id=user or self.scene.raider, limit=100)
        return [await self.scene.infraction(one["number"]) for one in reversed(found)]

    async def look_now(self, kind: str) -> None:
        """Let a look at what no entry told of be due, and wait until it was taken."""
        await self.is_through()
        await self.scene.rig.db.execute(
            "UPDATE timer SET due = now() WHERE kind = $1 AND payload->'guild_id' = $2",
            kind,
            self.scene.id,
        )
        await self.scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")

        async def looked() -> None:
            assert not await self.scene.timers(kind)

        await eventually(looked)

    def _member(self, user: UserId | None) -> Member:
        return self.scene.town.members[user or self.scene.raider]

    def _becomes(self, user: UserId | None, member: Member) -> None:
        self.scene.town.members[user or self.scene.raider] = member


def read(entry: Json) -> AuditLogEntryCreated:
    """Return an entry as the service reads it."""
    return decode(json.dumps(entry).encode(), AuditLogEntryCreated)


def another_bot(scene: Scene) -> Hand:
    """Return a bot that somebody else runs in the guild."""
    hand = Hand(scene, "other bot")
    scene.gateway.users[hand.id] = User(id=hand.id, username="other bot", bot=True)
    return hand


def _roles(key: str, role: RoleId) -> Json:
    return {"key": key, "new_value": [{"id": str(role), "name": "a role"}]}


def stranger() -> UserId:
    """Return the id of somebody of whom Discord does not tell the name."""
    return UserId(new_id())
