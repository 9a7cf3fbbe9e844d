"""What the scheduler tells about itself, in the registry of its process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.jobs.store import Counts


class JobMetrics:
    """Gauges of what waits, counters of what was done."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.due = Gauge("jobs_due", "Jobs that could be claimed now", registry=registry)
        self.leased = Gauge("jobs_leased", "Jobs that this process holds", registry=registry)
        self.dead = Gauge("jobs_dead", "Jobs that failed for good", registry=registry)
        self.lag = Gauge(
            "jobs_lag_seconds", "How late the oldest unclaimed job is", registry=registry
        )
        self.snapshot = Gauge(
            "jobs_oldest_snapshot_seconds",
            "Age of the oldest transaction that keeps Postgres from clearing up done jobs",
            registry=registry,
        )
        self.done = Counter(
            "jobs_done_total",
            "Runs of jobs, by what came of them",
            ["kind", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "jobs_run_seconds",
            "How long a run took, of a batch as a whole",
            ["kind"],
            registry=registry,
        )

    def show(self, counts: Counts) -> None:
        """Show what was counted in the table."""
        self.due.set(counts.due)
        self.lag.set(counts.late)
        self.dead.set(counts.dead)
        self.snapshot.set(counts.snapshot)
