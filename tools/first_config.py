"""The configuration that the demo guild begins with, so that a newcomer sees what it is for."""

from __future__ import annotations

import http.client

from tools.admin_api import Owner, ask, refused
from tools.services import Fleet

BEFORE_ALL = '"0"'
"""The ETag of a configuration that was never saved."""

SAVED_OR_THERE = {http.client.OK, http.client.PRECONDITION_FAILED}


async def configure_once(fleet: Fleet, owner: Owner, log_channel_id: str) -> None:
    """Save the first configuration of the guild, unless somebody has saved one."""
    body = {"yaml": first_config(log_channel_id), "note": "as the demo begins"}
    status, said = await ask(fleet, owner, "PUT", "/config", body, {"if-match": BEFORE_ALL})
    if status not in SAVED_OR_THERE:
        raise refused(status, said)


def first_config(log_channel_id: str) -> str:
    """Return the text: what happens is logged, and members are told and see their record."""
    return f"""\
plugins:
  infractions:
    modlog_channel: {log_channel_id} # #mod-log
    notify_user: true # by direct message
    own_record: true # /infractions mine
"""
