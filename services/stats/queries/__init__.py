"""Every statement of stats: `events` and `sums` are ClickHouse's, `days` are Postgres's."""
