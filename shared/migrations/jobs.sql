-- Work that is done later. `due` is when a row may be claimed: the time it was asked for, the time of
-- the next try, or the end of a lease. `attempt` grows with every claim and reschedule: it is the
-- fencing token. `crashes` counts the claims that ended with the worker's death.
CREATE TABLE timer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    due timestamptz NOT NULL,
    attempt int NOT NULL DEFAULT 0,
    failures int NOT NULL DEFAULT 0,
    crashes int NOT NULL DEFAULT 0,
    owner text,
    kind text NOT NULL,
    key text,
    payload jsonb NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    error text
) WITH (
    fillfactor = 85,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.05
);
CREATE INDEX timer_due ON timer (due);
CREATE UNIQUE INDEX timer_key ON timer (kind, key) WHERE key IS NOT NULL;

-- Jobs that failed for good: kept, counted, shown, and put back by hand.
CREATE TABLE timer_dead (
    id bigint PRIMARY KEY,
    due timestamptz NOT NULL,
    attempt int NOT NULL,
    failures int NOT NULL,
    crashes int NOT NULL,
    kind text NOT NULL,
    key text,
    payload jsonb NOT NULL,
    created timestamptz NOT NULL,
    error text,
    died timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX timer_dead_died ON timer_dead (died DESC, id DESC);
