"""A worker in a process of its own, for tests that kill it: `job_process.py URL BEHAVIOUR LEASE`.

Prints a line for each job that it begins. `count` writes in the job's transaction, `hang` never
ends, `die` kills its own process.
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


class Hang(Struct, tag="hang"):
    number: int


class Die(Struct, tag="die"):
    number: int


@jobs.job(Count)
async def count(_deps: object, job: Count, tx: Connection) -> None:
    await tx.execute("INSERT INTO effects VALUES ($1)", job.number)


@jobs.job(Hang)
async def hang(_deps: object, job: Hang) -> None:
    sys.stdout.write(f"hang {job.number}\n")
    sys.stdout.flush()
    await asyncio.sleep(3600)


@jobs.job(Die, max_failures=2)
async def die(_deps: object, _job: Die) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, lease: float) -> None:
    async with (
        postgres.connect(url, schema="tests", shared=("jobs",)) as db,
        jobs.worker(db, None, lease=timedelta(seconds=lease)),
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
