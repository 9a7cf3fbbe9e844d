"""A running stack's addresses as shell variables, for trying its APIs by hand."""

from __future__ import annotations

import shlex
from pathlib import Path

from tools import manifest
from tools.errors import StackError
from tools.manifest import Manifest


def variables(folders: tuple[Path, ...]) -> str:
    """Return assignments that a shell can eval, of the first folder with a running stack."""
    for folder in folders:
        written = folder / "stack.json"
        if written.exists():
            return assignments(manifest.read(written))
    raise StackError("Nothing runs here now: start it with `make demo` first.")


def assignments(running: Manifest) -> str:
    """Return one assignment a line, quoted."""
    values = {
        "SANDBOX": running.sandbox,
        "WEB": running.web,
        "GATEWAY": running.gateway,
        "INFRACTIONS": running.infractions,
        "STATS": running.stats,
        "ADMIN": running.admin,
        "GUILD": running.guild_id,
        "CHANNEL": running.channel_id,
        "API_KEY": running.api_key,
    }
    values |= {f"PID_{name.upper()}": str(pid) for name, pid in running.pids.items()}
    return "\n".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
