-- What is kept with an infraction: messages and files, for a time; what is gone leaves its hash.

CREATE TABLE evidence (
    guild_id      bigint      NOT NULL,
    number        integer     NOT NULL,
    id            integer     NOT NULL,
    kind          text        NOT NULL,
    state         text        NOT NULL,
    added_by_id   bigint      NOT NULL,
    added_by_name text        NOT NULL,
    added_at      timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    ended_at      timestamptz,
    channel_id    bigint,
    message_id    bigint,
    attachment_id bigint,
    author_id     bigint,
    author_name   text        NOT NULL DEFAULT '',
    content       text        NOT NULL DEFAULT '',
    name          text        NOT NULL DEFAULT '',
    url           text        NOT NULL DEFAULT '',
    size          integer     NOT NULL DEFAULT 0,
    sha256        text,
    tries         integer     NOT NULL DEFAULT 0,
    failure       text,
    PRIMARY KEY (guild_id, number, id),
    FOREIGN KEY (guild_id, number) REFERENCES infractions (guild_id, number),
    CHECK (kind IN ('message', 'file')),
    CHECK (state IN ('wanted', 'kept', 'failed', 'removed', 'expired', 'erased'))
);
CREATE UNIQUE INDEX evidence_messages ON evidence (guild_id, number, message_id) WHERE kind = 'message';
CREATE UNIQUE INDEX evidence_attachments ON evidence (guild_id, number, attachment_id) WHERE kind = 'file';
CREATE INDEX evidence_authors ON evidence (guild_id, author_id);
CREATE INDEX evidence_contents ON evidence (guild_id, sha256) WHERE kind = 'file' AND state = 'kept';

-- The same file is kept once in a guild, for as long as any infraction has it.
CREATE TABLE evidence_files (
    guild_id bigint NOT NULL,
    sha256   text   NOT NULL,
    content  bytea  NOT NULL,
    PRIMARY KEY (guild_id, sha256)
);
