"""The environment of stats."""

from datetime import timedelta

from shared.settings import Secret, ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """What stats reads from the environment."""

    clickhouse_url: Secret
    batch_size: int = 20_000
    batch_wait: timedelta = timedelta(seconds=1)
    sum_every: timedelta = timedelta(minutes=5)
