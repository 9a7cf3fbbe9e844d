"""The environment that processes of the stack inherit: this one, without others' settings."""

from __future__ import annotations

import os

# A private server must not take another's settings for its own.
FOREIGN = ("PG", "RABBITMQ_", "ERL_", "CLICKHOUSE_")


def inherited() -> dict[str, str]:
    """Return this process's environment without what names other servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
