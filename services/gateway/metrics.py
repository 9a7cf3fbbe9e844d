"""What the gateway counts and measures, in the registry of its process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds in seconds for what people wait for."""


class Metrics:
    """Prometheus metrics of shards, publishing, commands, actions and REST."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._shard_metrics(registry)
        self._publish_metrics(registry)
        self._action_metrics(registry)
        self._rest_metrics(registry)
        self._queue_metrics(registry)

    def _shard_metrics(self, registry: CollectorRegistry) -> None:
        shard = ["shard"]
        self.connected = Gauge(
            "gateway_shard_connected", "1 while a shard is ready", shard, registry=registry
        )
        self.heartbeat = Gauge(
            "gateway_heartbeat_seconds", "Heartbeat latency of a shard", shard, registry=registry
        )
        self.seq_read = Gauge(
            "gateway_seq_read", "Last sequence number read", shard, registry=registry
        )
        self.seq_confirmed = Gauge(
            "gateway_seq_confirmed", "Last sequence number confirmed", shard, registry=registry
        )
        self.identifies = Counter(
            "gateway_identifies_total", "New sessions begun", shard, registry=registry
        )
        self.resumes = Counter(
            "gateway_resumes_total", "Sessions resumed", shard, registry=registry
        )
        self.closes = Counter(
            "gateway_closes_total", "Connections closed by Discord", ["code"], registry=registry
        )
        self.budget = Gauge("gateway_identify_budget", "Identifies left today", registry=registry)
        self.identifies_put_off = Counter(
            "gateway_identifies_put_off_total",
            "Times that a new session had to wait, to keep the daily budget",
            ["why"],
            registry=registry,
        )
        self.reconciled = Counter(
            "gateway_guilds_reconciled_total",
            "Guilds of which events were missed, by what could be read of their audit logs",
            ["audit_log"],
            registry=registry,
        )
        self.replayed = Counter(
            "gateway_audit_entries_replayed_total",
            "Entries of audit logs published later, as their events were missed",
            registry=registry,
        )
        self.share = Gauge(
            "gateway_shard_share", "Shards that this process is to run", registry=registry
        )

    def _publish_metrics(self, registry: CollectorRegistry) -> None:
        self.events = Counter(
            "gateway_events_total", "Events received", ["type"], registry=registry
        )
        self.window = Gauge(
            "gateway_publish_window", "Events on their way to the broker", registry=registry
        )
        self.confirm = Histogram(
            "gateway_confirm_seconds",
            "From reading an event to the broker's confirm",
            buckets=FAST,
            registry=registry,
        )
        self.invocations = Counter(
            "gateway_invocations_total",
            "Commands and presses passed on, by source and what came of it",
            ["source", "outcome"],
            registry=registry,
        )
        self.deferred = Counter(
            "gateway_deferred_total", "Interactions that had to be deferred", registry=registry
        )

    def _action_metrics(self, registry: CollectorRegistry) -> None:
        self.actions = Counter(
            "gateway_actions_total",
            "Actions carried out, by kind and result",
            ["do", "status"],
            registry=registry,
        )
        self.action_seconds = Histogram(
            "gateway_action_seconds",
            "From receiving an action to its result",
            ["class"],
            buckets=FAST,
            registry=registry,
        )
        self.late = Counter(
            "gateway_actions_late_total",
            "Actions that came after their deadline",
            registry=registry,
        )
        self.answers_late = Counter(
            "gateway_answers_late_total",
            "Answers to services after their deadline, and to people when Discord took none more",
            ["to"],
            registry=registry,
        )
        self.action_age = Gauge(
            "gateway_action_age_seconds",
            "How long the oldest action of a class has waited for its end",
            ["class"],
            registry=registry,
        )

    def _rest_metrics(self, registry: CollectorRegistry) -> None:
        self.rest_status = Counter(
            "gateway_rest_total",
            "Requests to Discord by route and status; 0 is no answer",
            ["route", "status"],
            registry=registry,
        )
        self.rest_seconds = Histogram(
            "gateway_rest_seconds",
            "Duration of requests to Discord",
            ["route"],
            buckets=FAST,
            registry=registry,
        )
        self.rest_wait = Histogram(
            "gateway_rest_wait_seconds",
            "Time that requests waited for rate limits, by route and Discord's bucket of it",
            ["route", "bucket"],
            buckets=FAST,
            registry=registry,
        )
        self.rest_waiting = Gauge(
            "gateway_rest_waiting", "Requests that wait for rate limits now", registry=registry
        )
        self.rest_too_late = Counter(
            "gateway_rest_too_late_total",
            "Requests not sent, as rate limits would have let them through after their deadline",
            ["route"],
            registry=registry,
        )
        self.rest_refused = Counter(
            "gateway_rest_refused_total",
            "Answers 401, 403 and 429, by scope of the limit",
            ["status", "scope"],
            registry=registry,
        )
        self.rest_invalid = Gauge(
            "gateway_rest_invalid_requests",
            "Refused requests of the last ten minutes; Discord bans the address at 10 000",
            registry=registry,
        )

    def _queue_metrics(self, registry: CollectorRegistry) -> None:
        queue = ["queue"]
        self.queue_messages = Gauge(
            "gateway_queue_messages", "Messages that wait in a queue", queue, registry=registry
        )
        self.queue_consumers = Gauge(
            "gateway_queue_consumers", "Who takes messages from a queue", queue, registry=registry
        )
        self.queue_dead = Gauge(
            "gateway_queue_dead", "Messages parked for an operator", queue, registry=registry
        )
        self.queue_stalled = Gauge(
            "gateway_queue_stalled_seconds",
            "How long messages have waited in a queue that nobody takes from",
            queue,
            registry=registry,
        )
