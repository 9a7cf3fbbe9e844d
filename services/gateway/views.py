"""What the gateway's API shows: shards, commands, guilds and dead letters."""

from datetime import datetime

from pydantic import BaseModel

from services.gateway.queries import Lease, Process, Registration, Session
from services.gateway.queues import Watched
from services.gateway.recognition.book import Entry
from services.gateway.shards.gate import StartLimit
from services.gateway.shards.leases import shard_of
from services.gateway.shards.shard import Shard
from shared.contracts.discord import GuildSnapshot
from shared.http import SnowflakeText


class ShardView(BaseModel):
    """A shard: who runs it, whether it is connected, how far its events are confirmed.

    `here` tells whether this process runs it; only then are the last three known.
    """

    id: int
    owner: str | None
    fence: int
    lease_expires_at: datetime | None
    here: bool
    connected: bool | None = None
    heartbeat_seconds: float | None = None
    seq_read: int | None = None
    seq_confirmed: int | None = None
    seq_saved: int | None = None
    session_saved_at: datetime | None = None


class ProcessView(BaseModel):
    """A process that shares the shards: how many it runs, and whether it gives them away."""

    owner: str
    here: bool
    shards: int
    shard_count: int
    draining: bool
    joined_at: datetime


class Draining(BaseModel):
    """What a process that gives its shards away still has to give."""

    draining: bool
    shards_left: int


class WindowView(BaseModel):
    """How many events are on their way to the broker, of how many that may be."""

    used: int
    limit: int


class ShardsView(BaseModel):
    """The shards of all processes, those that nobody runs, and this process's window."""

    shards: list[ShardView]
    waiting: list[int]
    processes: list[ProcessView]
    executor: str | None
    window: WindowView
    invalid_requests: int


class CommandView(BaseModel):
    """A command and who owns it."""

    name: str
    service: str
    description: str
    level: int
    aliases: list[str]
    slash: bool
    text: bool
    menu: str | None


class RegistrationView(BaseModel):
    """Where commands are registered: a server, or everywhere (0); `current` as announced now."""

    application_id: SnowflakeText
    guild_id: SnowflakeText
    registered_at: datetime
    current: bool


class BudgetView(BaseModel):
    """How many new sessions Discord allows a day, how many are left, and how many are kept."""

    total: int
    remaining: int
    reserve: int
    resets_in_seconds: float
    max_concurrency: int


class RoleView(BaseModel):
    """A role of a guild."""

    id: SnowflakeText
    name: str
    position: int
    permissions: str
    managed: bool


class ChannelView(BaseModel):
    """A channel or a thread of a guild."""

    id: SnowflakeText
    name: str
    type: int
    parent_id: SnowflakeText | None
    position: int


class GuildView(BaseModel):
    """What is known of a guild."""

    id: SnowflakeText
    name: str
    icon: str | None
    owner_id: SnowflakeText
    member_count: int
    unavailable: bool
    bot_id: SnowflakeText
    bot_roles: list[SnowflakeText]
    roles: list[RoleView]
    channels: list[ChannelView]
    updated_at: datetime | None


class QueueView(BaseModel):
    """A queue: what waits in it and who takes it, and what is parked beside it.

    `stalled_seconds` tells how long messages have waited that nobody takes.
    """

    name: str
    messages: int
    consumers: int
    dead: int
    stalled_seconds: float


def shard_view(
    lease: Lease, shard: Shard | None, confirmed: int | None, session: Session | None
) -> ShardView:
    """Show a shard."""
    view = ShardView(
        id=shard_of(lease.name),
        owner=lease.owner,
        fence=lease.fence,
        lease_expires_at=lease.expires_at,
        here=shard is not None,
        seq_saved=session.seq if session else None,
        session_saved_at=session.saved_at if session else None,
    )
    if shard is not None:
        view.connected = shard.is_connected
        latency = shard.heartbeat_latency
        view.heartbeat_seconds = latency if latency >= 0 else None
        view.seq_read, view.seq_confirmed = shard.seq, confirmed
    return view


def process_view(process: Process, here: str) -> ProcessView:
    """Show a process; `here` is the owner's name of this one."""
    return ProcessView(
        owner=process.owner,
        here=process.owner == here,
        shards=process.shards,
        shard_count=process.shard_count,
        draining=process.draining,
        joined_at=process.joined_at,
    )


def command_view(entry: Entry) -> CommandView:
    """Show a command."""
    spec = entry.spec
    return CommandView(
        name=spec.name,
        service=entry.service,
        description=spec.description,
        level=spec.level,
        aliases=list(spec.aliases),
        slash=spec.slash,
        text=spec.text,
        menu=spec.menu,
    )


def registration_view(registration: Registration, announced: str) -> RegistrationView:
    """Show where commands are registered; `announced` is the hash of what is announced now."""
    return RegistrationView(
        application_id=registration.application_id,
        guild_id=registration.scope_id,
        registered_at=registration.registered_at,
        current=registration.hash == announced,
    )


def budget_view(limit: StartLimit, reserve: int) -> BudgetView:
    """Show the daily budget."""
    return BudgetView(
        total=limit.total,
        remaining=limit.remaining,
        reserve=reserve,
        resets_in_seconds=limit.reset_after / 1000,
        max_concurrency=limit.max_concurrency,
    )


def queue_view(queue: Watched) -> QueueView:
    """Show a queue."""
    return QueueView(
        name=queue.name,
        messages=queue.messages,
        consumers=queue.consumers,
        dead=queue.dead,
        stalled_seconds=queue.stalled,
    )


def guild_view(guild: GuildSnapshot) -> GuildView:
    """Show a guild."""
    return GuildView(
        id=guild.id,
        name=guild.name,
        icon=guild.icon,
        owner_id=guild.owner_id,
        member_count=guild.member_count,
        unavailable=guild.unavailable,
        bot_id=guild.bot_id,
        bot_roles=list(guild.bot_roles),
        roles=[
            RoleView(
                id=role.id,
                name=role.name,
                position=role.position,
                permissions=str(role.permissions),
                managed=role.managed,
            )
            for role in guild.roles
        ],
        channels=[
            ChannelView(
                id=channel.id,
                name=channel.name,
                type=channel.type,
                parent_id=channel.parent_id,
                position=channel.position,
            )
            for channel in guild.channels
        ],
        updated_at=guild.updated_at,
    )
