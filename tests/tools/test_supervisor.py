"""The supervisor starts, restarts and stops processes, and leaves none behind."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import eventually
from tests.tools.ships import SINKS, STUBBORN, WITH_A_CHILD, ship
from tools.keeper import NotReadyError
from tools.ledger import Ledger
from tools.process import started_at
from tools.supervisor import Supervisor

ROOT = Path(__file__).parents[2]


def runs(pid: int) -> bool:
    """Tell whether a process runs; a dead one that nobody has buried yet does not."""
    return started_at(pid) is not None


class Said(list[str]):
    """What the supervisor told the person at the terminal."""

    def __call__(self, line: str) -> None:
        self.append(line)


async def test_a_killed_part_is_started_again_under_a_new_pid(tmp_path: Path) -> None:
    said = Said()
    supervisor = Supervisor(tmp_path, said)
    await supervisor.start(ship(tmp_path, "sloop"))
    before = supervisor.pids["sloop"]

    await supervisor.kill("sloop")
    await eventually(lambda: supervisor.pids.get("sloop", before) != before)
    await supervisor.wait_ready("sloop")

    assert not runs(before)
    assert any("sloop ended (killed by SIGKILL)" in line for line in said)
    await supervisor.close()


async def test_a_part_that_is_about_to_return_is_known_by_its_last_pid(tmp_path: Path) -> None:
    known = list[dict[str, int]]()
    supervisor = Supervisor(tmp_path, Said(), lambda: known.append(supervisor.latest_pids))
    await supervisor.start(ship(tmp_path, "sloop"))
    first = supervisor.pids["sloop"]

    await supervisor.kill("sloop")
    await eventually(lambda: supervisor.pids.get("sloop", first) != first)
    second = supervisor.pids["sloop"]
    await supervisor.stop("sloop")

    assert known[:3] == [{"sloop": first}, {"sloop": first}, {"sloop": second}]
    await eventually(lambda: known[3:] == [{}])
    await supervisor.close()


async def test_a_held_part_stays_down_until_it_is_released(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    await supervisor.start(ship(tmp_path, "sloop"))

    supervisor.hold("sloop")
    await supervisor.kill("sloop")
    await eventually(lambda: "sloop" not in supervisor.pids)
    # Longer than the first pause before a restart.
    with pytest.raises(AssertionError):
        await eventually(lambda: "sloop" in supervisor.pids, within=0.5)

    supervisor.release("sloop")
    await supervisor.wait_ready("sloop")
    await supervisor.close()


async def test_a_stopped_part_can_be_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    await supervisor.start(ship(tmp_path, "sloop"))

    assert await supervisor.stop("sloop")
    assert supervisor.pids == {}

    supervisor.release("sloop")
    await supervisor.wait_ready("sloop")
    await supervisor.close()


async def test_closing_leaves_no_process_and_no_child_of_one(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    await supervisor.start(ship(tmp_path, "sloop"), ship(tmp_path, "brig", WITH_A_CHILD))
    pids = [*supervisor.pids.values(), int((tmp_path / "brig.child").read_text())]
    assert all(runs(pid) for pid in pids)

    await supervisor.close(["sloop"])

    assert not any(runs(pid) for pid in pids)


async def test_a_part_that_ignores_the_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    await supervisor.start(ship(tmp_path, "hulk", STUBBORN, grace=0.3))
    pid = supervisor.pids["hulk"]

    assert not await supervisor.stop("hulk")

    assert not runs(pid)
    await supervisor.close()


async def test_a_signal_that_only_freezes_a_part_does_not_start_it_again(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    await supervisor.start(ship(tmp_path, "sloop"))
    pid = supervisor.pids["sloop"]

    await supervisor.kill("sloop", signal.SIGSTOP)
    await eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)

    assert supervisor.pids["sloop"] == pid
    await supervisor.kill("sloop", signal.SIGCONT)
    await supervisor.close()


async def test_hurrying_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    await supervisor.start(ship(tmp_path, "hulk", STUBBORN, grace=60))
    closing = asyncio.create_task(supervisor.close())
    await asyncio.sleep(0)

    supervisor.hurry()

    await asyncio.wait_for(closing, 30)


async def test_a_part_that_cannot_start_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Said())
    with pytest.raises(NotReadyError, match="struck a rock"):
        await supervisor.start(ship(tmp_path, "wreck", SINKS))
    await supervisor.close()


async def test_what_a_killed_supervisor_leaves_is_found_and_stopped(tmp_path: Path) -> None:
    # A process as a stack leaves it whose supervisor was killed: noted, and nobody's child.
    script = (
        "import subprocess, sys\n"
        "from pathlib import Path\n"
        "from tools.ledger import Ledger\n"
        "import signal\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True, stdout=subprocess.DEVNULL)\n"
        "Ledger(Path(sys.argv[1])).add('sloop', child.pid, signal.SIGTERM)\n"
        "print(child.pid)\n"
    )
    first = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(tmp_path / "pids.json")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await first.communicate()
    orphan = int(out)
    assert runs(orphan)
    said = Said()

    await Supervisor(tmp_path, said).clear_leftovers()

    assert not runs(orphan)
    assert any("left running: sloop" in line for line in said)


async def test_a_pid_that_somebody_else_has_by_now_is_left_alone(tmp_path: Path) -> None:
    sleeper = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(600)"
    )
    ledger = Ledger(tmp_path / "pids.json")
    ledger.add("sloop", sleeper.pid, signal.SIGTERM)
    written = (tmp_path / "pids.json").read_text()
    started = psutil.Process(sleeper.pid).create_time()
    (tmp_path / "pids.json").write_text(written.replace(str(started), str(started - 3600)))

    assert Ledger(tmp_path / "pids.json").leftovers() == []

    await Supervisor(tmp_path, Said()).clear_leftovers()
    assert sleeper.returncode is None
    sleeper.kill()
    await sleeper.wait()


async def test_parts_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.tools.ships import ship\n"
        "from tools.supervisor import Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor(Path(sys.argv[1]), print)\n"
        "    await supervisor.start(ship(Path(sys.argv[1]), 'sloop'))\n"
        "    print(supervisor.pids['sloop'], flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    first = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(tmp_path)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert first.stdout
    pid = int(await asyncio.wait_for(first.stdout.readline(), 60))

    first.kill()
    await first.wait()

    await eventually(lambda: not runs(pid))


async def test_the_pause_before_a_restart_grows(tmp_path: Path) -> None:
    said = Said()
    supervisor = Supervisor(tmp_path, said)
    began = time.monotonic()
    with pytest.raises(NotReadyError):
        await supervisor.start(ship(tmp_path, "wreck", SINKS))
    await supervisor.close()

    assert time.monotonic() - began > 0.2 + 0.4 + 0.8
    pauses = [line.rpartition(" in ")[2] for line in said]
    assert pauses == ["0.2 s", "0.4 s", "0.8 s", "1.6 s"]
