-- The gateway's processes that share the shards. Each renews its row, which is worth nothing once
-- its connection is gone or it has not renewed in time. Who leads says how many shards there are:
-- two processes that disagree would both read some guilds.
CREATE TABLE processes (
    owner text PRIMARY KEY,
    shard_count integer NOT NULL,
    draining boolean NOT NULL DEFAULT false,
    backend_pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
