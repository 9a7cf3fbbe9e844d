"""Actions asked of a running gateway, as services ask for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

import msgspec

from shared.contracts.actions import Action, ActionRequest, ActionResult
from shared.contracts.ids import ChannelId, MessageId
from shared.contracts.topology import GATEWAY_ACTIONS, MODERATION
from tests.gateway.rig import Rig


async def do(
    rig: Rig,
    action: Action,
    *,
    key: str | None = None,
    reason: str = "",
    within: float = 30.0,
    queue: str = MODERATION,
) -> ActionResult:
    """Ask for an action as a service does."""
    limit = timedelta(seconds=within)
    request = ActionRequest(
        action=action, deadline=datetime.now(UTC) + limit, key=key, reason=reason
    )
    return await rig.bus.ask(
        GATEWAY_ACTIONS,
        queue,
        request,
        ActionResult,
        timeout=limit + timedelta(seconds=30),
        type="test",
    )


class Ids(TypedDict):
    """A message, by the fields of actions on it."""

    channel_id: ChannelId
    message_id: MessageId


def data(result: ActionResult) -> Any:  # noqa: ANN401 - any JSON
    """Return what an action that was done answered."""
    assert result.status == "done", result
    return msgspec.json.decode(result.data)
