"""What stats tells Prometheus about its own work."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.stats.counting import Row


class Metrics:
    """The numbers, in a registry that is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rows = Counter("stats_rows", "Rows inserted.", ["kind"], registry=registry)
        self.poison = Counter(
            "stats_poison", "Events that could not be read.", ["event"], registry=registry
        )
        self.batch = Histogram(
            "stats_batch_rows",
            "Rows in a batch.",
            buckets=(1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000),
            registry=registry,
        )
        self.insert_seconds = Histogram(
            "stats_insert_seconds", "How long inserts take.", registry=registry
        )
        self.sum_seconds = Histogram(
            "stats_sum_seconds",
            "How long the sums of a day take.",
            buckets=(0.05, 0.1, 0.5, 1, 5, 10, 60),
            registry=registry,
        )
        self.lag = Gauge(
            "stats_lag_seconds",
            "How old the newest event of the last batch was when it had been counted.",
            registry=registry,
        )
        self.waiting = Gauge(
            "stats_waiting_events", "Events that wait to be counted.", registry=registry
        )

    def inserted(self, rows: Iterable[Row]) -> None:
        """Note a batch that was inserted."""
        tally = Tally(row.kind for row in rows)
        self.batch.observe(tally.total())
        for kind, number in tally.items():
            self.rows.labels(kind).inc(number)
