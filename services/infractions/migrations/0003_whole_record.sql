-- What the whole record needs: roles that measures give, points of warnings, hiding, and a version for every change.

ALTER TABLE infractions
    ADD COLUMN role_id      bigint,
    ADD COLUMN points       integer     NOT NULL DEFAULT 0,
    ADD COLUMN counts_until timestamptz,
    ADD COLUMN pardoned_at  timestamptz,
    ADD COLUMN hidden_at    timestamptz,
    ADD COLUMN version      integer     NOT NULL DEFAULT 0,
    ADD COLUMN updated_at   timestamptz NOT NULL DEFAULT now();

UPDATE infractions i
   SET version = steps.count, updated_at = steps.newest
  FROM (SELECT guild_id, number, max(step) AS count, max(at) AS newest FROM history GROUP BY 1, 2) AS steps
 WHERE steps.guild_id = i.guild_id AND steps.number = i.number;
UPDATE infractions SET points = 1 WHERE kind = 'warning';
