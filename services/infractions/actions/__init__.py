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
from services.infractions.actions.bringing import import_file, import_later
from services.infractions.actions.delivering import (
    deliver,
)
from services.infractions.actions.editing import hide, pardon, restore, set_reason
from services.infractions.actions.erasing import (
    ask_erasure,
    ask_erasure_everywhere,
    erase_person,
    show_erasure,
)
from services.infractions.actions.escalating import escalate
from services.infractions.actions.evidence import (
    add_evidence,
    evidence_of,
    expire_evidence,
    fetch_evidence,
    file_of,
    linked_message,
    remove_evidence,
    take_evidence,
)
from services.infractions.actions.exporting import (
    Format,
    export,
    packed,
)
from services.infractions.actions.giving import check_role_is_new
from services.infractions.actions.importing import (
    LARGEST_FILE,
    Imported,
    import_record,
)
from services.infractions.actions.lifting import (
    expire,
    finish_softban,
    lift,
)
from services.infractions.actions.looking import (
    look_at_ban,
    look_at_ban_later,
    look_at_member,
    look_at_member_later,
)
from services.infractions.actions.mass import (
    cancel_mass,
    confirm_mass,
    preview_mass,
    run_mass,
    show_mass,
)
from services.infractions.actions.modlog import (
    show_log_state,
    write_log,
)
from services.infractions.actions.naming import keep_filter, kept_filter, offered
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
from services.infractions.actions.repeating import (
    Begun,
    BeingDoneError,
    begin_request,
    end_request,
    give_up_request,
    new_source_key,
)
from services.infractions.actions.reporting import (
    close_report,
    find_report,
    record_report,
    send_report,
)
from services.infractions.actions.seeing import (
    see,
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
from services.infractions.actions.summing import own_record, record_before, record_counts
from services.infractions.actions.timing import (
    set_duration,
)
from services.infractions.actions.trying import LONGEST_TRIAL, dry_run, try_rules
from services.infractions.actions.undoing import (
    undo,
)
from services.infractions.actions.webhooks import (
    add_webhook,
    change_webhook,
    list_deliveries,
    list_webhooks,
    ping_webhook,
    redeliver,
    remove_webhook,
    show_webhook,
)
from services.infractions.origins import (
    Origin,
)

__all__ = [
    "LARGEST_FILE",
    "LONGEST_TRIAL",
    "Begun",
    "BeingDoneError",
    "Format",
    "Imported",
    "Origin",
    "Page",
    "Record",
    "add_evidence",
    "add_webhook",
    "ask_erasure",
    "ask_erasure_everywhere",
    "begin_request",
    "cancel_mass",
    "change_webhook",
    "check_role_is_new",
    "close_report",
    "confirm_mass",
    "counts",
    "deliver",
    "dry_run",
    "end_request",
    "erase_person",
    "escalate",
    "evidence_of",
    "expire",
    "expire_evidence",
    "export",
    "fetch_evidence",
    "file_of",
    "find_report",
    "finish",
    "finish_softban",
    "give_up_request",
    "hide",
    "import_file",
    "import_later",
    "import_record",
    "keep_filter",
    "kept_filter",
    "lift",
    "linked_message",
    "list_deliveries",
    "list_webhooks",
    "look_at_ban",
    "look_at_ban_later",
    "look_at_member",
    "look_at_member_later",
    "new_source_key",
    "newer_page",
    "offered",
    "order",
    "own_record",
    "packed",
    "page",
    "pardon",
    "ping_webhook",
    "preview_mass",
    "put_back",
    "put_back_later",
    "reassert",
    "recheck_bans",
    "recheck_later",
    "recheck_members",
    "record",
    "record_before",
    "record_counts",
    "record_report",
    "redeliver",
    "remove_evidence",
    "remove_webhook",
    "renew",
    "replaced",
    "restore",
    "run_mass",
    "see",
    "send_report",
    "set_duration",
    "set_reason",
    "show",
    "show_erasure",
    "show_log_state",
    "show_mass",
    "show_webhook",
    "take_evidence",
    "try_rules",
    "undo",
    "write_log",
]
