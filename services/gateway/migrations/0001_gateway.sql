-- The gateway's memory: who holds what, where each shard stands, guilds, commands, results.
-- No table here belongs to one guild's data in the sense of being distributed by it, except guilds.

-- Work that one process at a time may do (`shard:0`, `executor`). The holder is a database
-- connection: when that is gone, or has not renewed in time, another may take over. `fence` grows
-- with every new holder, and what a former holder writes with an older fence is refused.
CREATE TABLE leases (
    name text PRIMARY KEY,
    fence bigint NOT NULL DEFAULT 0,
    owner text,
    backend_pid integer,
    backend_start timestamptz,
    expires_at timestamptz NOT NULL DEFAULT '-infinity',
    acquired_at timestamptz
);

-- Where each shard resumes: the last sequence number that RabbitMQ confirmed.
CREATE TABLE sessions (
    shard_id integer PRIMARY KEY,
    shard_count integer NOT NULL,
    session_id text NOT NULL,
    seq bigint NOT NULL,
    resume_url text,
    user_id bigint NOT NULL,
    application_id bigint NOT NULL DEFAULT 0,
    saved_at timestamptz NOT NULL DEFAULT now()
);

-- When each of Discord's identify buckets (shard_id % max_concurrency) is free again.
CREATE TABLE identify_gate (
    bucket integer PRIMARY KEY,
    free_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- What is known of each guild, and the last event that went into it.
CREATE TABLE guilds (
    guild_id bigint PRIMARY KEY,
    shard_id integer NOT NULL,
    snapshot jsonb NOT NULL,
    session_id text NOT NULL DEFAULT '',
    seq bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What each service announced last.
CREATE TABLE commands (
    service text PRIMARY KEY,
    specs jsonb NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT now()
);

-- What was registered with Discord last: per scope (0 = global, or a guild).
CREATE TABLE registrations (
    application_id bigint NOT NULL,
    scope_id bigint NOT NULL,
    hash text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application_id, scope_id)
);

-- The first result of every action that had a key; kept for a day.
CREATE TABLE action_results (
    key text PRIMARY KEY,
    result text NOT NULL,
    command_id bigint,
    answer_id bigint,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX action_results_at ON action_results (at);
CREATE INDEX action_results_command ON action_results (command_id) WHERE command_id IS NOT NULL;
