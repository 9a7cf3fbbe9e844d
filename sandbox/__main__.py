"""`python -m sandbox`: run a stand-in for Discord on this machine."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox import seed
from sandbox.app import serve
from sandbox.control.keys import TRAFFIC_KEY
from sandbox.control.requests import REQUESTS_KEY
from sandbox.keeping import kept, open_world
from sandbox.world import World

LIVELY = 0.5  # things a second by day


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=int, default=8000, help="port to listen on, 0 for a free one"
    )
    parser.add_argument("--state", type=Path, help="file that keeps the world between runs")
    parser.add_argument("--seed", choices=["demo"], help="fill an empty world")
    parser.add_argument(
        "--traffic",
        nargs="?",
        type=float,
        const=LIVELY,
        default=0.0,
        metavar="RATE",
        help="let members chat, come and go: about RATE things a second by day",
    )
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = open_world(options.state, seed.demo if options.seed else World)
    async with (
        kept(world, options.state) as touch,
        serve(world, host=options.host, port=options.port) as serving,
    ):
        serving.app[REQUESTS_KEY].on_write = touch
        print(f"The sandbox is at {serving.url}", flush=True)  # noqa: T201 - said to a person
        made = seed.seed_of(world)
        if options.traffic and made:
            await serving.app[TRAFFIC_KEY].live(made.guild_id, options.traffic)
        await stop.wait()


def main() -> int:
    """Run; a port that is taken is one plain sentence."""
    options = parse(sys.argv[1:])
    try:
        asyncio.run(run(options))
    except OSError as error:
        print(  # noqa: T201 - same
            f"The sandbox cannot listen on {options.host}:{options.port}: {error.strerror}.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
