-- What a service keeps of admin's: the newest configuration and the API keys of each guild.
CREATE TABLE guild_config (
    guild_id bigint PRIMARY KEY,
    revision int NOT NULL,
    document jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE guild_keys (
    guild_id bigint PRIMARY KEY,
    revision int NOT NULL,
    keys jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
