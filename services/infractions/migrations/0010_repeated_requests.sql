-- Answers to requests that carry an idempotency key, kept for a day: the same request again is answered, and not done again.

CREATE TABLE repeats (
    guild_id      bigint      NOT NULL,
    who           text        NOT NULL,
    key           text        NOT NULL,
    request       text        NOT NULL,
    source_key    text        NOT NULL,
    begun_at      timestamptz NOT NULL DEFAULT now(),
    working_until timestamptz NOT NULL,
    status        integer,
    headers       jsonb       NOT NULL DEFAULT '{}',
    body          text        NOT NULL DEFAULT '',
    PRIMARY KEY (guild_id, who, key)
);
CREATE INDEX repeats_age ON repeats (begun_at);
