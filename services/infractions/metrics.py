"""What infractions counts of what leaves it: entries of mod logs, deliveries to webhooks."""

from prometheus_client import CollectorRegistry, Counter


class Metrics:
    """Counters in the registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.log_refusals = Counter(
            "infractions_modlog_refusals_total",
            "Entries of mod logs that Discord refused",
            registry=registry,
        )
        self.deliveries = Counter(
            "infractions_webhook_tries_total",
            "Tries to deliver to webhooks, by what came of them",
            ["outcome"],
            registry=registry,
        )
        self.switched_off = Counter(
            "infractions_webhooks_switched_off_total",
            "Webhooks that were switched off as nothing could be delivered",
            registry=registry,
        )
