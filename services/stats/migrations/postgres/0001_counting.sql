-- When an event that carries no time of its own was first seen. The gateway publishes an event
-- again after a RESUME, at another time: the first one stays, so that the row's key stays too.
CREATE TABLE first_seen (
    guild_id bigint NOT NULL,
    event_id bigint NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (guild_id, event_id)
);

CREATE INDEX first_seen_by_time ON first_seen (seen_at);

-- The days that have events, in UTC. `changes` grows with every batch that touches a finished
-- day; the sums of a day stand for it while `summed` is the `changes` that they were built from.
CREATE TABLE days (
    day     date PRIMARY KEY,
    changes bigint NOT NULL DEFAULT 1,
    summed  bigint NOT NULL DEFAULT 0
);
