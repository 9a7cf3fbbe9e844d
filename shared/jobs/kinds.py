"""What is known of a kind of job: its type, the function that does it, and how it is run."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of job and the function that does it.

    `batch` is how many jobs the function takes at once, 0 when it takes one. `of_guilds` says that
    jobs of different guilds must not wait for each other.
    """

    name: str
    type: type[Struct]
    handler: Callable[..., Awaitable[Any]]  # Any: it returns nothing of use
    max_failures: int
    in_transaction: bool = False
    concurrency: int | None = None
    batch: int = 0
    of_guilds: bool = False
