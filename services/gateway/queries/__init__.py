"""Every SQL statement of the gateway: one function, one statement, Structs out."""

from services.gateway.queries.commands import (
    COMMANDS_CHANNEL,
    announced,
    forget_service,
    registered_hash,
    save_announced,
    save_registered,
)
from services.gateway.queries.gate import enter_gate, leave_gate
from services.gateway.queries.guilds import guild, guilds_of_shard
from services.gateway.queries.leasing import (
    LEASES_CHANNEL,
    Lease,
    claim_lease,
    free_leases,
    leases,
    release_lease,
    renew_leases,
)
from services.gateway.queries.processes import Process, processes, show_up, sign_off
from services.gateway.queries.results import (
    StoredResult,
    answer_to,
    forget_results,
    result,
    results_since,
    save_results,
)
from services.gateway.queries.resuming import (
    Session,
    live_shard_count,
    save_shard,
    session,
    sessions,
)

__all__ = [
    "COMMANDS_CHANNEL",
    "LEASES_CHANNEL",
    "Lease",
    "Process",
    "Session",
    "StoredResult",
    "announced",
    "answer_to",
    "claim_lease",
    "enter_gate",
    "forget_results",
    "forget_service",
    "free_leases",
    "guild",
    "guilds_of_shard",
    "leases",
    "leave_gate",
    "live_shard_count",
    "processes",
    "registered_hash",
    "release_lease",
    "renew_leases",
    "result",
    "results_since",
    "save_announced",
    "save_registered",
    "save_results",
    "save_shard",
    "session",
    "sessions",
    "show_up",
    "sign_off",
]
