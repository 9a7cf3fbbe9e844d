"""How far each guild's audit log is known: its newest entry whose event the broker has."""

from collections import defaultdict, deque

from shared.contracts.ids import GuildId


class AuditMarks:
    """Entries as they were read, and the newest that is confirmed: later ones may be lost."""

    def __init__(self) -> None:
        self._newest: dict[GuildId, int] = {}
        self._read: defaultdict[int, deque[tuple[int, GuildId, int]]] = defaultdict(deque)

    def of(self, guild_id: GuildId) -> int:
        """Return the id of the newest entry that is confirmed, 0 when there is none."""
        return self._newest.get(guild_id, 0)

    def load(self, guild_id: GuildId, entry_id: int) -> None:
        """Begin with what was stored."""
        if entry_id:
            self._newest[guild_id] = entry_id

    def read(self, shard_id: int, seq: int, guild_id: GuildId, entry_id: int) -> None:
        """Note an entry that was read, not confirmed yet."""
        self._read[shard_id].append((seq, guild_id, entry_id))

    def confirm(self, shard_id: int, seq: int) -> set[GuildId]:
        """Note that the session's events up to this one are confirmed; return whose mark moved."""
        read, moved = self._read[shard_id], set[GuildId]()
        while read and read[0][0] <= seq:
            _, guild_id, entry_id = read.popleft()
            if entry_id > self.of(guild_id):
                self._newest[guild_id] = entry_id
                moved.add(guild_id)
        return moved

    def begin(self, shard_id: int) -> None:
        """Begin with a session; what an earlier one did not confirm may be lost."""
        self._read.pop(shard_id, None)

    def forget(self, guild_id: GuildId) -> None:
        """Forget a guild."""
        self._newest.pop(guild_id, None)
