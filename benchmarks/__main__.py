"""Run every benchmark, or the named ones: `python -m benchmarks [command ...]`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine

from benchmarks import command, gateway, infractions, jobs, kills, memory
from benchmarks.report import CannotMeasureError, Result, append, table
from shared import logging

BENCHES: dict[str, Callable[[], Coroutine[None, None, list[Result]]]] = {
    "command": command.run,
    "gateway": gateway.run,
    "infractions": infractions.run,
    "jobs": jobs.run,
    "kills": kills.run,
    "memory": memory.run,
}


def main(names: list[str]) -> int:
    """Run benchmarks one after the other; 1 when one of them could not measure."""
    logging.configure("bench", "error", "console")
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(BENCHES)}.")
        return 1
    return max(_run(name) for name in names or BENCHES)


def _run(name: str) -> int:
    print(f"== {name}", flush=True)
    try:
        results = asyncio.run(BENCHES[name]())
    except CannotMeasureError as error:
        print(f"Nothing could be measured: {error}")
        return 1
    print(table(results))
    append(results)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
