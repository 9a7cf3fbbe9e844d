-- One row for everything that happened to a member, numbered per guild; its history says how it came to be what it is.

CREATE TABLE counters (
    guild_id    bigint PRIMARY KEY,
    last_number integer NOT NULL
);

CREATE TABLE infractions (
    guild_id       bigint      NOT NULL,
    number         integer     NOT NULL,
    kind           text        NOT NULL,
    state          text        NOT NULL,
    user_id        bigint      NOT NULL,
    user_name      text        NOT NULL,
    moderator_id   bigint,
    moderator_name text        NOT NULL DEFAULT '',
    reason         text        NOT NULL DEFAULT '',
    source         text        NOT NULL,
    source_key     text        NOT NULL,
    channel_id     bigint,
    message_id     bigint,
    delete_message_seconds integer NOT NULL DEFAULT 0,
    failure        text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz,
    ended_at       timestamptz,
    PRIMARY KEY (guild_id, number),
    CHECK (kind IN ('note', 'warning', 'kick', 'mute', 'ban', 'softban', 'unban', 'unmute', 'temprole')),
    CHECK (state IN ('pending', 'active', 'expired', 'lifted', 'failed', 'done'))
);

-- What a moderator's one command did is recorded once, however often the command is delivered.
CREATE UNIQUE INDEX infractions_source ON infractions (guild_id, source_key);
CREATE INDEX infractions_user ON infractions (guild_id, user_id, number DESC);
CREATE INDEX infractions_moderator ON infractions (guild_id, moderator_id, number DESC);
-- The measures that somebody is under, or is about to be.
CREATE INDEX infractions_in_force ON infractions (guild_id, user_id, kind) WHERE state IN ('pending', 'active');

CREATE TABLE history (
    guild_id   bigint      NOT NULL,
    number     integer     NOT NULL,
    step       integer     NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    actor_id   bigint,
    actor_name text        NOT NULL,
    change     text        NOT NULL,
    detail     text        NOT NULL DEFAULT '',
    PRIMARY KEY (guild_id, number, step),
    FOREIGN KEY (guild_id, number) REFERENCES infractions (guild_id, number)
);
