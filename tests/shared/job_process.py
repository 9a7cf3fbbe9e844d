"""A worker in a process of its own, for tests that kill it: `job_process.py URL BEHAVIOUR LEASE`.

Prints a line for each job that it begins. `count` and, in batches, `tally` write in the job's
transaction, `linger` writes and takes a moment, `hang` never ends, `die` kills its own process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta

from msgspec import Struct

from shared import postgres
from shared.jobs import Jobs
from shared.postgres import Connection

jobs = Jobs()


class Count(Struct, tag="count"):
    number: int


class Tally(Struct, tag="tally"):
    number: int


class Hang(Struct, tag="hang"):
    number: int


class Linger(Struct, tag="linger"):
    number: int


class Die(Struct, tag="die"):
    number: int


@jobs.job(Count)
async def count(_deps: object, job: Count, tx: Connection) -> None:
    await tx.execute("INSERT INTO effects VALUES ($1)", job.number)


@jobs.batch(Tally, size=20)
async def tally(_deps: object, jobs: list[Tally], tx: Connection) -> None:
    await tx.execute("INSERT INTO effects SELECT unnest($1::int[])", [job.number for job in jobs])


@jobs.job(Hang)
async def hang(_deps: object, job: Hang) -> None:
    say(f"hang {job.number}")
    await asyncio.sleep(3600)


@jobs.job(Linger)
async def linger(_deps: object, job: Linger, tx: Connection) -> None:
    await tx.execute("INSERT INTO effects VALUES ($1)", job.number)
    say(f"linger {job.number}")
    await asyncio.sleep(0.5)  # so that there is time to stop the process


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@jobs.job(Die, max_failures=2)
async def die(_deps: object, _job: Die) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, lease: float) -> None:
    async with (
        postgres.connect(url, schema="tests", shared=("jobs",)) as db,
        jobs.worker(db, None, lease=timedelta(seconds=lease)),
    ):
        say("ready")
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
