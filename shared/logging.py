"""Structured logs of our code and of libraries in one stream, with what is being worked on."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import Processor

QUIET: Final = {
    **dict.fromkeys(("asyncio", "hikari", "httpx", "httpcore", "uvicorn"), logging.WARNING),
    **dict.fromkeys(("aiormq", "asyncpg"), logging.CRITICAL),
    "clickhouse_driver": logging.ERROR,
}
"""Libraries that tell, at INFO or with tracebacks, what our own lines say already."""


def configure(service: str, level: str = "info", fmt: str = "json") -> None:
    """Send every log line of this process to stderr, as JSON lines or for a person to read."""
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _send_to_stderr(_formatter(shared, fmt), level)


@contextmanager
def bound(**values: object) -> Generator[None]:
    """Put values (`guild_id`, `invocation_id`, ...) on every line logged inside."""
    with bound_contextvars(**values):
        yield


def _named(service: str) -> Processor:
    def add_service(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add_service


def _formatter(shared: list[Processor], fmt: str) -> logging.Formatter:
    renderers: list[Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # the prettier ones show local variables, and secrets with them
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
        if fmt == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )


def _send_to_stderr(formatter: logging.Formatter, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
