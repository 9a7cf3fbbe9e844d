"""`python -m tools demo | run | env | install | clean`: the local stack by command."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.backing import Addresses, install_missing
from tools.clean import clean
from tools.discord import Discord
from tools.dotenv import with_dotenv
from tools.errors import StackError
from tools.progress import to_terminal
from tools.shell import variables
from tools.stack import Stack
from tools.welcome import welcome

ROOT = Path(__file__).parents[1]
LOCAL = ROOT / ".local"
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stack_of(command: str, environ: Mapping[str, str]) -> Stack:
    """Return the stack that a command runs: with the sandbox, or with the real Discord."""
    if command == "demo":
        return Stack(LOCAL, given=environ, lively=True, say=to_terminal)
    environ = with_dotenv(ROOT / ".env", environ)
    return Stack(LOCAL / "run", given=environ, discord=Discord.real(environ), say=to_terminal)


async def install_for(environ: Mapping[str, str]) -> None:
    """Install the servers that the environment does not name, so that a test need not wait."""
    await install_missing(Addresses.given(environ), LOCAL / "logs" / "apt.log", to_terminal)


async def serve(stack: Stack) -> None:
    """Run a stack until somebody wants it to end; asked twice, end at once."""
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(_run(stack))
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            stack.hurry()
        else:
            running.cancel()

    for number in STOPPING:
        loop.add_signal_handler(number, ask)
    try:
        await running
    except asyncio.CancelledError:
        to_terminal("Everything is stopped.")


async def _run(stack: Stack) -> None:
    async with stack:
        to_terminal(welcome(stack))
        try:
            await asyncio.Event().wait()
        finally:
            to_terminal("\nStopping (Ctrl-C again stops at once) ...")


def main() -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools")
    parser.add_argument("command", choices=("demo", "run", "env", "install", "clean"))
    command: str = parser.parse_args().command
    try:
        if command == "clean":
            asyncio.run(clean(LOCAL))
        elif command == "env":
            print(variables((LOCAL, LOCAL / "run")))
        elif command == "install":
            asyncio.run(install_for(os.environ))
        else:
            asyncio.run(serve(stack_of(command, os.environ)))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
