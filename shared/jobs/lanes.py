"""The slots of one kind of job: how many run at once, whose they are, and what waits for a slot."""

import time
from collections import Counter, deque
from typing import Final

from shared.jobs.kinds import Kind
from shared.jobs.store import Claimed

BIGGEST_CLAIM: Final = 500
FAST: Final = 0.1
"""Seconds; where what was claimed is done in less, more is claimed the next time."""
FEWER: Final = 3
"""After each crash, batches with a job that was in it are smaller by so many halvings."""
SPARE: Final = 4
"""One slot more for so many: for guilds that have no job running while others fill the rest."""
LOOK_SHARE: Final = 10
"""Looking for other guilds' jobs takes no more than this part of the time."""
LOOK_SOON, LOOK_LATER, LOOK_LATEST = 0.05, 0.25, 1.0
"""Seconds until the next look: after one that found something, that found nothing, at most."""


class Lane:
    """What a worker holds of one kind.

    `filled` tells that the last claim brought all that there was room for, so that there may be
    more; `hungry` that nothing more is claimed until something has ended.
    """

    def __init__(self, kind: Kind, concurrency: int) -> None:
        self.kind = kind
        self.running = 0
        self.waiting: deque[Claimed] = deque()
        self.filled = False
        self.hungry = False
        self.claimed_at = 0.0
        self._slots = kind.concurrency or concurrency
        self._guilds: Counter[int] = Counter()
        self._bonus = 0
        self._look_at = 0.0

    # --- claiming in the order of due times -----------------------------------------------------

    @property
    def free(self) -> int:
        """How many slots are free."""
        return max(0, self._slots - self.running)

    def room(self) -> int:
        """Return how many jobs to claim: what can begin at once, more where they end quickly."""
        self.hungry = bool(self.waiting) or not self.free
        if self.hungry:
            return 0
        if self.kind.batch:
            return self.kind.batch
        quick = self.filled and time.monotonic() - self.claimed_at < FAST
        self._bonus = min(BIGGEST_CLAIM, 2 * max(self._bonus, self._slots)) if quick else 0
        return max(self.free, self._bonus)

    def claimed(self, count: int, room: int) -> None:
        """Note how many jobs there were of those that there was room for."""
        self.claimed_at = time.monotonic()
        self.filled = self.hungry = count >= room

    # --- jobs of guilds that have none running --------------------------------------------------

    def spare(self) -> int:
        """Return how many slots there are for guilds that wait behind others."""
        if not self.kind.of_guilds or not (self.waiting or not self.free):
            return 0
        return max(0, self._slots + max(1, self._slots // SPARE) - self.running)

    def seconds_to_look(self) -> float:
        """Return how long until it is time to look for jobs of guilds that wait behind others."""
        return max(0.0, self._look_at - time.monotonic())

    def looked(self, *, found: bool, took: float) -> None:
        """Note that others were looked for, and decide when to do so again."""
        pause = min(max(took * LOOK_SHARE, LOOK_SOON if found else LOOK_LATER), LOOK_LATEST)
        self._look_at = time.monotonic() + pause

    def guilds(self) -> list[int]:
        """Return the guilds that have jobs here."""
        return list(self._guilds)

    # --- what runs and what waits ---------------------------------------------------------------

    def hold(self, job: Claimed) -> None:
        """Note whose a job is that is held from now on."""
        if self.kind.of_guilds:
            self._guilds[job.guild_id] += 1

    def next(self) -> list[Claimed]:
        """Take what is to be run together next; nothing where there is no slot."""
        if not self.waiting or not self.free:
            return []
        together: list[Claimed] = []
        most = self.kind.batch or 1
        while self.waiting:
            most = min(most, self._beside(self.waiting[0]))
            if together and len(together) >= most:
                break
            together.append(self.waiting.popleft())
        return together

    def _beside(self, job: Claimed) -> int:
        """Return how many jobs may run together with this one; few, where it may be crashing."""
        return max(1, self.kind.batch >> FEWER * job.crashes)

    def gone(self, job: Claimed) -> None:
        """Note that a job is not held any more."""
        if self.kind.of_guilds:
            self._guilds[job.guild_id] -= 1
            if self._guilds[job.guild_id] <= 0:
                del self._guilds[job.guild_id]

    def give_up(self) -> list[Claimed]:
        """Take everything that has not begun."""
        unbegun, self.waiting = list(self.waiting), deque()
        for job in unbegun:
            self.gone(job)
        return unbegun
