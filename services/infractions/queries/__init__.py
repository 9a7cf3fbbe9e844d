"""Every statement that infractions sends to Postgres: one function, one statement, Structs out."""

from services.infractions.queries.coming import (
    copy_in,
    known_sources,
    lock_numbers,
    set_last_number,
    taken_numbers,
    under,
)
from services.infractions.queries.leaving import Lines, copy_out
from services.infractions.queries.past import append, history, was_told
from services.infractions.queries.records import (
    by_source,
    get,
    insert,
    lock,
    note_refused_lift,
    set_state,
)
from services.infractions.queries.searching import counts, search, search_back
from services.infractions.queries.standing import (
    ban_for_good_before,
    lock_older_about_ban,
    newest_about_ban,
)

__all__ = [
    "Lines",
    "append",
    "ban_for_good_before",
    "by_source",
    "copy_in",
    "copy_out",
    "counts",
    "get",
    "history",
    "insert",
    "known_sources",
    "lock",
    "lock_numbers",
    "lock_older_about_ban",
    "newest_about_ban",
    "note_refused_lift",
    "search",
    "search_back",
    "set_last_number",
    "set_state",
    "taken_numbers",
    "under",
    "was_told",
]
