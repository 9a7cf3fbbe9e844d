"""How many shards each process is to hold: as equal as can be, with as few moves as can be."""

from collections.abc import Sequence

from services.gateway.queries import Process


def share_of(owner: str, processes: Sequence[Process]) -> int:
    """Return how many shards a process is to hold, given all that are alive.

    Shares differ by one at most, and who holds most already keeps the larger one. A process that
    drains, or counts shards differently than the one that leads, is to hold none.
    """
    count = agreed_count(processes)
    sharing = [each for each in processes if not each.draining and each.shard_count == count]
    sharing.sort(key=lambda each: (-each.shards, each.joined_at, each.owner))
    owners = [each.owner for each in sharing]
    if count is None or owner not in owners:
        return 0
    each, left = divmod(count, len(owners))
    return each + (owners.index(owner) < left)


def agreed_count(processes: Sequence[Process]) -> int | None:
    """Return how many shards there are: as the oldest process says that runs or may run some."""
    leading = [each for each in processes if each.shards or not each.draining]
    leading.sort(key=lambda each: (each.joined_at, each.owner))
    return leading[0].shard_count if leading else None
