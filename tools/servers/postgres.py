"""A private Postgres: its own folder, run by an unprivileged user, safe against kill -9."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.errors import StackError
from tools.files import PRIVATE, write_whole
from tools.parts import Part
from tools.process import started_at, stepping_down
from tools.servers.database import SUPERUSER, Database
from tools.servers.unprivileged import give_to, make_reachable, unprivileged_user

PACKAGES = ("postgresql",)
OLDEST = 14
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    # What a commit promised survives kill -9 and a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


# For data that is thrown away: a commit survives kill -9 of whoever made it, but no power cut.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """The files and the process of one Postgres."""

    programs: Path
    folder: Path
    database: Database
    hasty: bool = False

    @property
    def data(self) -> Path:
        """Return the cluster's folder: one per major version, as they cannot read each other's."""
        return self.folder.resolve() / str(major(self.programs))

    def part(self, env: Mapping[str, str], log: Path) -> Part:
        """Describe the server process."""
        settings = {**SETTINGS, **HASTY} if self.hasty else SETTINGS
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return Part(
            name="postgres",
            argv=(
                str(self.programs / "postgres"),
                *("-D", str(self.data), "-p", str(self.database.port)),
                *options,
            ),
            env=dict(env),
            cwd=Path("/"),
            log=log,
            ready=self.database.is_ready,
            user=unprivileged_user(),
            # Fast shutdown: does not wait for clients to leave.
            stop_signal=signal.SIGINT,
            mend=partial(forget_dead_server, self.data / "postmaster.pid"),
        )

    async def create(self, log: Path) -> None:
        """Make the cluster, unless it is there."""
        user = unprivileged_user()
        await asyncio.to_thread(make_reachable, self.folder, user)
        if (self.data / "PG_VERSION").exists():
            return
        # In a folder beside it, so that an interrupted initdb is not taken for a cluster.
        unfinished = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        await self._initdb(unfinished, user, log)
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished.rename(self.data)

    async def _initdb(self, folder: Path, user: str | None, log: Path) -> None:
        password_file = self.folder.resolve() / "password"
        write_whole(password_file, self.database.password.encode(), PRIVATE)
        give_to(user, password_file)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *stepping_down(user),
                str(self.programs / "initdb"),
                *("-D", str(folder), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}"),
                cwd="/",
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
            )
            code = await process.wait()
        password_file.unlink()
        if code:
            raise StackError(f"Postgres could not make its folder; see {log}.")


def find_programs() -> Path | None:
    """Return the folder of the newest Postgres that is installed, if it is new enough."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    usable = [folder for folder in folders if major(folder) >= OLDEST]
    return max(usable, key=major, default=None)


def major(programs: Path) -> int:
    """Return the major version of the programs in a folder, 0 if it cannot be told."""
    named = re.search(r"/postgresql/(\d+)/bin", str(programs))
    return int(named[1]) if named else _ask_version(programs)


def _ask_version(programs: Path) -> int:
    import subprocess  # noqa: PLC0415 - only where the folder's name does not tell

    said = subprocess.run(  # noqa: S603 - a program that was found on the PATH
        [programs / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.search(r" (\d+)", said)
    return int(version[1]) if version else 0


def forget_dead_server(pidfile: Path) -> None:
    """Remove the pid file of a killed server whose number some other process has by now."""
    try:
        pid = int(pidfile.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    if started_at(pid) is not None and not _is_postgres(pid):
        pidfile.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return False
