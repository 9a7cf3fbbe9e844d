"""The few errors that mean something: for a person to read, to try again later, or beyond help."""

from datetime import timedelta


class UserError(Exception):
    """Something the person who asked can act on: the message is shown to them as it stands.

    `status` is the HTTP status it becomes, `code` a word for programs.
    """

    status: int = 400
    code: str = "refused"

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if status is not None:
            self.status = status
        if code is not None:
            self.code = code


class NotFoundError(UserError):
    """What was asked for does not exist, or not for the one who asked."""

    status = 404
    code = "not_found"


class ForbiddenError(UserError):
    """The one who asked may not do this."""

    status = 403
    code = "forbidden"


class ConflictError(UserError):
    """Somebody else changed it meanwhile, or it is no longer in the state that this needs."""

    status = 409
    code = "conflict"


class UnavailableError(UserError):
    """Something that this depends on is away for now: the broker, the gateway, the database.

    A bus handler or a job that raises it is run again without its attempts being counted.
    """

    status = 503
    code = "unavailable"


class Retry(Exception):  # noqa: N818 - an order, not an error
    """Run this handler or job again, after a given time or the usual backoff."""

    def __init__(self, after: timedelta | None = None, reason: str = "") -> None:
        super().__init__(reason or "asked to be run again")
        self.after = after
        self.reason = reason


class Poison(Exception):  # noqa: N818 - names the message, which no retry can mend
    """This message can never be handled, as its body is not of the shape that was agreed on."""
