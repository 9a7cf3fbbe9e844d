"""What every service's HTTP API has: health, metrics, errors, keys and tokens, cursors, ids."""

from shared.http.access import Access, require
from shared.http.app import create_app
from shared.http.cursors import decode_cursor, encode_cursor
from shared.http.dead import Count, dead_routes, queues_of
from shared.http.jobs import job_routes
from shared.http.keys import KeyStore, new_key
from shared.http.problems import Problem, UnauthorizedError
from shared.http.server import serve
from shared.http.snowflakes import SnowflakeText
from shared.http.tokens import Actor, sign, verify

__all__ = [
    "Access",
    "Actor",
    "Count",
    "KeyStore",
    "Problem",
    "SnowflakeText",
    "UnauthorizedError",
    "create_app",
    "dead_routes",
    "decode_cursor",
    "encode_cursor",
    "job_routes",
    "new_key",
    "queues_of",
    "require",
    "serve",
    "sign",
    "verify",
]
