"""A request to Discord that carries out an action, and whether it may be sent again."""

from msgspec import Struct

from services.gateway.actions.payloads import Json
from services.gateway.rest.routes import Route
from shared.contracts.actions import File


class Call(Struct, frozen=True):
    """A request: where, what, and whether doing it twice is doing it once.

    `missing` is the code by which Discord says that what is to be removed is not there. After an
    attempt whose answer got lost that means that the attempt had removed it.
    """

    route: Route
    json: Json | None = None
    files: tuple[File, ...] = ()
    safe: bool = True
    missing: int = 0
