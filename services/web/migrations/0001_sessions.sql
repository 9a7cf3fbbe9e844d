-- Who is logged in. `id` is the SHA-256 of what the browser's cookie holds, so that nobody who
-- reads this table can log in; Discord's tokens are not kept at all. `guilds` are those that
-- Discord named at the login.
CREATE TABLE sessions (
    id         bytea PRIMARY KEY,
    user_id    bigint NOT NULL,
    name       text NOT NULL,
    avatar     text,
    guilds     jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_user ON sessions (user_id);
