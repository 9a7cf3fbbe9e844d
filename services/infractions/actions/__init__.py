"""What infractions can do: order a measure, finish it, lift it in time, and show the record.

Each measure is recorded before Discord hears of it and settled after, so that a crash at any
point leaves a visible `pending` which a job finishes.
"""

from services.infractions.actions.exporting import Format, export, packed
from services.infractions.actions.importing import LARGEST_FILE, Imported, import_record
from services.infractions.actions.lifting import expire, reassert_ban
from services.infractions.actions.ordering import finish, order
from services.infractions.actions.rechecking import recheck_bans, recheck_later
from services.infractions.actions.showing import (
    Page,
    Record,
    counts,
    newer_page,
    page,
    record,
    show,
)
from services.infractions.origins import Origin

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
    "newer_page",
    "order",
    "packed",
    "page",
    "reassert_ban",
    "recheck_bans",
    "recheck_later",
    "record",
    "show",
]
