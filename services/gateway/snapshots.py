"""What is known of each guild, kept from its events: owner, roles, channels, the bot's roles."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog
from msgspec import Struct, structs

from services.gateway.audit_marks import AuditMarks
from services.gateway.shards.dispatch import Dispatch, Named, Ready
from services.gateway.versions import Versions, differs
from shared.contracts.discord import Channel, GuildSnapshot, Role
from shared.contracts.domain import GuildChanged
from shared.contracts.ids import ChannelId, GuildId, RoleId, UserId

log = structlog.get_logger()


class _Own(Struct, frozen=True):
    """A member, as far as one looks for oneself."""

    user: Named | None = None
    roles: tuple[RoleId, ...] = ()


class _Guild(Struct, frozen=True):
    """A guild in GUILD_CREATE and GUILD_UPDATE."""

    id: GuildId
    name: str = ""
    icon: str | None = None
    owner_id: UserId = UserId(0)
    roles: tuple[Role, ...] = ()
    channels: tuple[Channel, ...] = ()
    threads: tuple[Channel, ...] = ()
    members: tuple[_Own, ...] = ()
    member_count: int = 0
    unavailable: bool = False


class _RoleChange(Struct, frozen=True):
    role: Role | None = None
    role_id: RoleId = RoleId(0)


class _Metadata(Struct, frozen=True):
    archived: bool = False


class _Thread(Struct, frozen=True):
    id: ChannelId
    thread_metadata: _Metadata = _Metadata()


class _Threads(Struct, frozen=True):
    threads: tuple[Channel, ...] = ()


Change = Callable[[GuildSnapshot, bytes], GuildSnapshot]


class Snapshots:
    """The guilds of this process's shards."""

    def __init__(self) -> None:
        self._guilds: dict[GuildId, GuildSnapshot] = {}
        self._applied: dict[GuildId, tuple[str, int]] = {}
        self._changed: dict[int, set[GuildId]] = {}
        self._bots: dict[int, UserId] = {}
        self._versions = Versions()
        self._to_tell: list[GuildChanged] = []
        self._begun: dict[int, Begun] = {}
        self.audit = AuditMarks()

    def get(self, guild_id: int) -> GuildSnapshot | None:
        """Return a guild of one of this process's shards."""
        return self._guilds.get(GuildId(guild_id))

    def __len__(self) -> int:
        return len(self._guilds)

    def bot_id(self, shard_id: int) -> UserId:
        """Return the bot's own id, 0 before the first READY."""
        return self._bots.get(shard_id, UserId(0))

    def load(self, shard_id: int, bot_id: int, stored: Iterable["Applied"], fence: int = 0) -> None:
        """Begin with what another process has left; `fence` is that of the shard's lease."""
        stored = tuple(stored)
        self._bots[shard_id] = UserId(bot_id)
        self._versions.begin(shard_id, fence, (row.snapshot.version for row in stored))
        self.audit.begin(shard_id)
        for row in stored:
            self._guilds[row.snapshot.id] = row.snapshot
            self.audit.load(row.snapshot.id, row.audit_entry_id)
            self._applied[row.snapshot.id] = (row.session_id, row.seq)

    def begin(
        self, shard_id: int, shard_count: int, ready: Ready, since: datetime | None = None
    ) -> None:
        """Begin with a new session, which names all guilds that the bot is in.

        What happened to those that are known was missed, from `since` on, and nothing tells it.
        """
        self._bots[shard_id] = UserId(ready.user.id)
        self.audit.begin(shard_id)
        self._begun[shard_id] = begun = Begun()
        present = {guild.id for guild in ready.guilds}
        for guild_id in tuple(self._guilds):
            if (guild_id >> 22) % shard_count != shard_id:
                continue
            missed_since = self._missed_since(self._guilds[guild_id], since)
            if guild_id in present:
                begun.missed[guild_id] = missed_since
                self._miss(shard_id, guild_id, missed_since)
            else:
                begun.left[guild_id] = missed_since
                self._drop(shard_id, guild_id)

    def take_begun(self, shard_id: int) -> "Begun":
        """Return what the last new session of a shard has shown, once."""
        return self._begun.pop(shard_id, None) or Begun()

    def confirmed(self, shard_id: int, seq: int | None) -> None:
        """Note up to which event of a shard's session the broker has all."""
        moved = self.audit.confirm(shard_id, seq or 0)
        if moved:
            self._changed.setdefault(shard_id, set()).update(moved)

    def caught_up(self, shard_id: int, guild_id: int) -> None:
        """Note that it was told that events of a guild were missed."""
        known = self._guilds.get(GuildId(guild_id))
        if known is not None:
            self._guilds[known.id] = structs.replace(known, missed_since=None)
            self._changed.setdefault(shard_id, set()).add(known.id)

    def unload(self, shard_id: int, shard_count: int) -> None:
        """Forget the guilds of a shard that another process runs now."""
        self._changed.pop(shard_id, None)
        for guild_id in tuple(self._guilds):
            if (guild_id >> 22) % shard_count == shard_id:
                del self._guilds[guild_id]
                self._applied.pop(guild_id, None)

    def apply(self, event: Dispatch) -> None:
        """Change what an event changes; what was applied before is not applied again."""
        if event.type not in KINDS:
            return
        if self._was_applied(event):
            self._tell_again(event)
            return
        try:
            self._apply(event)
        except msgspec.MsgspecError as error:
            log.warning("unreadable_event", type=event.type, error=str(error))

    def take_told(self) -> list[GuildChanged]:
        """Return which guilds have changed since this was asked, for others to be told."""
        told, self._to_tell = self._to_tell, []
        return told

    def take_changed(self, shard_id: int) -> tuple[list["Applied"], list[GuildId]]:
        """Return the snapshots that are to be stored, and the guilds that are to be forgotten."""
        changed = self._changed.pop(shard_id, set())
        present = [
            Applied(
                snapshot=self._guilds[guild_id],
                session_id=session,
                seq=seq,
                audit_entry_id=self.audit.of(guild_id),
            )
            for guild_id in changed
            if guild_id in self._guilds
            for session, seq in (self._applied.get(guild_id, ("", 0)),)
        ]
        return present, [guild_id for guild_id in changed if guild_id not in self._guilds]

    def put_back(self, shard_id: int, changed: Iterable[GuildId]) -> None:
        """Remember again what could not be stored."""
        self._changed.setdefault(shard_id, set()).update(changed)

    def _was_applied(self, event: Dispatch) -> bool:
        session, seq = self._applied.get(GuildId(event.guild_id), ("", 0))
        return session == event.session_id and event.seq <= seq

    def _apply(self, event: Dispatch) -> None:
        guild_id = GuildId(event.guild_id)
        before = self._guilds.get(guild_id)
        after: GuildSnapshot | None
        if event.type == "GUILD_CREATE":
            after = self._created(event, before)
        elif event.type == "GUILD_DELETE":
            after = _deleted(before, event.body)
        elif before is None:
            return
        else:
            after = CHANGES[event.type](before, event.body)
        if after is None:
            if before is not None or event.type == "GUILD_DELETE":
                self._drop(event.shard_id, guild_id)
            return
        if after is before:
            return
        version = before.version if before else 0
        if event.type not in COMING_AND_GOING and differs(before, after):
            version = self._tell(event.shard_id, guild_id)
        now = datetime.now(UTC)
        self._guilds[guild_id] = structs.replace(after, updated_at=now, version=version)
        self._applied[guild_id] = (event.session_id, event.seq)
        self._changed.setdefault(event.shard_id, set()).add(guild_id)

    def _created(self, event: Dispatch, before: GuildSnapshot | None) -> GuildSnapshot | None:
        guild = msgspec.json.decode(event.body, type=_Guild, strict=False)
        if guild.unavailable:
            return structs.replace(before, unavailable=True) if before else None
        bot_id = self.bot_id(event.shard_id)
        own = [member.roles for member in guild.members if member.user and member.user.id == bot_id]
        return GuildSnapshot(
            id=guild.id,
            name=guild.name,
            icon=guild.icon,
            owner_id=guild.owner_id,
            roles=guild.roles,
            channels=guild.channels + guild.threads,
            bot_id=bot_id,
            bot_roles=own[0] if own else (before.bot_roles if before else ()),
            member_count=guild.member_count,
            missed_since=before.missed_since if before else None,
        )

    @staticmethod
    def _missed_since(known: GuildSnapshot, since: datetime | None) -> datetime:
        return known.missed_since or since or known.updated_at or datetime.now(UTC)

    def _miss(self, shard_id: int, guild_id: GuildId, since: datetime) -> None:
        """Remember since when nothing is known of a guild, until that was told."""
        known = self._guilds[guild_id]
        self._guilds[guild_id] = structs.replace(known, missed_since=since)
        self._changed.setdefault(shard_id, set()).add(guild_id)

    def _tell(self, shard_id: int, guild_id: GuildId) -> int:
        """Give a guild its next version, and have the others told."""
        version = self._versions.next(shard_id)
        self._to_tell.append(GuildChanged(guild_id=guild_id, version=version))
        return version

    def _tell_again(self, event: Dispatch) -> None:
        """Have a version told that was stored, and perhaps not told, by a process that ended."""
        known = self._guilds.get(GuildId(event.guild_id))
        if known is not None and event.type not in COMING_AND_GOING:
            self._to_tell.append(GuildChanged(guild_id=known.id, version=known.version))

    def _drop(self, shard_id: int, guild_id: GuildId) -> None:
        self._tell(shard_id, guild_id)
        self._guilds.pop(guild_id, None)
        self._applied.pop(guild_id, None)
        self.audit.forget(guild_id)
        self._changed.setdefault(shard_id, set()).add(guild_id)


class Begun(Struct, frozen=True):
    """What a new session has shown: guilds of which events were missed, and those left meanwhile.

    Each with since when nothing is known of it.
    """

    missed: dict[GuildId, datetime] = {}
    left: dict[GuildId, datetime] = {}


class Applied(Struct, frozen=True, kw_only=True):
    """A snapshot with the last event that went into it, and the audit log's newest entry."""

    snapshot: GuildSnapshot
    session_id: str
    seq: int
    audit_entry_id: int = 0


def _deleted(before: GuildSnapshot | None, body: bytes) -> GuildSnapshot | None:
    guild = msgspec.json.decode(body, type=_Guild, strict=False)
    if guild.unavailable and before is not None:
        return structs.replace(before, unavailable=True)
    return None


def _updated(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    guild = msgspec.json.decode(body, type=_Guild, strict=False)
    return structs.replace(
        before,
        name=guild.name,
        icon=guild.icon,
        owner_id=guild.owner_id,
        roles=guild.roles or before.roles,
    )


def _own_roles(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    """Note new roles of the bot itself; of other members nothing is kept."""
    member = msgspec.json.decode(body, type=_Own, strict=False)
    if member.user is None or member.user.id != before.bot_id or member.roles == before.bot_roles:
        return before
    return structs.replace(before, bot_roles=member.roles)


def _joined(before: GuildSnapshot, _body: bytes) -> GuildSnapshot:
    return structs.replace(before, member_count=before.member_count + 1)


def _left(before: GuildSnapshot, _body: bytes) -> GuildSnapshot:
    return structs.replace(before, member_count=max(0, before.member_count - 1))


def _role_put(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    role = msgspec.json.decode(body, type=_RoleChange, strict=False).role
    if role is None:
        return before
    others = tuple(other for other in before.roles if other.id != role.id)
    return structs.replace(before, roles=(*others, role))


def _role_gone(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    role_id = msgspec.json.decode(body, type=_RoleChange, strict=False).role_id
    return structs.replace(
        before,
        roles=tuple(role for role in before.roles if role.id != role_id),
        bot_roles=tuple(role for role in before.bot_roles if role != role_id),
    )


def _channel_put(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    return _with_channels(before, (msgspec.json.decode(body, type=Channel, strict=False),))


def _channel_gone(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    gone = msgspec.json.decode(body, type=_Thread, strict=False).id
    kept = tuple(channel for channel in before.channels if channel.id != gone)
    return structs.replace(before, channels=kept)


def _thread_put(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    """Keep a thread while it is not archived."""
    archived = msgspec.json.decode(body, type=_Thread, strict=False).thread_metadata.archived
    return _channel_gone(before, body) if archived else _channel_put(before, body)


def _threads_put(before: GuildSnapshot, body: bytes) -> GuildSnapshot:
    return _with_channels(before, msgspec.json.decode(body, type=_Threads, strict=False).threads)


def _with_channels(before: GuildSnapshot, channels: tuple[Channel, ...]) -> GuildSnapshot:
    new = {channel.id for channel in channels}
    kept = tuple(channel for channel in before.channels if channel.id not in new)
    return structs.replace(before, channels=kept + channels)


CHANGES: Final[dict[str, Change]] = {
    "GUILD_UPDATE": _updated,
    "GUILD_ROLE_CREATE": _role_put,
    "GUILD_ROLE_UPDATE": _role_put,
    "GUILD_ROLE_DELETE": _role_gone,
    "CHANNEL_CREATE": _channel_put,
    "CHANNEL_UPDATE": _channel_put,
    "CHANNEL_DELETE": _channel_gone,
    "THREAD_CREATE": _thread_put,
    "THREAD_UPDATE": _thread_put,
    "THREAD_DELETE": _channel_gone,
    "THREAD_LIST_SYNC": _threads_put,
    "GUILD_MEMBER_ADD": _joined,
    "GUILD_MEMBER_REMOVE": _left,
    "GUILD_MEMBER_UPDATE": _own_roles,
}
"""What each kind of event does to a guild that is known."""

COMING_AND_GOING: Final = frozenset({"GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE"})
"""Kinds that change the number of members only."""

KINDS: Final = CHANGES.keys() | {"GUILD_CREATE", "GUILD_DELETE"}
