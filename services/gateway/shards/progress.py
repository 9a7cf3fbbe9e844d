"""How far a shard's events are confirmed: the last sequence number before which none is missing."""

from collections import deque

from msgspec import Struct


class Step(Struct, eq=False):
    """An event that was read; `done` when everything that follows from it is confirmed."""

    seq: int
    done: bool = False


class Progress:
    """The confirmed sequence number of one session."""

    def __init__(self, confirmed: int | None = None) -> None:
        self.confirmed = confirmed
        self._steps: deque[Step] = deque()

    def begin(self, seq: int) -> Step:
        """Note an event that was read; they come in order."""
        step = Step(seq)
        self._steps.append(step)
        return step

    def finish(self, step: Step) -> None:
        """Note that an event was confirmed; they come in any order."""
        step.done = True
        while self._steps and self._steps[0].done:
            self.confirmed = self._steps.popleft().seq
