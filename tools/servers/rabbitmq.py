"""A private RabbitMQ node: its own name daemon, cookie, ports and folders, on the loopback only."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.checks import port_open
from tools.files import write_whole
from tools.parts import Part
from tools.servers.broker import USER, Broker

PACKAGES = ("rabbitmq-server",)
NODE = "flotilla@localhost"
COOKIE_MODE = 0o400
# The broker itself stops within a second; its management plugin then idles for five more.
GRACE = 3.0
PLUGINS = "[rabbitmq_management,rabbitmq_consistent_hash_exchange].\n"
# Erlang terms rather than rabbitmq.conf: nothing to translate at every start.
CONFIG = """\
[
 {{rabbit, [
   {{tcp_listeners, [{{"127.0.0.1", {amqp}}}]}},
   {{default_user, <<"{user}">>}},
   {{default_pass, <<"{password}">>}},
   {{disk_free_limit, 50000000}}
 ]}},
 {{rabbitmq_management, [{{tcp_config, [{{ip, "127.0.0.1"}}, {{port, {management}}}]}}]}},
 {{ra, [{{wal_max_size_bytes, 67108864}}]}}
].
"""


@dataclass(frozen=True)
class Node:
    """The files and the processes of one RabbitMQ."""

    server: Path
    names: Path
    folder: Path
    broker: Broker

    def create(self) -> None:
        """Write the node's configuration."""
        for name in ("home", "mnesia", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        cookie = self.folder / "home" / ".erlang.cookie"
        write_whole(cookie, self.broker.password.encode(), COOKIE_MODE)
        write_whole(self.folder / "plugins", PLUGINS.encode())
        config = CONFIG.format(
            amqp=self.broker.ports.amqp,
            management=self.broker.ports.management,
            user=USER,
            password=self.broker.password,
        )
        write_whole(self.folder / "rabbitmq.config", config.encode(), 0o600)

    def name_daemon(self, env: Mapping[str, str], log: Path) -> Part:
        """Describe Erlang's name daemon, which a node would otherwise leave behind."""
        return Part(
            name="epmd",
            argv=(str(self.names), "-port", str(self.broker.ports.names), "-address", "127.0.0.1"),
            env=dict(env),
            cwd=Path("/"),
            log=log,
            ready=self._names_answer,
        )

    async def _names_answer(self) -> bool:
        return await port_open(self.broker.ports.names)

    def part(self, env: Mapping[str, str], log: Path) -> Part:
        """Describe the node's process."""
        return Part(
            name="rabbitmq",
            argv=(str(self.server),),
            env={**env, **self._environment()},
            cwd=self.folder,
            log=log,
            ready=self.broker.is_ready,
            grace=GRACE,
            patience=120,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.broker.ports.names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_DIST_PORT": str(self.broker.ports.distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.config"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
            ),
            # Makes the start script become the node instead of watching over it.
            "detached": "true",
        }


def find_programs() -> tuple[Path, Path] | None:
    """Return the node's start script and the name daemon, if they are installed."""
    names = shutil.which("epmd")
    # Not the command in sbin: it insists on the system's own user and folders.
    scripts = [Path("/usr/lib/rabbitmq/bin/rabbitmq-server")]
    on_path = shutil.which("rabbitmq-server")
    if on_path:
        scripts.append(Path(on_path).resolve())
    found = [script for script in scripts if script.is_file()]
    return (found[0], Path(names)) if found and names else None
