"""Acknowledging many messages with few frames, without making their handlers wait."""

import asyncio
from contextlib import suppress
from datetime import datetime

from aiormq.channel import Channel

from shared.bus.link import CHANNEL_LOST


class Acks:
    """Acknowledges what is finished on one channel.

    On a lost one it does nothing, as the broker delivers again what was not acknowledged.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._delivered: dict[int, datetime | None] = {}
        self._finished: set[int] = set()
        self._wake = asyncio.Event()

    def delivered(self, tag: int, sent_at: datetime | None = None) -> None:
        """Take note of a message that came; they come in order."""
        self._delivered[tag] = sent_at

    @property
    def oldest(self) -> datetime | None:
        """When the first of those was sent that are not finished; None when all are."""
        unfinished = (tag for tag in self._delivered if tag not in self._finished)
        tag = next(unfinished, None)
        return None if tag is None else self._delivered[tag]

    def finished(self, tag: int) -> None:
        """Have a message acknowledged soon."""
        self._finished.add(tag)
        self._wake.set()

    async def run(self) -> None:
        """Acknowledge until cancelled."""
        while True:
            await self._wake.wait()
            await self.flush()

    async def flush(self) -> None:
        """Acknowledge everything that is finished."""
        self._wake.clear()
        with suppress(*CHANNEL_LOST):
            upto = self._take_prefix()
            if upto is not None:
                await self._channel.basic_ack(upto, multiple=True, wait=False)
            finished, self._finished = self._finished, set()
            for tag in finished:
                del self._delivered[tag]
                await self._channel.basic_ack(tag, wait=False)

    def _take_prefix(self) -> int | None:
        """Remove the finished messages before the first unfinished one; return the last of them."""
        prefix: list[int] = []
        for tag in self._delivered:
            if tag not in self._finished:
                break
            prefix.append(tag)
        for tag in prefix:
            del self._delivered[tag]
            self._finished.discard(tag)
        return prefix[-1] if prefix else None
