"""Ports for servers of tests: free, and not of those that outgoing connections take."""

from __future__ import annotations

import itertools
import os

from tools.ports import RANGE, is_free

_numbers = itertools.count(os.getpid() * 37)


def free_port() -> int:
    """Return a port that nothing listens on, another one each time.

    A port that the system chose, once closed again, may go to the next outgoing connection before
    a server takes it; those of this range are given to nobody who does not ask for them.
    """
    return next(port for number in _numbers if is_free(port := RANGE[number % len(RANGE)]))
