-- Trying rules on the past, and erasing people.

CREATE INDEX infractions_warnings ON infractions (guild_id, created_at) WHERE kind = 'warning';

-- Whose data is being erased; what holds yet keeps its id until it ends, and then the row goes.
CREATE TABLE erasures (
    guild_id   bigint      NOT NULL,
    user_id    bigint      NOT NULL,
    actor_id   bigint      NOT NULL,
    actor_name text        NOT NULL,
    asked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, user_id)
);
