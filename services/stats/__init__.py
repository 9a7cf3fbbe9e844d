"""Stats: counts what happens in guilds, in ClickHouse, and answers questions about it."""
