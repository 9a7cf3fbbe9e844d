"""The backing servers alone, run in a thread for a program that has no event loop to spare."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from tools.backing import Addresses, Ground, install_missing, start_missing
from tools.keys import Keys
from tools.lock import only_one
from tools.ports import Ports
from tools.progress import Say
from tools.supervisor import Supervisor


@contextmanager
def servers(
    folder: Path, given: Mapping[str, str], say: Say, *, hasty: bool = False
) -> Generator[Addresses]:
    """Run the servers that were not given, with their data in a folder.

    A hasty Postgres may lose all of it when the machine crashes.
    """
    ready: Future[Addresses] = Future()
    leave = threading.Event()
    thread = threading.Thread(target=_run, args=(folder, given, say, hasty, ready, leave))
    thread.start()
    try:
        yield ready.result()
    finally:
        leave.set()
        thread.join()


def _run(
    folder: Path,
    given: Mapping[str, str],
    say: Say,
    hasty: bool,
    ready: Future[Addresses],
    leave: threading.Event,
) -> None:
    try:
        with only_one(folder / "lock"):
            asyncio.run(_serve(folder, given, say, hasty, ready, leave))
    except BaseException as error:  # noqa: BLE001 - whoever waits in the other thread is told
        if not ready.done():
            ready.set_exception(error)


async def _serve(
    folder: Path,
    given: Mapping[str, str],
    say: Say,
    hasty: bool,
    ready: Future[Addresses],
    leave: threading.Event,
) -> None:
    supervisor = Supervisor(folder, say)
    ports, keys = Ports(folder / "ports.json"), Keys(folder / "keys.json")
    (folder / "logs").mkdir(exist_ok=True)
    await supervisor.clear_leftovers()
    try:
        await install_missing(Addresses.given(given), folder / "logs" / "apt.log", say)
        ready.set_result(
            await start_missing(Ground(folder, ports, keys, supervisor, say, hasty), given, ())
        )
        await asyncio.to_thread(leave.wait)
    finally:
        await supervisor.close(("postgres", "rabbitmq", "clickhouse"))
