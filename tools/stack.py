"""The whole of Flotilla on one machine: servers, the sandbox and the five services."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.admin_api import Owner
from tools.api_key import demo_key
from tools.backing import SERVERS, Addresses, Ground, install_missing, start_missing
from tools.discord import Discord, read_seed, sandbox_part
from tools.environment import inherited
from tools.first_config import configure_once
from tools.given import look_for
from tools.keys import Keys
from tools.lock import only_one
from tools.manifest import Manifest
from tools.ports import Ports
from tools.progress import Say, nothing, step
from tools.registered import registered
from tools.servers.unprivileged import forget_elsewhere
from tools.services import SERVICES, Fleet, service_part
from tools.supervisor import Supervisor
from tools.together import both

STOPPING = (SERVICES, ("sandbox",), tuple(name for name in SERVERS if name != "epmd"))


class Stack:
    """A stack with its data in one folder; `async with` starts and stops it.

        async with Stack(folder) as stack:
            await stack.kill("infractions")      # kill -9; comes back by itself
            await stack.ready("infractions")
            await stack.stop("rabbitmq")         # gently, and stays away
            await stack.start("rabbitmq")

    `given` names servers to use instead of private ones (`DATABASE_URL`, `AMQP_URL`,
    `CLICKHOUSE_URL`). `discord` is the sandbox unless given; `lively` lets its members chat by
    themselves. `thrown_away` is for folders that nobody will start again: the end is then quick
    instead of gentle.
    """

    def __init__(
        self,
        folder: Path,
        *,
        given: Mapping[str, str] | None = None,
        discord: Discord | None = None,
        lively: bool = False,
        say: Say = nothing,
        services: tuple[str, ...] = SERVICES,
        thrown_away: bool = False,
    ) -> None:
        self.folder = folder.resolve()
        self.manifest = Manifest()
        self.addresses = Addresses()
        self._given = given or {}
        self._discord = discord
        self._lively = lively
        self._say = say
        self._services = services
        self._thrown_away = thrown_away
        self._complete = False
        self._log_channel_id = "0"
        self._open = ExitStack()
        self._supervisor = Supervisor(self.folder, say, self._write_manifest)
        self._keys = Keys(self.folder / "keys.json")

    async def __aenter__(self) -> Self:
        """Start everything; return when all of it answers."""
        self._open.enter_context(only_one(self.folder / "lock"))
        try:
            # Until all of it answers, a script must not find an earlier stack's addresses.
            self._manifest_path.unlink(missing_ok=True)
            await self._supervisor.clear_leftovers()
            await self._start()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything that was started, and nothing else."""
        await self._close()

    def url(self, name: str) -> str:
        """Return the base URL of a service or of the sandbox."""
        url: str = getattr(self.manifest, name)
        return url

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by name."""
        return self._supervisor.pids

    async def kill(self, name: str, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Kill a part and return when it is gone; unless held, it comes back.

        Another signal, such as SIGSTOP, is only sent.
        """
        await self._supervisor.kill(name, with_signal)

    def hold(self, name: str) -> None:
        """Keep a part from being started again, until `start`."""
        self._supervisor.hold(name)

    def release(self, name: str) -> None:
        """Let a part that was stopped or held run again, without waiting for it."""
        self._supervisor.release(name)

    async def stop(self, name: str) -> None:
        """Stop a part gently, until `start`."""
        await self._supervisor.stop(name)

    async def start(self, name: str, within: float | None = None) -> None:
        """Start a part that was stopped or held, and return when it is ready."""
        self.release(name)
        await self.ready(name, within)

    async def ready(self, name: str, within: float | None = None) -> None:
        """Return when a part answers."""
        await self._supervisor.wait_ready(name, within)

    def hurry(self) -> None:
        """Stop waiting for a gentle end: kill what still runs."""
        self._supervisor.hurry()

    @property
    def _manifest_path(self) -> Path:
        return self.folder / "stack.json"

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    async def _start(self) -> None:
        if self._services:
            await look_for(self._given)
        ports = Ports(self.folder / "ports.json")
        ground = Ground(self.folder, ports, self._keys, self._supervisor, self._say)
        given = Addresses.given(self._given)
        await install_missing(given, self._log("apt"), self._say)
        self.addresses, discord = await both(
            start_missing(ground, self._given, self._services),
            self._start_discord(ports),
        )
        service_ports = {name: ports.get(name) for name in self._services}
        level = self._given.get("LOG_LEVEL", "info")
        fleet = Fleet(service_ports, self.addresses, discord, self._keys, level)
        await self._start_services(fleet)
        await self._describe(fleet)

    async def _start_discord(self, ports: Ports) -> Discord:
        if self._discord is not None:
            return self._discord
        port = ports.get("sandbox")
        log = self._log("sandbox")
        async with step(self._say, "starting the sandbox", "the sandbox is up"):
            await self._supervisor.start(
                sandbox_part(self.folder, port, inherited(), log, lively=self._lively)
            )
            seed = await read_seed(port)
        self.manifest.sandbox = f"http://127.0.0.1:{port}"
        self.manifest.guild_id = seed.guild_id
        self.manifest.channel_id = seed.channel_id
        self.manifest.users = seed.users
        self._log_channel_id = seed.log_channel_id
        return Discord.sandbox(self.manifest.sandbox, seed, self._given.get("OPERATORS", ""))

    async def _start_services(self, fleet: Fleet) -> None:
        names = ", ".join(self._services)
        async with step(self._say, f"starting {names}", "the services are up"):
            parts = [
                service_part(fleet, name, inherited(), self._log(name)) for name in self._services
            ]
            await self._supervisor.start(*parts)

    async def _describe(self, fleet: Fleet) -> None:
        for name in self._services:
            setattr(self.manifest, name, fleet.url(name))
        self.manifest.database_url = self.addresses.database_url
        self.manifest.amqp_url = self.addresses.amqp_url
        self.manifest.amqp_management_url = self.addresses.amqp_management_url
        self.manifest.clickhouse_url = self.addresses.clickhouse_url
        if self.manifest.guild_id and "admin" in self._services:
            owner = Owner(self.manifest.users["owner"].id, self.manifest.guild_id)
            self.manifest.api_key = await demo_key(fleet, owner)
            if self._lively and int(self._log_channel_id):
                await configure_once(fleet, owner, self._log_channel_id)
        if self.manifest.guild_id and "gateway" in self._services:
            await registered(
                self.manifest.sandbox,
                self.manifest.guild_id,
                self.manifest.users["moderator"].token,
                self._services,
            )
        self._complete = True
        self._write_manifest()

    def _write_manifest(self) -> None:
        if self._complete:
            # A script that waits for a new number always finds one here.
            self.manifest.pids = self._supervisor.latest_pids
            self.manifest.write(self._manifest_path)

    async def _close(self) -> None:
        self._complete = False
        try:
            await self._supervisor.close(*STOPPING, at_once=self._thrown_away)
        finally:
            self._manifest_path.unlink(missing_ok=True)
            if self._thrown_away:
                forget_elsewhere(self.folder / "postgres")
            self._open.close()
