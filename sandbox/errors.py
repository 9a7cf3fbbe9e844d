"""Discord's errors: their codes, their words and the shape of their bodies."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import IntEnum

import msgspec
from aiohttp import web

FormErrors = dict[str, "FormErrors | list[dict[str, str]]"]


class Code(IntEnum):
    """The error codes that the sandbox answers with."""

    GENERAL = 0
    UNKNOWN_APPLICATION = 10002
    UNKNOWN_CHANNEL = 10003
    UNKNOWN_GUILD = 10004
    UNKNOWN_INVITE = 10006
    UNKNOWN_MEMBER = 10007
    UNKNOWN_MESSAGE = 10008
    UNKNOWN_OVERWRITE = 10009
    UNKNOWN_ROLE = 10011
    UNKNOWN_TOKEN = 10012
    UNKNOWN_USER = 10013
    UNKNOWN_EMOJI = 10014
    UNKNOWN_WEBHOOK = 10015
    UNKNOWN_BAN = 10026
    UNKNOWN_STICKER = 10060
    UNKNOWN_INTERACTION = 10062
    UNKNOWN_COMMAND = 10063
    UNKNOWN_VOICE_STATE = 10065
    UNKNOWN_COMMAND_PERMISSIONS = 10066
    BOTS_CANNOT = 20001
    ONLY_BOTS_CAN = 20002
    SLOWMODE = 20016
    TOO_MANY_GUILDS = 30001
    TOO_MANY_PINS = 30003
    TOO_MANY_ROLES = 30005
    TOO_MANY_WEBHOOKS = 30007
    TOO_MANY_REACTIONS = 30010
    TOO_MANY_CHANNELS = 30013
    TOO_MANY_INVITES = 30016
    TOO_MANY_COMMANDS = 30032
    UNAUTHORIZED = 40001
    TOO_LARGE = 40005
    USER_IS_BANNED = 40007
    NOT_IN_VOICE = 40032
    ALREADY_CROSSPOSTED = 40033
    ALREADY_ACKNOWLEDGED = 40060
    MISSING_ACCESS = 50001
    NOT_IN_DM = 50003
    NOT_YOUR_MESSAGE = 50005
    EMPTY_MESSAGE = 50006
    CANNOT_MESSAGE_USER = 50007
    NOT_A_TEXT_CHANNEL = 50008
    MISSING_PERMISSIONS = 50013
    INVALID_TOKEN = 50014
    WRONG_NUMBER_TO_DELETE = 50016
    PIN_OF_OTHER_CHANNEL = 50019
    SYSTEM_MESSAGE = 50021
    WRONG_CHANNEL_TYPE = 50024
    INVALID_OAUTH2_TOKEN = 50025
    INVALID_WEBHOOK_TOKEN = 50027
    INVALID_ROLE = 50028
    INVALID_RECIPIENTS = 50033
    TOO_OLD_TO_BULK_DELETE = 50034
    INVALID_FORM = 50035
    INVALID_GUILD = 50055
    INVALID_STICKER = 50081
    THREAD_ARCHIVED = 50083
    INVALID_JSON = 50109
    OWNER_ONLY = 50132
    REACTION_BLOCKED = 90001
    REPLY_NEEDS_HISTORY = 160002
    THREAD_EXISTS = 160004
    THREAD_LOCKED = 160005


_MEANING: Mapping[Code, tuple[int, str]] = {
    Code.UNKNOWN_APPLICATION: (404, "Unknown Application"),
    Code.UNKNOWN_CHANNEL: (404, "Unknown Channel"),
    Code.UNKNOWN_GUILD: (404, "Unknown Guild"),
    Code.UNKNOWN_INVITE: (404, "Unknown Invite"),
    Code.UNKNOWN_MEMBER: (404, "Unknown Member"),
    Code.UNKNOWN_MESSAGE: (404, "Unknown Message"),
    Code.UNKNOWN_OVERWRITE: (404, "Unknown permission overwrite"),
    Code.UNKNOWN_ROLE: (404, "Unknown Role"),
    Code.UNKNOWN_TOKEN: (404, "Unknown Token"),
    Code.UNKNOWN_USER: (404, "Unknown User"),
    Code.UNKNOWN_EMOJI: (400, "Unknown Emoji"),
    Code.UNKNOWN_WEBHOOK: (404, "Unknown Webhook"),
    Code.UNKNOWN_BAN: (404, "Unknown Ban"),
    Code.UNKNOWN_STICKER: (404, "Unknown sticker"),
    Code.UNKNOWN_INTERACTION: (404, "Unknown interaction"),
    Code.UNKNOWN_COMMAND: (404, "Unknown application command"),
    Code.UNKNOWN_VOICE_STATE: (404, "Unknown Voice State"),
    Code.UNKNOWN_COMMAND_PERMISSIONS: (404, "Unknown application command permissions"),
    Code.BOTS_CANNOT: (403, "Bots cannot use this endpoint"),
    Code.ONLY_BOTS_CAN: (403, "Only bots can use this endpoint"),
    Code.SLOWMODE: (429, "This action cannot be performed due to slowmode rate limit"),
    Code.TOO_MANY_GUILDS: (400, "Maximum number of guilds reached (100)"),
    Code.TOO_MANY_PINS: (400, "Maximum number of pins reached for the channel (250)"),
    Code.TOO_MANY_ROLES: (400, "Maximum number of guild roles reached (250)"),
    Code.TOO_MANY_WEBHOOKS: (400, "Maximum number of webhooks reached (15)"),
    Code.TOO_MANY_REACTIONS: (400, "Maximum number of reactions reached (20)"),
    Code.TOO_MANY_CHANNELS: (400, "Maximum number of guild channels reached (500)"),
    Code.TOO_MANY_INVITES: (400, "Maximum number of invites reached (1000)"),
    Code.TOO_MANY_COMMANDS: (400, "Maximum number of application commands reached (100)"),
    Code.UNAUTHORIZED: (401, "Unauthorized"),
    Code.TOO_LARGE: (413, "Request entity too large"),
    Code.USER_IS_BANNED: (403, "The user is banned from this guild"),
    Code.NOT_IN_VOICE: (400, "Target user is not connected to voice"),
    Code.ALREADY_CROSSPOSTED: (400, "This message has already been crossposted"),
    Code.ALREADY_ACKNOWLEDGED: (400, "Interaction has already been acknowledged."),
    Code.MISSING_ACCESS: (403, "Missing Access"),
    Code.NOT_IN_DM: (400, "Cannot execute action on a DM channel"),
    Code.NOT_YOUR_MESSAGE: (403, "Cannot edit a message authored by another user"),
    Code.EMPTY_MESSAGE: (400, "Cannot send an empty message"),
    Code.CANNOT_MESSAGE_USER: (403, "Cannot send messages to this user"),
    Code.NOT_A_TEXT_CHANNEL: (400, "Cannot send messages in a non-text channel"),
    Code.MISSING_PERMISSIONS: (403, "Missing Permissions"),
    Code.INVALID_TOKEN: (401, "Invalid authentication token provided"),
    Code.WRONG_NUMBER_TO_DELETE: (
        400,
        (
            "Provided too few or too many messages to delete. "
            "Must provide at least 2 and fewer than 100 messages to delete"
        ),
    ),
    Code.PIN_OF_OTHER_CHANNEL: (
        400,
        "A message can only be pinned to the channel in which it was sent",
    ),
    Code.SYSTEM_MESSAGE: (403, "Cannot execute action on a system message"),
    Code.WRONG_CHANNEL_TYPE: (400, "Cannot execute action on this channel type"),
    Code.INVALID_OAUTH2_TOKEN: (400, "Invalid OAuth2 access token provided"),
    Code.INVALID_WEBHOOK_TOKEN: (401, "Invalid Webhook Token"),
    Code.INVALID_ROLE: (400, "Invalid Role"),
    Code.INVALID_RECIPIENTS: (400, "Invalid Recipient(s)"),
    Code.TOO_OLD_TO_BULK_DELETE: (
        400,
        "You can only bulk delete messages that are under 14 days old.",
    ),
    Code.INVALID_FORM: (400, "Invalid Form Body"),
    Code.INVALID_GUILD: (400, "Invalid Guild"),
    Code.INVALID_STICKER: (400, "Invalid Sticker sent"),
    Code.THREAD_ARCHIVED: (400, "Thread is archived"),
    Code.INVALID_JSON: (400, "The request body contains invalid JSON."),
    Code.OWNER_ONLY: (403, "Only the owner of this account can perform this action"),
    Code.REACTION_BLOCKED: (403, "Reaction was blocked"),
    Code.REPLY_NEEDS_HISTORY: (400, "Cannot reply without permission to read message history"),
    Code.THREAD_EXISTS: (400, "A thread has already been created for this message"),
    Code.THREAD_LOCKED: (400, "This thread is locked"),
}


class DiscordError(Exception):
    """Be answered to the client in Discord's shape; `more` adds fields such as `retry_after`."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: FormErrors | None = None,
        *,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.more = more or {}
        self.headers = headers or {}

    @classmethod
    def of(cls, code: Code) -> "DiscordError":
        """Return the error of a code, with its usual status and words."""
        status, message = _MEANING[code]
        return cls(status, int(code), message)

    def body(self) -> dict[str, object]:
        """Return the JSON body."""
        body: dict[str, object] = {"message": self.message, "code": self.code, **self.more}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def unauthorized() -> DiscordError:
    """Return what a missing or wrong token is answered with."""
    return DiscordError(401, 0, "401: Unauthorized")


def not_found() -> DiscordError:
    """Return what an unknown address is answered with."""
    return DiscordError(404, 0, "404: Not Found")


def form_error(errors: FormErrors) -> DiscordError:
    """Return the error 50035 with its nested explanation."""
    return DiscordError(400, int(Code.INVALID_FORM), "Invalid Form Body", errors)


def field_error(path: str, code: str, message: str) -> DiscordError:
    """Return the error 50035 for one field; `path` is dotted, as in `embeds.0.title`."""
    return form_error(nested(path.split("."), code, message))


def nested(path: Sequence[str], code: str, message: str) -> FormErrors:
    """Return one mistake at a place within a body."""
    node: FormErrors = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path):
        node = {part: node}
    return node


def error_response(error: DiscordError) -> web.Response:
    """Return an error as an HTTP response."""
    return web.Response(
        status=error.status,
        body=msgspec.json.encode(error.body()),
        content_type="application/json",
        headers=dict(error.headers),
    )


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer Discord's errors, unknown addresses and wrong methods as Discord does."""
    try:
        return await handler(request)
    except DiscordError as error:
        return error_response(error)
    except web.HTTPNotFound:
        return error_response(not_found())
    except web.HTTPMethodNotAllowed as refused:
        error = DiscordError(
            405, 0, "405: Method Not Allowed", headers={"Allow": refused.headers["Allow"]}
        )
        return error_response(error)
    except web.HTTPRequestEntityTooLarge:
        return error_response(DiscordError.of(Code.TOO_LARGE))
