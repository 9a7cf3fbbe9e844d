"""What the bus counts, in the registry of its process."""

from prometheus_client import CollectorRegistry, Counter


class BusMetrics:
    """Counters of what was published and consumed, and of what came of it."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.published = Counter(
            "bus_published_total", "Messages that the broker confirmed", registry=registry
        )
        self.republished = Counter(
            "bus_republished_total",
            "Messages published again after a reconnect or a refusal",
            registry=registry,
        )
        self.consumed = Counter(
            "bus_consumed_total",
            "Messages handled, by what came of them",
            ["queue", "outcome"],
            registry=registry,
        )
        self.dead = Counter(
            "bus_dead_total", "Messages parked for an operator", ["queue"], registry=registry
        )
        self.reconnects = Counter(
            "bus_reconnects_total", "Connections that came back after a loss", registry=registry
        )
