-- A role and a schema for each service, run at every `docker compose up`: may be run again.
-- Passwords come as psql variables, so that a changed .env takes effect.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I LOGIN', service)
  FROM unnest(ARRAY['gateway', 'infractions', 'stats', 'admin', 'web']) AS service
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service)
\gexec

ALTER ROLE gateway PASSWORD :'gateway';
ALTER ROLE infractions PASSWORD :'infractions';
ALTER ROLE stats PASSWORD :'stats';
ALTER ROLE admin PASSWORD :'admin';
ALTER ROLE web PASSWORD :'web';

SELECT format('CREATE SCHEMA IF NOT EXISTS %1$I AUTHORIZATION %1$I', service)
  FROM unnest(ARRAY['gateway', 'infractions', 'stats', 'admin', 'web']) AS service
\gexec

-- CREATE SCHEMA IF NOT EXISTS, with which each service begins, asks for this right in any case.
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), service)
  FROM unnest(ARRAY['gateway', 'infractions', 'stats', 'admin', 'web']) AS service
\gexec

-- Nobody but the services' own roles has any business in a schema, and none in public.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
