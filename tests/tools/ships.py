"""Small programs for the supervisor to run: ones that serve, crash, or refuse to stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools.parts import Part

SERVES = "import time\nprint('afloat', flush=True)\nopen({ready!r}, 'w').close()\ntime.sleep(600)"
SINKS = "import sys\nprint('struck a rock')\nsys.exit(3)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVES
WITH_A_CHILD = (
    "import subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    " start_new_session=True)\n"
    "open({child!r}, 'w').write(str(child.pid))\n" + SERVES
)


def ship(folder: Path, name: str, program: str = SERVES, *, grace: float = 30.0) -> Part:
    """Describe a program that is ready once it has written a file, which each start removes."""
    signal_fire = folder / f"{name}.ready"

    async def ready() -> bool:
        return signal_fire.exists()

    script = program.format(ready=str(signal_fire), child=str(folder / f"{name}.child"))
    return Part(
        name=name,
        argv=(sys.executable, "-c", script),
        env=dict(os.environ),
        cwd=folder,
        log=folder / f"{name}.log",
        ready=ready,
        grace=grace,
        patience=60,
        mend=lambda: signal_fire.unlink(missing_ok=True),
    )
