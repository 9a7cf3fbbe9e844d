"""What every service's HTTP API has: health, metrics, errors, keys and tokens, cursors, ids."""

from shared.http.access import Access, require
from shared.http.app import create_app
from shared.http.bodies import Body
from shared.http.cursors import decode_cursor, encode_cursor
from shared.http.dead import Count, dead_routes, queues_of
from shared.http.etags import StaleError, check_unchanged, etag, unchanged
from shared.http.jobs import job_routes
from shared.http.keys import KeyStore, new_key
from shared.http.moments import MomentText
from shared.http.problems import Problem, UnauthorizedError
from shared.http.server import serve
from shared.http.snowflakes import SnowflakeGiven, SnowflakeText
from shared.http.tokens import Actor, sign, verify

__all__ = [
    "Access",
    "Actor",
    "Body",
    "Count",
    "KeyStore",
    "MomentText",
    "Problem",
    "SnowflakeGiven",
    "SnowflakeText",
    "StaleError",
    "UnauthorizedError",
    "check_unchanged",
    "create_app",
    "dead_routes",
    "decode_cursor",
    "encode_cursor",
    "etag",
    "job_routes",
    "new_key",
    "queues_of",
    "require",
    "serve",
    "sign",
    "unchanged",
    "verify",
]
