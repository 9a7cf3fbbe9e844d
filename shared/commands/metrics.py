"""What is counted of commands, in the registry of its process."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class CommandMetrics:
    """Counts invocations by what came of them, and times them."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.answered = Counter(
            "commands_total",
            "Invocations by command, where they came from, and what came of them",
            ["command", "source", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "command_seconds",
            "From the gateway's receipt of an invocation until its answer is with the broker",
            ["command"],
            buckets=_BUCKETS,
            registry=registry,
        )
