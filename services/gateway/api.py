"""The gateway's HTTP API: shards, commands, queues, and what is known of a guild."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Request

from services.gateway import queries, views
from services.gateway.deps import Deps
from services.gateway.queues import OWN
from services.gateway.recognition.slash import commands_of, hash_of
from services.gateway.shards.gate import ask_once
from services.gateway.shards.leases import EXECUTOR, of_shard, shard_of
from services.gateway.shards.shares import agreed_count
from shared.contracts.ids import GuildId
from shared.errors import ConflictError, NotFoundError, UnavailableError
from shared.http import Count, SnowflakeText, dead_routes, require


def deps_of(request: Request) -> Deps:
    """Return what the app was given."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(deps_of)]
OfGuild = Annotated[SnowflakeText, Path(description="The server's id.")]

operators = APIRouter(tags=["operation"], dependencies=[Depends(require("operator"))])
guilds = APIRouter(tags=["guilds"], dependencies=[Depends(require("config:read"))])


def include(app: FastAPI, deps: Deps) -> None:
    """Add the gateway's routes to an app."""
    app.state.deps = deps
    app.include_router(operators)
    app.include_router(guilds)
    app.include_router(dead_routes(deps.bus, OWN))


@operators.get("/shards")
async def list_shards(deps: DepsOf) -> views.ShardsView:
    """List the shards of all processes, and these."""
    leases = {lease.name: lease for lease in await queries.leases(deps.db)}
    processes = await queries.processes(deps.db)
    executor = leases.pop(EXECUTOR, None)
    wanted = range(agreed_count(processes) or 0)
    return views.ShardsView(
        shards=await _shown_shards(deps, list(leases.values())),
        waiting=[shard_id for shard_id in wanted if of_shard(shard_id) not in leases],
        processes=[views.process_view(each, deps.owner) for each in processes],
        executor=executor.owner if executor else None,
        window=views.WindowView(used=deps.window.used, limit=deps.window.limit),
        invalid_requests=deps.rest.breaker.counted,
    )


async def _shown_shards(deps: Deps, leases: list[queries.Lease]) -> list[views.ShardView]:
    sessions = {session.shard_id: session for session in await queries.sessions(deps.db)}
    shards = deps.fleet.shards if deps.fleet else {}
    shown: list[views.ShardView] = []
    for lease in leases:
        shard_id = shard_of(lease.name)
        confirmed = deps.fleet.confirmed(shard_id) if deps.fleet else None
        shard, session = shards.get(shard_id), sessions.get(shard_id)
        shown.append(views.shard_view(lease, shard, confirmed, session))
    return sorted(shown, key=lambda each: each.id)


@operators.post("/drain")
async def drain(deps: DepsOf) -> views.Draining:
    """Have this process give its shards to the others and take no new ones, until it is stopped."""
    if deps.fleet is None:
        raise ConflictError("This process runs no shards.")
    deps.fleet.drain()
    return views.Draining(draining=True, shards_left=len(deps.fleet.shards))


@operators.get("/commands")
async def list_commands(deps: DepsOf) -> list[views.CommandView]:
    """List the commands that the services have announced."""
    return [views.command_view(entry) for entry in deps.book.entries]


@operators.get("/commands/registered")
async def list_registrations(deps: DepsOf) -> list[views.RegistrationView]:
    """List where commands are registered with Discord, and whether those are the announced ones."""
    hash_ = hash_of(commands_of(entry.spec for entry in deps.book.entries))
    registered = await queries.registrations(deps.db)
    return [views.registration_view(each, hash_) for each in registered]


@operators.get("/budget")
async def show_budget(deps: DepsOf) -> views.BudgetView:
    """Ask Discord how many new sessions it still allows today."""
    info = await ask_once(deps.rest)
    if info is None:
        raise UnavailableError("Discord does not say how many new sessions it allows.")
    limit = info.session_start_limit
    deps.metrics.budget.set(limit.remaining)
    return views.budget_view(limit, deps.settings.identify_reserve)


@operators.delete("/commands/{service}")
async def forget_service(
    deps: DepsOf, service: Annotated[str, Path(description="A service that is gone.")]
) -> Count:
    """Forget the commands of a service that was taken away for good."""
    count = await queries.forget_service(deps.db, service)
    if not count:
        raise NotFoundError(f"No service {service} has announced commands.")
    return Count(count=count)


@operators.get("/queues")
async def list_queues(deps: DepsOf) -> list[views.QueueView]:
    """List the queues of all services that have commands: what waits, who takes it, what is dead.

    Dead letters of other services' queues are counted here and treated at their APIs.
    """
    return [views.queue_view(queue) for queue in await deps.queues.look()]


@guilds.get("/guilds/{guild_id}/snapshot")
async def show_guild(deps: DepsOf, guild_id: OfGuild) -> views.GuildView:
    """Show what the gateway knows of a server: owner, roles, channels, the bot's own roles."""
    guild = deps.snapshots.get(guild_id) or await queries.guild(deps.db, GuildId(guild_id))
    if guild is None:
        raise NotFoundError("The bot is not in that server.")
    return views.guild_view(guild)
