-- What leaves the record: the mod log of a guild, its webhooks, and what was delivered to them.

-- Work that only one does at a time, such as writing a guild's log; it is taken over from one who died.
CREATE TABLE turns (
    guild_id bigint      NOT NULL,
    name     text        NOT NULL,
    holder   uuid        NOT NULL,
    until    timestamptz NOT NULL,
    PRIMARY KEY (guild_id, name)
);

-- Which version of an infraction the log shows, which one it should, and where. `attempts` counts the posts
-- that came to an end, `sending` is the version of one that has not; `waiting_since` is when it was last in step.
CREATE TABLE modlog (
    guild_id      bigint      NOT NULL,
    number        integer     NOT NULL,
    wanted        integer     NOT NULL,
    shown         integer     NOT NULL DEFAULT 0,
    waiting_since timestamptz NOT NULL DEFAULT now(),
    refusals      integer     NOT NULL DEFAULT 0,
    attempts      integer     NOT NULL DEFAULT 0,
    sending       integer,
    channel_id    bigint,
    message_id    bigint,
    PRIMARY KEY (guild_id, number),
    FOREIGN KEY (guild_id, number) REFERENCES infractions (guild_id, number)
);
CREATE INDEX modlog_waiting ON modlog (guild_id, refusals, number) WHERE wanted > shown;

-- The logs that can't be written, and why.
CREATE TABLE modlog_failures (
    guild_id   bigint      PRIMARY KEY,
    channel_id bigint      NOT NULL,
    failure    text        NOT NULL,
    since      timestamptz NOT NULL DEFAULT now(),
    again_at   timestamptz NOT NULL
);

CREATE TABLE webhooks (
    guild_id         bigint      NOT NULL,
    id               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    name             text        NOT NULL,
    url              text        NOT NULL,
    secret           text        NOT NULL,
    events           text[]      NOT NULL DEFAULT '{}',
    created_at       timestamptz NOT NULL DEFAULT now(),
    created_by       bigint      NOT NULL,
    failures         integer     NOT NULL DEFAULT 0,
    failing_since    timestamptz,
    paused_until     timestamptz NOT NULL DEFAULT now(),
    switched_off_at  timestamptz,
    switched_off_why text        NOT NULL DEFAULT '',
    PRIMARY KEY (guild_id, id)
);

CREATE TABLE deliveries (
    guild_id   bigint      NOT NULL,
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    webhook_id bigint      NOT NULL,
    event      text        NOT NULL,
    number     integer,
    body       text        NOT NULL,
    state      text        NOT NULL DEFAULT 'waiting',
    tries      integer     NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_at    timestamptz NOT NULL DEFAULT now(),
    tried_at   timestamptz,
    status     integer,
    error      text,
    PRIMARY KEY (guild_id, id),
    FOREIGN KEY (guild_id, webhook_id) REFERENCES webhooks (guild_id, id) ON DELETE CASCADE,
    CHECK (state IN ('waiting', 'delivered', 'dead'))
);
CREATE INDEX deliveries_webhook ON deliveries (guild_id, webhook_id, id DESC);
CREATE INDEX deliveries_waiting ON deliveries (guild_id, webhook_id, tries, id) WHERE state = 'waiting';
CREATE INDEX deliveries_old ON deliveries (guild_id, webhook_id, created_at) WHERE state <> 'waiting';
