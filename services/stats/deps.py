"""What the handlers of stats are given."""

import asyncio
from dataclasses import dataclass, field
from datetime import date

from services.stats.clickhouse import ClickHouse
from services.stats.metrics import Metrics
from services.stats.progress import Progress
from services.stats.settings import Settings
from shared.bus import Bus
from shared.config import ConfigStore
from shared.errors import UnavailableError
from shared.postgres import Db


@dataclass(frozen=True)
class Deps:
    """Everything that stats holds open.

    `migrated` is set once ClickHouse has its tables. `noted_days` are the recent days that are
    known in Postgres to have events: a memory that saves a write with every batch.
    """

    settings: Settings
    db: Db
    clickhouse: ClickHouse
    bus: Bus
    config: ConfigStore
    metrics: Metrics
    progress: Progress
    migrated: asyncio.Event = field(default_factory=asyncio.Event)
    noted_days: set[date] = field(default_factory=set[date])

    def check_migrated(self) -> None:
        """Raise UnavailableError while ClickHouse has no tables yet."""
        if not self.migrated.is_set():
            raise UnavailableError("The statistics' database has not been there yet.")
