"""How far a shard's events are confirmed: the last sequence number before which none is missing."""

from collections import deque

from msgspec import Struct


class Step(Struct, eq=False, gc=False):
    """An event that was read; `left` is how much that follows from it is not confirmed yet."""

    seq: int
    left: int = 1


class Progress:
    """The confirmed sequence number of one session."""

    def __init__(self, confirmed: int | None = None) -> None:
        self.read = self.confirmed = confirmed
        self._steps: deque[Step] = deque()

    def begin(self, seq: int, left: int = 1) -> Step:
        """Note an event that was read; they come in order."""
        self.read = seq
        step = Step(seq, left)
        self._steps.append(step)
        return step

    @property
    def settled(self) -> bool:
        """Whether everything that was read is confirmed."""
        return not self._steps

    def finish(self, step: Step) -> bool:
        """Note that a part of an event is confirmed, in any order; say whether all of it is."""
        step.left -= 1
        while self._steps and self._steps[0].left == 0:
            self.confirmed = self._steps.popleft().seq
        return step.left == 0
