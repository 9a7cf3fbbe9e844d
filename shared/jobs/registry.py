"""Which function does which job."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

from msgspec import Struct
from prometheus_client import CollectorRegistry

from shared.jobs.kinds import Kind
from shared.jobs.metrics import JobMetrics
from shared.jobs.scheduling import GUILD, kind_of
from shared.jobs.worker import Worker
from shared.postgres import Connection, Db

# Any: each service has deps of its own, and the types of the jobs vary
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

MAX_FAILURES: Final = 12
BATCH: Final = 500
BATCHES: Final = 2
"""Batches of a kind at once: one is done while the next one is claimed."""
WITH_TRANSACTION: Final = 3
"""Parameters of a handler that wants its writes and its completion in one transaction."""


class Jobs:
    """The jobs of one service: a function for each type of Struct, whose tag is the kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}

    def job(
        self,
        type_: type[Struct],
        *,
        max_failures: int = MAX_FAILURES,
        concurrency: int | None = None,
        together: int = 1,
    ) -> Callable[[F], F]:
        """Register `async def handler(deps, job)`, or `handler(deps, job, tx)`.

        A handler that takes `tx`, a connection in a transaction, writes with it: its writes and the
        job's completion happen both or not at all. Any other handler may run again after a crash,
        so that its effects need a key of their own. One that fails is tried again after a while,
        `max_failures` times in all; then the job is kept among the dead. `concurrency` is how many
        of the kind a worker runs at once, the worker's own number if there is none here.

        `together` lets so many jobs share a transaction when many are due, one after another, which
        is several times as fast. It is for handlers that do nothing but write with `tx`: the jobs
        before one that fails are rolled back and called again, and all wait for the slowest.
        """
        if together > 1:
            return self._together(type_, together, max_failures, concurrency or BATCHES)

        def register(handler: F) -> F:
            in_transaction = _parameters(handler) == WITH_TRANSACTION
            self._add(type_, handler, max_failures, concurrency, in_transaction=in_transaction)
            return handler

        return register

    def batch(
        self,
        type_: type[Struct],
        *,
        size: int = BATCH,
        max_failures: int = MAX_FAILURES,
        concurrency: int = BATCHES,
    ) -> Callable[[F], F]:
        """Register `async def handler(deps, jobs, tx)`, which does up to `size` jobs at once.

        Its writes with `tx` and the completion of all these jobs happen in one transaction. Jobs
        that were cancelled or moved meanwhile are not among them. When it raises, everything is
        rolled back and each half of the batch is tried for itself, so that one poisonous job is
        found and put off alone; `Retry` puts off all of them. Mind that a handler may therefore be
        called with the same jobs several times: do nothing in it but write with `tx`.
        """
        if size < 1:
            raise ValueError("a batch has at least one job")

        def register(handler: F) -> F:
            if _parameters(handler) != WITH_TRANSACTION:
                raise ValueError("a function for batches takes deps, jobs and tx")
            self._add(type_, handler, max_failures, concurrency, in_transaction=True, batch=size)
            return handler

        return register

    def _together(
        self, type_: type[Struct], size: int, max_failures: int, concurrency: int
    ) -> Callable[[F], F]:
        """Register a function for one job to be called for each of a batch."""

        def register(handler: F) -> F:
            if _parameters(handler) != WITH_TRANSACTION:
                raise ValueError("jobs that share a transaction need a function that takes tx")

            # Any: each service has deps of its own
            async def one_by_one(deps: Any, jobs: list[Struct], tx: Connection) -> None:  # noqa: ANN401 - as said
                for job in jobs:
                    await handler(deps, job, tx)

            self._add(type_, one_by_one, max_failures, concurrency, in_transaction=True, batch=size)
            return handler

        return register

    def _add(
        self,
        type_: type[Struct],
        handler: Callable[..., Awaitable[Any]],  # Any: it returns nothing of use
        max_failures: int,
        concurrency: int | None,
        *,
        in_transaction: bool,
        batch: int = 0,
    ) -> None:
        name = kind_of(type_)
        if name in self._kinds:
            raise ValueError(f"there are two functions for the job {name}")
        self._kinds[name] = Kind(
            name=name,
            type=type_,
            handler=handler,
            max_failures=max_failures,
            in_transaction=in_transaction,
            concurrency=concurrency,
            batch=batch,
            of_guilds=GUILD in type_.__struct_fields__ and not batch,
        )

    @asynccontextmanager
    async def worker(
        self,
        db: Db,
        deps: object,
        *,
        lease: timedelta = timedelta(seconds=30),
        concurrency: int = 20,
        registry: CollectorRegistry | None = None,
    ) -> AsyncGenerator[Worker]:
        """Do what is due for as long as the block lasts; then finish what runs, give back the rest.

        A worker holds a job under a lease, which it renews; when it dies, another one takes the job
        over after `lease`. It runs `concurrency` jobs of each kind at once, so that no kind waits
        for another one, and a quarter more of guilds that have none running, so that no guild waits
        for another one's.
        """
        worker = Worker(
            db,
            deps,
            self._kinds,
            lease=lease,
            concurrency=concurrency,
            metrics=JobMetrics(registry),
        )
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()


def _parameters(handler: Callable[..., object]) -> int:
    return len(inspect.signature(handler).parameters)
