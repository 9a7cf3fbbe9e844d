-- What commands remember between two presses of a button: searches, mass orders, reports of members.

CREATE TABLE kept_filters (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id bigint      NOT NULL,
    matching jsonb       NOT NULL,
    kept_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kept_filters_age ON kept_filters (kept_at);

CREATE TABLE mass_orders (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id       bigint      NOT NULL,
    source_key     text        NOT NULL,
    what           text        NOT NULL,
    state          text        NOT NULL DEFAULT 'preview',
    moderator_id   bigint      NOT NULL,
    moderator_name text        NOT NULL,
    reason         text        NOT NULL,
    duration       interval,
    source         text        NOT NULL,
    channel_id     bigint,
    answer         jsonb,
    asked_at       timestamptz NOT NULL DEFAULT now(),
    CHECK (what IN ('ban', 'kick', 'mute', 'delete', 'pardon')),
    CHECK (state IN ('preview', 'running', 'cancelled', 'done'))
);
-- A command that is delivered again asks about the same mass order.
CREATE UNIQUE INDEX mass_orders_source ON mass_orders (guild_id, source_key);

-- One row per person (or, for a change in bulk, per infraction), in the order in which they were named.
CREATE TABLE mass_rows (
    order_id  bigint  NOT NULL REFERENCES mass_orders ON DELETE CASCADE,
    position  integer NOT NULL,
    user_id   bigint  NOT NULL,
    user_name text    NOT NULL,
    number    integer,
    outcome   text,
    detail    text    NOT NULL DEFAULT '',
    PRIMARY KEY (order_id, position),
    CHECK (outcome IN ('done', 'refused', 'pending', 'cancelled'))
);

CREATE TABLE reports (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    channel_id    bigint      NOT NULL,
    message_id    bigint      NOT NULL,
    author_id     bigint      NOT NULL,
    author_name   text        NOT NULL,
    content       text        NOT NULL,
    reporter_id   bigint      NOT NULL,
    reporter_name text        NOT NULL,
    reported_at   timestamptz NOT NULL DEFAULT now(),
    sent_at       timestamptz,
    handled       text        NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX reports_once ON reports (guild_id, message_id, reporter_id);
