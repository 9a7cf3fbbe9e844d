"""What is refused though the request is right: a conflict with what is so."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from shared.errors import UserError


def as_conflict(error: UserError) -> UserError:
    """Return an error of the record or of Discord as a conflict with what is so there."""
    if error.code == UserError.code and error.status == UserError.status:
        return UserError(error.message, status=HTTPStatus.CONFLICT)
    return error


class RefusingRoute(APIRoute):
    """A route that changes something, which may not be as the request needs."""

    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: as FastAPI declares it
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except UserError as error:
                raise as_conflict(error) from error

        return answer
