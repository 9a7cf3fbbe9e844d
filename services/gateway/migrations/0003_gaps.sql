-- The newest entry of a guild's audit log whose event was confirmed, 0 before the first.
ALTER TABLE guilds ADD COLUMN audit_entry_id bigint NOT NULL DEFAULT 0;

-- What a lost session has cost each guild, and how far that is made good. A gap is `waiting` from
-- the new session's READY until the guild is back, then `due` until everything about it was told
-- (`told`; the row stays, as `after_entry_id` says where the next one may begin at the earliest).
-- `before` is the guild as it was known when the gap began, `after` as it came back; `has_left`
-- says that the bot is not in it any more.
CREATE TABLE gaps (
    guild_id bigint PRIMARY KEY,
    shard_id integer NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'due', 'told')),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    event_id text NOT NULL DEFAULT '',
    has_left boolean NOT NULL DEFAULT false,
    before jsonb,
    after jsonb,
    after_entry_id bigint NOT NULL DEFAULT 0,
    entries integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gaps_due ON gaps (due_at) WHERE state = 'due';
