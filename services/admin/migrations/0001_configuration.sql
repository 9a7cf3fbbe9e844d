-- Every configuration that a guild has ever had, as it was written; rows are never changed.
CREATE TABLE revisions (
    guild_id bigint NOT NULL,
    revision int NOT NULL,
    yaml text NOT NULL,
    note text NOT NULL DEFAULT '',
    author_id bigint NOT NULL,
    author_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, revision)
);

-- API keys: only the hash of the secret is kept; a revoked key stays as a record.
CREATE TABLE api_keys (
    guild_id bigint NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    scopes jsonb NOT NULL,
    created_by bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (guild_id, id)
);

-- How often a guild's keys changed: the revision that is announced with them.
CREATE TABLE key_revisions (
    guild_id bigint PRIMARY KEY,
    revision int NOT NULL
);

-- The commands of each service, as it announced them last.
CREATE TABLE announced (
    service text PRIMARY KEY,
    commands jsonb NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT now()
);
