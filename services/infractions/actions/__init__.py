"""What infractions can do: order a measure, finish it, lift it in time, and show the record.

Each measure is recorded before Discord hears of it and settled after, so that a crash at any
point leaves a visible `pending` which a job finishes.
"""

from services.infractions.actions.agreeing import (
    put_back,
    put_back_later,
    reassert,
    renew,
)
from services.infractions.actions.exporting import (
    Format,
    export,
    packed,
)
from services.infractions.actions.importing import (
    LARGEST_FILE,
    Imported,
    import_record,
)
from services.infractions.actions.lifting import (
    expire,
    lift,
)
from services.infractions.actions.ordering import (
    finish,
    order,
    replaced,
)
from services.infractions.actions.rechecking import (
    recheck_bans,
    recheck_later,
    recheck_members,
)
from services.infractions.actions.showing import (
    Page,
    Record,
    counts,
    newer_page,
    page,
    record,
    show,
)
from services.infractions.actions.timing import (
    set_duration,
)
from services.infractions.actions.undoing import (
    undo,
)
from services.infractions.origins import (
    Origin,
)

__all__ = [
    "LARGEST_FILE",
    "Format",
    "Imported",
    "Origin",
    "Page",
    "Record",
    "counts",
    "expire",
    "export",
    "finish",
    "import_record",
    "lift",
    "newer_page",
    "order",
    "packed",
    "page",
    "put_back",
    "put_back_later",
    "reassert",
    "recheck_bans",
    "recheck_later",
    "recheck_members",
    "record",
    "renew",
    "replaced",
    "set_duration",
    "show",
    "undo",
]
