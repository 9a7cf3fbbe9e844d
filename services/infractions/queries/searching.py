"""Finding infractions of a guild by anything: each search has the statement that its index serves.

Whatever is asked for, a page is read in the order of numbers and no further than it is long:
by member from theirs; by kind, state, source, moderator and role from each combination of them
that the guild has; by text from some thousands of numbers at a time, newest first.
"""

from collections.abc import Sequence
from typing import Final

from services.infractions.model import LARGEST_NUMBER, Filter, Infraction, Kind
from services.infractions.queries.matching import (
    PART,
    Conditions,
    add_all,
    add_hidden,
    add_ids,
    add_text,
    add_times,
)
from shared.contracts.ids import GuildId
from shared.postgres import Executor, fetch_all, fetch_maybe

MOST_SPANS: Final = 8
"""Spans of numbers that are looked at for a time; more are merged into the last."""


class Edge:
    """Where a page begins, and in which direction it goes."""

    def __init__(self, beyond: int, *, older: bool) -> None:
        self.order = "number DESC" if older else "number"
        self.older = older
        # Parameters are integers, and so are numbers.
        self.lowest = 1 if older else min(beyond + 1, LARGEST_NUMBER)
        self.highest = beyond - 1 if older else LARGEST_NUMBER

    def add_to(self, conditions: Conditions) -> None:
        """Ask for what lies beyond."""
        conditions.add("number >= ?", self.lowest)
        conditions.add("number <= ?", self.highest)


async def search(
    db: Executor,
    guild_id: GuildId,
    matching: Filter,
    *,
    before: int | None = None,
    limit: int = 25,
) -> list[Infraction]:
    """Return a guild's infractions that match, newest first, below the number `before`."""
    edge = Edge(LARGEST_NUMBER if before is None else before, older=True)
    return await _search(db, guild_id, matching, edge, limit)


async def search_back(
    db: Executor, guild_id: GuildId, matching: Filter, *, after: int, limit: int
) -> list[Infraction]:
    """Return a guild's infractions that match, oldest first, above the number `after`."""
    return await _search(db, guild_id, matching, Edge(after, older=False), limit)


async def counts(db: Executor, guild_id: GuildId, matching: Filter) -> dict[Kind, int]:
    """Count a guild's infractions that match, by kind, the most first."""
    where = Conditions()
    where.add("guild_id = ?", guild_id)
    add_all(where, matching)
    if matching.text and matching.user_id is None:
        places = where.bind(_places(guild_id, range(await _newest(db, guild_id) // PART + 1)))
        where.always(_PLACE)
        inside = f"SELECT kind FROM infractions WHERE {where} OFFSET 0"  # noqa: S608 - constants, values are bound
        sql = f"SELECT kind FROM unnest({places}::bigint[]) AS place, LATERAL ({inside}) AS found"  # noqa: S608 - constants, values are bound
    else:
        sql = f"SELECT kind FROM infractions WHERE {where}"  # noqa: S608 - constants, values are bound
    sql = f"SELECT kind, count(*) FROM ({sql}) AS kinds GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608 - constants, values are bound
    rows = await db.fetch(sql, *where.values)
    return {Kind(row["kind"]): row["count"] for row in rows}


async def _search(
    db: Executor, guild_id: GuildId, matching: Filter, edge: Edge, limit: int
) -> list[Infraction]:
    if matching.user_id is not None or matching.hidden:
        return await _of_member(db, guild_id, matching, edge, limit)
    if matching.text:
        return await _with_text(db, guild_id, matching, edge, limit)
    if matching == Filter():
        return await _any(db, guild_id, edge, limit)
    return await _of_sorts(db, guild_id, matching, edge, limit)


async def _any(db: Executor, guild_id: GuildId, edge: Edge, limit: int) -> list[Infraction]:
    where = Conditions("hidden_at IS NULL")
    where.add("guild_id = ?", guild_id)
    edge.add_to(where)
    sql = f"SELECT * FROM infractions WHERE {where} ORDER BY {edge.order} LIMIT {limit}"  # noqa: S608 - constants, values are bound
    return await fetch_all(db, Infraction, sql, *where.values)


async def _of_member(
    db: Executor, guild_id: GuildId, matching: Filter, edge: Edge, limit: int
) -> list[Infraction]:
    """Read what a member has, or what is hidden, which is never much."""
    where = Conditions()
    where.add("guild_id = ?", guild_id)
    add_ids(where, matching, names=("user_id",))
    if matching.hidden:
        add_hidden(where, matching)
    edge.add_to(where)
    theirs = str(where)
    rest = Conditions("true")
    rest.values = where.values
    add_ids(rest, matching, names=("moderator_id", "kind", "state", "role_id", "source"))
    add_times(rest, matching)
    add_hidden(rest, matching)
    add_text(rest, matching)
    sql = f"""
        SELECT * FROM (
            SELECT * FROM infractions WHERE {theirs} ORDER BY {edge.order} OFFSET 0
        ) AS theirs
         WHERE {rest} ORDER BY {edge.order} LIMIT {limit}
        """  # noqa: S608 - constants, values are bound
    return await fetch_all(db, Infraction, sql, *where.values)


# --- by what they are ---------------------------------------------------------------------------


async def _of_sorts(
    db: Executor, guild_id: GuildId, matching: Filter, edge: Edge, limit: int
) -> list[Infraction]:
    """Read each combination of kind, state and source from its newest number, and merge them."""
    spans = await _spans(db, guild_id, matching)
    where = Conditions("hidden_at IS NULL")
    where.add("guild_id = ?", guild_id)
    # One of the two, with which an index begins; few have been given a role.
    first = "moderator_id" if matching.role_id is None else "role_id"
    add_ids(where, matching, names=(first,))
    theirs = str(where)
    if matching.role_id is not None:
        add_ids(where, matching, names=("moderator_id",))
    wanted = Conditions("true")
    wanted.values = where.values
    add_ids(wanted, matching, names=("kind", "state", "source"))
    edge.add_to(where)
    add_times(where, matching)
    lowest, highest = (where.bind([span[end] for span in spans]) for end in (0, 1))
    # From one combination to the next, not through what lies between them: hence no other
    # condition there than those with which the indexes begin.
    sql = f"""
        WITH RECURSIVE sorts AS (
            (SELECT kind, state, source FROM infractions WHERE {theirs}
              ORDER BY kind, state, source LIMIT 1)
            UNION ALL
            SELECT following.* FROM sorts, LATERAL (
                SELECT kind, state, source FROM infractions
                 WHERE {theirs}
                   AND (kind, state, source) > (sorts.kind, sorts.state, sorts.source)
                 ORDER BY kind, state, source LIMIT 1) AS following
        ), found AS (
            SELECT one.number
              FROM (SELECT * FROM sorts WHERE {wanted}) AS sort,
                   unnest({lowest}::integer[], {highest}::integer[]) AS span (low, high),
                   LATERAL (
                SELECT number FROM infractions
                 WHERE {where}
                   AND kind = sort.kind AND state = sort.state AND source = sort.source
                   AND number >= span.low AND number <= span.high
                 ORDER BY {edge.order} LIMIT {limit}) AS one
             ORDER BY {edge.order} LIMIT {limit}
        )
        SELECT infractions.* FROM found JOIN infractions USING (number)
         WHERE guild_id = $1 ORDER BY {edge.order}
        """  # noqa: S608 - constants, values are bound
    return await fetch_all(db, Infraction, sql, *where.values)


async def _spans(db: Executor, guild_id: GuildId, matching: Filter) -> list[tuple[int, int]]:
    """Return between which numbers there is something of the time that is asked for."""
    if matching.since is None and matching.until is None:
        return [(1, LARGEST_NUMBER)]
    parts = await _parts(db, guild_id, matching)
    spans: list[tuple[int, int]] = []
    for part in parts:
        if spans and (spans[-1][1] + 1 == part * PART or len(spans) == MOST_SPANS):
            spans[-1] = (spans[-1][0], (part + 1) * PART - 1)
        else:
            spans.append((part * PART, (part + 1) * PART - 1))
    return spans


async def _parts(db: Executor, guild_id: GuildId, matching: Filter) -> list[int]:
    """Return the parts of a guild's numbers in which there is something of a time, in order."""
    newest = await _newest(db, guild_id)
    if matching.since is None and matching.until is None:
        return list(range(newest // PART + 1))
    where = Conditions()
    where.add("guild_id = ?", guild_id)
    add_times(where, matching)
    last = where.bind(newest // PART)
    sql = f"""
        SELECT part FROM generate_series(0, {last}::integer) AS part
         WHERE (SELECT true FROM infractions WHERE {where} AND number >> 13 = part LIMIT 1)
         ORDER BY part
        """  # noqa: S608 - constants, values are bound
    return [row["part"] for row in await db.fetch(sql, *where.values)]


async def _newest(db: Executor, guild_id: GuildId) -> int:
    sql = "SELECT number FROM infractions WHERE guild_id = $1 ORDER BY number DESC LIMIT 1"
    return await fetch_maybe(db, int, sql, guild_id) or 0


# --- by text ------------------------------------------------------------------------------------

_PLACE: Final = "(guild_id # (number >> 13)::bigint) = place"
"""A part of a guild's numbers, as the index knows it; one at a time, or it may not be used."""


def _places(guild_id: GuildId, parts: Sequence[int]) -> list[int]:
    return [guild_id ^ part for part in parts]


async def _with_text(
    db: Executor, guild_id: GuildId, matching: Filter, edge: Edge, limit: int
) -> list[Infraction]:
    """Look through some thousands of numbers at a time, until the page is full."""
    everything = await _parts(db, guild_id, matching)
    first, last = edge.lowest // PART, edge.highest // PART
    parts = [part for part in everything if first <= part <= last]
    if edge.older:
        parts.reverse()
    indexed = Conditions(_PLACE)
    places = indexed.bind(_places(guild_id, parts))
    add_ids(indexed, matching, names=("kind", "state", "moderator_id"))
    add_text(indexed, matching)
    rest = Conditions()
    rest.values = indexed.values
    rest.add("guild_id = ?", guild_id)
    edge.add_to(rest)
    add_ids(rest, matching, names=("role_id", "source"))
    add_times(rest, matching)
    add_hidden(rest, matching)
    # Places come in order and each needs the one before it in the join, so that the outer LIMIT
    # ends the search; sorting all that was found would need all of it.
    sql = f"""
        SELECT found.* FROM unnest({places}::bigint[]) AS place, LATERAL (
            SELECT * FROM (SELECT * FROM infractions WHERE {indexed} OFFSET 0) AS candidates
             WHERE {rest} ORDER BY {edge.order} LIMIT {limit}) AS found
         LIMIT {limit}
        """  # noqa: S608 - constants, values are bound
    return await fetch_all(db, Infraction, sql, *indexed.values)
