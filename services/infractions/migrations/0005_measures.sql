-- Mutes that are renewed, and what took the place of what.

ALTER TABLE infractions
    ADD COLUMN applied_until timestamptz,
    ADD COLUMN replaced_by   integer;

-- What made Discord agree on bans does so for mutes and roles too.
UPDATE timer SET kind = 'reassert', key = key || ':ban', payload = payload || '{"family": "ban"}'
 WHERE kind = 'reassert_ban';
