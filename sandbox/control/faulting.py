"""Control of faults: what goes wrong in the REST API and at the gateway."""

from collections.abc import Callable, Iterator
from typing import Literal

from aiohttp import web
from msgspec import Struct

from sandbox.control.keys import HUB_KEY
from sandbox.control.reading import ControlError, answer, find_user, takes, world_of
from sandbox.faults import FAULTS_KEY, Fault
from sandbox.gateway import EVERYBODY, Ailment, GatewayFaults, Target

routes = web.RouteTableDef()

GatewayAction = Literal[
    "drop",
    "close",
    "reconnect",
    "invalid_session",
    "heartbeat",
    "silence",
    "no_acks",
    "delay",
    "refuse",
]


class NewFault(Fault, kw_only=True):
    """A fault of the REST API, or with `gateway` one of the gateway.

    At the gateway `user` names whose connections are hit: an id, a username, `*` for everybody;
    without it those of bots. Once happen: `drop` (the wire is cut), `close` (with `close_code`),
    `reconnect` (op 7), `invalid_session` (op 9, `resumable` or not), `heartbeat` (op 1). Lasting,
    until faults are deleted: `silence`, `no_acks`, `delay` (by `seconds`), `refuse` (new ones).
    """

    gateway: GatewayAction | None = None
    user: str | None = None
    shard_id: int | None = None
    close_code: int = 4000
    resumable: bool = False
    seconds: float = 1.0


class Shown(Struct):
    """The faults that are set."""

    faults: list[Fault]
    gateway: list[Ailment]
    refusing: bool


@routes.get("/sandbox/faults")
async def list_faults(request: web.Request) -> web.Response:
    """Return the faults that are set."""
    gateway = request.app[HUB_KEY].faults
    return answer(Shown(request.app[FAULTS_KEY].active, gateway.ailments, gateway.refusing))


@routes.post("/sandbox/faults")
@takes(NewFault)
async def set_fault(request: web.Request, wanted: NewFault) -> web.Response:
    """Set a fault of the REST API or the gateway."""
    if wanted.gateway is None:
        made = request.app[FAULTS_KEY].add(
            Fault(**{name: getattr(wanted, name) for name in Fault.__struct_fields__})
        )
        return answer(made, 201)
    hit = await _strike(request.app[HUB_KEY].faults, wanted, list(_targets(request, wanted)))
    return answer({"gateway": wanted.gateway, "connections": hit}, 201)


@routes.delete("/sandbox/faults")
async def clear_faults(request: web.Request) -> web.Response:
    """Take all faults away, the gateway's too."""
    request.app[FAULTS_KEY].clear()
    request.app[HUB_KEY].faults.heal()
    return answer({"faults": []})


@routes.delete("/sandbox/faults/{fault_id}")
async def remove_fault(request: web.Request) -> web.Response:
    """Take one fault of the REST API away."""
    fault_id = request.match_info["fault_id"]
    if not fault_id.isdecimal() or not request.app[FAULTS_KEY].remove(int(fault_id)):
        raise ControlError(f"There is no fault {fault_id}.", 404)
    return answer({"removed": int(fault_id)})


def _targets(request: web.Request, wanted: NewFault) -> Iterator[Target]:
    world = world_of(request)
    if wanted.user == "*":
        yield Target(None, wanted.shard_id) if wanted.shard_id is not None else EVERYBODY
    elif wanted.user is not None:
        yield Target(find_user(world, wanted.user).id, wanted.shard_id)
    else:
        for application_id in world.applications:
            yield Target(application_id, wanted.shard_id)


async def _strike(faults: GatewayFaults, wanted: NewFault, targets: list[Target]) -> int:
    if wanted.gateway == "refuse":
        faults.refuse()
        return 0
    if wanted.gateway == "close":
        return sum([await faults.close(wanted.close_code, target) for target in targets])
    act = _act(faults, wanted)
    return sum(act(target) for target in targets)


def _act(faults: GatewayFaults, wanted: NewFault) -> Callable[[Target], int]:
    acts: dict[str | None, Callable[[Target], int]] = {
        "drop": faults.drop,
        "reconnect": faults.reconnect,
        "invalid_session": lambda target: faults.invalidate(target, resumable=wanted.resumable),
        "heartbeat": faults.ask_heartbeat,
        "silence": lambda target: faults.afflict(Ailment(target, silent=True)),
        "no_acks": lambda target: faults.afflict(Ailment(target, deaf=True)),
        "delay": lambda target: faults.afflict(Ailment(target, delay=wanted.seconds)),
    }
    return acts[wanted.gateway]
