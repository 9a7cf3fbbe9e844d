"""REST: the audit log of a guild."""

from aiohttp import web

from sandbox import forms
from sandbox.forms import Json
from sandbox.models import AuditEntry
from sandbox.permissions import Permission
from sandbox.rest.call import Call, reply
from sandbox.rest.paging import BEFORE_AFTER, number
from sandbox.world import render

routes = web.RouteTableDef()


@routes.get("/guilds/{guild_id}/audit-logs")
async def get_audit_log(request: web.Request) -> web.Response:
    """List what was done, newest first; with `after` oldest first."""
    call = Call(request)
    guild = call.guild_for(Permission.VIEW_AUDIT_LOG)
    values = call.query(
        {
            **BEFORE_AFTER,
            "user_id": forms.snowflake,
            "target_id": forms.snowflake,
            "action_type": forms.integer(1),
            "limit": forms.integer(1, 100),
        }
    )
    chosen = _page(guild.audit_log, values)
    return reply(
        {
            "audit_log_entries": [render.audit_entry(one) for one in chosen],
            "users": _people(call, chosen),
            "integrations": [],
            "webhooks": _webhooks(call, chosen),
            "guild_scheduled_events": [],
            "threads": _threads(call, chosen),
            "application_commands": [],
            "auto_moderation_rules": [],
        }
    )


def _page(entries: list[AuditEntry], values: Json) -> list[AuditEntry]:
    size = number(values, "limit", 50)
    found: list[AuditEntry] = []
    for entry in entries if "after" in values else reversed(entries):
        if len(found) == size:
            break
        if _matches(entry, values):
            found.append(entry)
    return found


def _matches(entry: AuditEntry, values: Json) -> bool:
    wanted = ("user_id", "target_id", "action_type")
    if any(name in values and getattr(entry, name) != values[name] for name in wanted):
        return False
    before = number(values, "before", forms.MAX_SNOWFLAKE)
    return number(values, "after", -1) < entry.id < before


def _people(call: Call, entries: list[AuditEntry]) -> list[Json]:
    ids = [one for entry in entries for one in (entry.user_id, entry.target_id) if one is not None]
    known = call.world.users
    return [render.user(known[one]) for one in dict.fromkeys(ids) if one in known]


def _webhooks(call: Call, entries: list[AuditEntry]) -> list[Json]:
    known = call.world.webhooks
    ids = dict.fromkeys(entry.target_id for entry in entries if entry.target_id in known)
    return [render.webhook(call.world, known[one], with_token=False) for one in ids if one]


def _threads(call: Call, entries: list[AuditEntry]) -> list[Json]:
    known = call.world.channels
    ids = dict.fromkeys(entry.target_id for entry in entries if entry.target_id in known)
    found = [known[one] for one in ids if one]
    return [render.channel(call.world, one) for one in found if one.thread is not None]
