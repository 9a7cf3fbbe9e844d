-- Search by anything, in any combination, a page at a time, newest first. queries/searching.py says which index serves what.

-- Both extensions are trusted: the right to create in the database, which services have, is enough.
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
    IF EXISTS (SELECT FROM pg_extension WHERE extname IN ('pg_trgm', 'btree_gin')
                  AND NOT has_schema_privilege(extnamespace, 'USAGE')) THEN
        RAISE EXCEPTION 'The extensions pg_trgm and btree_gin are in a schema that the role % may not use.', current_user
              USING HINT = 'As a superuser: ALTER EXTENSION pg_trgm SET SCHEMA infractions; ALTER EXTENSION btree_gin SET SCHEMA infractions';
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'The extensions pg_trgm and btree_gin are missing, and the role % may not create them.', current_user
              USING HINT = 'GRANT CREATE ON DATABASE to it, or create both in its schema as a superuser: CREATE EXTENSION pg_trgm SCHEMA infractions';
    WHEN undefined_file OR feature_not_supported THEN
        RAISE EXCEPTION 'This Postgres comes without the extensions pg_trgm and btree_gin.'
              USING HINT = 'Install its contrib package (postgresql-contrib).';
END $$;
-- Where they were there before, in whatever schema.
SELECT set_config('search_path', concat_ws(', ', quote_ident(current_schema()), string_agg(DISTINCT quote_ident(nspname), ', ')), true)
  FROM pg_extension JOIN pg_namespace AS namespaces ON namespaces.oid = extnamespace
 WHERE extname IN ('pg_trgm', 'btree_gin');

DROP INDEX infractions_moderator;

-- A guild has few kinds, states and sources: each combination that there is can be read in order of numbers.
CREATE INDEX infractions_sorts ON infractions (guild_id, kind, state, source, number) WHERE hidden_at IS NULL;
CREATE INDEX infractions_moderator ON infractions (guild_id, moderator_id, kind, state, source, number) WHERE hidden_at IS NULL;
CREATE INDEX infractions_role ON infractions (guild_id, role_id, kind, state, source, number) WHERE hidden_at IS NULL AND role_id IS NOT NULL;
CREATE INDEX infractions_hidden ON infractions (guild_id, number) WHERE hidden_at IS NOT NULL;

-- Which numbers, by the thousands, are of which time: imported ones are numbered later than they happened.
CREATE INDEX infractions_times ON infractions (guild_id, (number >> 13), created_at);

-- Words and parts of words, within some thousands of numbers of one guild.
CREATE INDEX infractions_text ON infractions USING gin (
    (guild_id # (number >> 13)::bigint),
    kind,
    state,
    moderator_id,
    to_tsvector('simple', lower(reason || E'\n' || user_name || E'\n' || moderator_name)),
    lower(reason || E'\n' || user_name || E'\n' || moderator_name) gin_trgm_ops
);
