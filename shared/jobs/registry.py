"""Which function does which job."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

from msgspec import Struct
from prometheus_client import CollectorRegistry

from shared.jobs.metrics import JobMetrics
from shared.jobs.scheduling import kind_of
from shared.jobs.worker import Kind, Worker
from shared.postgres import Db

# Any: each service has deps of its own, and the types of the jobs vary
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

MAX_FAILURES: Final = 12
WITH_TRANSACTION: Final = 3
"""Parameters of a handler that wants its writes and its completion in one transaction."""


class Jobs:
    """The jobs of one service: a function for each type of Struct, whose tag is the kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}

    def job(self, type_: type[Struct], *, max_failures: int = MAX_FAILURES) -> Callable[[F], F]:
        """Register `async def handler(deps, job)`, or `handler(deps, job, tx)`.

        A handler that takes `tx`, a connection in a transaction, writes with it: its writes and the
        job's completion happen both or not at all. Any other handler may run again after a crash,
        so that its effects need a key of their own. One that fails is tried again after a while,
        `max_failures` times in all; then the job is kept among the dead.
        """

        def register(handler: F) -> F:
            kind = kind_of(type_)
            if kind in self._kinds:
                raise ValueError(f"there are two functions for the job {kind}")
            parameters = len(inspect.signature(handler).parameters)
            self._kinds[kind] = Kind(
                type_, handler, max_failures, in_transaction=parameters == WITH_TRANSACTION
            )
            return handler

        return register

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
        over after `lease`.
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
