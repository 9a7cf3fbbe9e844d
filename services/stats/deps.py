"""What the handlers of stats are given."""

from dataclasses import dataclass, field
from datetime import date

from services.stats.clickhouse import ClickHouse
from services.stats.metrics import Metrics
from services.stats.settings import Settings
from shared.bus import Bus
from shared.config import ConfigStore
from shared.http.keys import KeyStore
from shared.postgres import Db


@dataclass(frozen=True)
class Deps:
    """Everything that stats holds open.

    `noted_days` are the recent days that are known in Postgres to have events: a memory that
    saves a write with every batch.
    """

    settings: Settings
    db: Db
    clickhouse: ClickHouse
    bus: Bus
    configs: ConfigStore
    metrics: Metrics
    noted_days: set[date] = field(default_factory=set[date])
