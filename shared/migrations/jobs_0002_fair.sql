-- Each kind of job is claimed for itself, in order of its due time, so that no kind waits behind
-- another one; `guild_id` tells whose job it is, so that no guild waits behind another one.
ALTER TABLE timer ADD COLUMN guild_id bigint NOT NULL DEFAULT 0;
ALTER TABLE timer_dead ADD COLUMN guild_id bigint NOT NULL DEFAULT 0;
UPDATE timer SET guild_id = (payload->>'guild_id')::bigint
 WHERE payload->>'guild_id' ~ '^[0-9]{1,18}$|^[1-8][0-9]{18}$';
UPDATE timer_dead SET guild_id = (payload->>'guild_id')::bigint
 WHERE payload->>'guild_id' ~ '^[0-9]{1,18}$|^[1-8][0-9]{18}$';
CREATE INDEX timer_kind_due ON timer (kind, due);
DROP INDEX timer_due;

-- The statements that have to cost the same whatever the table's statistics say are functions, as a
-- function can pin how it is planned: a plan that was made while the table was empty and then kept
-- would read a million future rows for each claim.

-- Take what is due of each kind, as many as there is room for; `passing` leaves out guilds. A row
-- that still has an owner is one whose lease ran out: its worker crashed, or hangs.
CREATE FUNCTION timer_claim(
    kinds text[], rooms int[], lease interval, claimer text, passing bigint[]
) RETURNS TABLE (
    id bigint, attempt int, failures int, crashes int, kind text, key text, guild_id bigint,
    payload jsonb
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE timer t
       SET due = now() + lease, attempt = t.attempt + 1, owner = claimer,
           failures = t.failures + (t.owner IS NOT NULL)::int,
           crashes = t.crashes + (t.owner IS NOT NULL)::int
     WHERE t.id = ANY(ARRAY(
               SELECT found.id
                 FROM unnest(kinds, rooms) AS wanted (kind, room)
                CROSS JOIN LATERAL (
                      SELECT f.id FROM timer f
                       WHERE f.kind = wanted.kind AND f.due <= now()
                         AND (passing IS NULL OR f.guild_id <> ALL (passing))
                       ORDER BY f.due LIMIT wanted.room
                         FOR UPDATE SKIP LOCKED) AS found))
    RETURNING t.id, t.attempt, t.failures, t.crashes, t.kind, t.key, t.guild_id, t.payload;
END
$$;

-- Delete jobs that are still held under these attempts, and return which ones those were.
CREATE FUNCTION timer_finish(ids bigint[], attempts int[]) RETURNS SETOF bigint
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    DELETE FROM timer t
     WHERE t.id = ANY (ids) AND t.attempt = attempts[array_position(ids, t.id)]
    RETURNING t.id;
END
$$;

-- When the next of these kinds may be claimed; NULL when there is none.
CREATE FUNCTION timer_next(kinds text[]) RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
BEGIN
    RETURN (
        SELECT min(first.due) FROM unnest(kinds) AS wanted (kind)
         CROSS JOIN LATERAL (
               SELECT t.due FROM timer t WHERE t.kind = wanted.kind ORDER BY t.due LIMIT 1) AS first);
END
$$;

-- The kinds that are there, each found by one step into the index.
CREATE FUNCTION timer_kinds() RETURNS SETOF text
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE known AS (
        (SELECT t.kind FROM timer t ORDER BY t.kind LIMIT 1)
        UNION ALL
        SELECT (SELECT t.kind FROM timer t WHERE t.kind > known.kind ORDER BY t.kind LIMIT 1)
          FROM known WHERE known.kind IS NOT NULL
    )
    SELECT known.kind FROM known WHERE known.kind IS NOT NULL;
END
$$;
