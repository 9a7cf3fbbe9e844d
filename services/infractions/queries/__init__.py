"""Every statement that infractions sends to Postgres: one function, one statement, Structs out."""

from services.infractions.queries.coming import (
    copy_in,
    known_sources,
    lock_numbers,
    set_last_number,
    taken_numbers,
    under,
)
from services.infractions.queries.leaving import (
    Lines,
    copy_out,
)
from services.infractions.queries.past import (
    append,
    history,
    last_put_on,
    was_noted,
    was_told,
)
from services.infractions.queries.records import (
    by_source,
    get,
    insert,
    lock,
    note_refused_lift,
    set_applied_until,
    set_duration,
    set_hidden,
    set_replaced,
    set_state,
)
from services.infractions.queries.searching import (
    counts,
    search,
    search_back,
)
from services.infractions.queries.standing import (
    ban_for_good_before,
    lock_older,
    mute_roles,
    newest,
    replaced,
    to_put_back,
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
    "last_put_on",
    "lock",
    "lock_numbers",
    "lock_older",
    "mute_roles",
    "newest",
    "note_refused_lift",
    "replaced",
    "search",
    "search_back",
    "set_applied_until",
    "set_duration",
    "set_hidden",
    "set_last_number",
    "set_replaced",
    "set_state",
    "taken_numbers",
    "to_put_back",
    "under",
    "was_noted",
    "was_told",
]
