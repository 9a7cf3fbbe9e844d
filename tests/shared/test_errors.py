"""Errors: the few that mean something, and the status that each becomes on the web."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    Poison,
    Retry,
    UnavailableError,
    UserError,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UserError("x"), 400),
        (ForbiddenError("x"), 403),
        (NotFoundError("x"), 404),
        (ConflictError("x"), 409),
        (UnavailableError("x"), 503),
        (UserError("x", status=418, code="teapot"), 418),
    ],
)
async def test_an_error_for_people_has_a_status_and_a_code(error: UserError, status: int) -> None:
    assert error.status == status
    assert str(error) == error.message == "x"
    assert error.code


async def test_a_status_of_one_error_is_not_that_of_its_class() -> None:
    UserError("x", status=418, code="teapot")
    assert (UserError("y").status, UserError("y").code) == (400, "refused")


async def test_retrying_is_an_order_and_not_an_error_for_people() -> None:
    order = Retry(timedelta(seconds=3), "Discord is busy")
    assert (order.after, order.reason, str(order)) == (
        timedelta(seconds=3),
        "Discord is busy",
        "Discord is busy",
    )
    assert not isinstance(order, UserError)
    assert not isinstance(Poison("x"), UserError)
