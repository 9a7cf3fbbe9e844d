"""What the scheduler tells about itself, in the registry of its process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


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
        self.done = Counter(
            "jobs_done_total",
            "Runs of jobs, by what came of them",
            ["kind", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "jobs_run_seconds", "How long a run took", ["kind"], registry=registry
        )
