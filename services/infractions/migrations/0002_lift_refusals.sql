-- A measure that Discord refuses to lift is tried again, each time as a new action of the gateway.

ALTER TABLE infractions ADD COLUMN lift_refusals integer NOT NULL DEFAULT 0;
