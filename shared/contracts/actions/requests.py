"""An action on its way to the gateway, and what came of it."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct, field

from shared.contracts.actions.answers import (
    Autocomplete,
    Defer,
    DeleteResponse,
    EditResponse,
    FollowUp,
    OpenModal,
    Respond,
)
from shared.contracts.actions.members import (
    AddRole,
    Ban,
    BulkBan,
    EditMember,
    Kick,
    RemoveRole,
    SetOwnNick,
    Timeout,
    Unban,
)
from shared.contracts.actions.places import (
    AddReaction,
    ClearReactions,
    CreateInvite,
    DeleteInvite,
    DeleteMessage,
    DeleteMessages,
    DeleteOverwrite,
    EditChannel,
    EditMessage,
    PinMessage,
    RemoveReaction,
    SendDirect,
    SendMessage,
    SetOverwrite,
    UnpinMessage,
)
from shared.contracts.actions.questions import (
    GetAuditLog,
    GetBan,
    GetChannel,
    GetGuild,
    GetMember,
    GetMessage,
    GetUser,
    ListBans,
    ListInvites,
    ListMembers,
    ListMessages,
    ListPins,
)

Action = (
    Respond
    | FollowUp
    | EditResponse
    | DeleteResponse
    | Defer
    | Autocomplete
    | OpenModal
    | SendMessage
    | EditMessage
    | DeleteMessage
    | DeleteMessages
    | AddReaction
    | SendDirect
    | Ban
    | Unban
    | Kick
    | Timeout
    | EditMember
    | SetOwnNick
    | AddRole
    | RemoveRole
    | GetGuild
    | GetMember
    | GetUser
    | GetBan
    | BulkBan
    | RemoveReaction
    | ClearReactions
    | EditChannel
    | SetOverwrite
    | DeleteOverwrite
    | CreateInvite
    | DeleteInvite
    | PinMessage
    | UnpinMessage
    | GetChannel
    | GetMessage
    | GetAuditLog
    | ListBans
    | ListMembers
    | ListMessages
    | ListPins
    | ListInvites
)


class ActionRequest(Struct, kw_only=True, frozen=True):
    """An action on its way to the gateway.

    `key` makes it happen once: a repeated key is answered with the first result; None for
    questions (`Get...`, `List...`), which are simply asked again. After `deadline` it is not begun.
    `reason` is for Discord's audit log (512 characters) and names the moderator.
    """

    action: Action
    deadline: datetime
    key: str | None = None
    reason: str = ""


Status = Literal["done", "refused", "gone", "retry"]


class ActionResult(Struct, kw_only=True, frozen=True):
    """What came of an action.

    done: `data` is Discord's answer. refused: it will not work like this (`code` is Discord's,
    `message` says why in plain words), or Discord left open whether it was done and once more could
    be twice. gone: what it was about is not there. retry: it may work
    later (`retry_after` in seconds): Discord is away, too slow, or the deadline passed.
    """

    status: Status
    code: int = 0
    http_status: int = 0
    message: str = ""
    retry_after: float = 0.0
    data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"null"))
