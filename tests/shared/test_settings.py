"""Settings: read once, typed, and every mistake told at once without telling a secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
from msgspec import Struct

from shared.settings import Secret, ServiceSettings, SettingsError, load

GOOD = {
    "DATABASE_URL": "postgresql://flotilla:hunter2@db/flotilla",
    "AMQP_URL": "amqp://guest:hunter2@mq/",
    "TOKEN_SECRET": "0123456789abcdef0123456789abcdef",
    "HTTP_PORT": "8002",
}


class Fleet(Struct, frozen=True, kw_only=True):
    """A setting of every type."""

    name: str
    ships: int
    speed: float
    armed: bool
    patience: timedelta
    password: Secret
    captains: tuple[int, ...] = ()
    role: Literal["all", "shards", "actions"] = "all"
    flag: str | None = None
    limit: int | None = None


FLEET = {
    "NAME": "Argo",
    "SHIPS": "12",
    "SPEED": "7.5",
    "ARMED": "yes",
    "PATIENCE": "1.5m",
    "PASSWORD": "hunter2",
}


async def test_a_field_is_read_from_the_variable_of_its_name() -> None:
    fleet = load(Fleet, {**FLEET, "CAPTAINS": "1, 2,3", "ROLE": "Shards", "LIMIT": "5"})

    assert (fleet.name, fleet.ships, fleet.speed, fleet.armed) == ("Argo", 12, 7.5, True)
    assert fleet.patience == timedelta(seconds=90)
    assert fleet.captains == (1, 2, 3)
    assert (fleet.role, fleet.limit, fleet.flag) == ("shards", 5, None)
    assert fleet.password.reveal() == "hunter2"


async def test_defaults_stand_where_nothing_is_set() -> None:
    settings = load(ServiceSettings, {**GOOD, "LOG_LEVEL": "", "OPERATORS": " "})

    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8002)
    assert (settings.log_level, settings.log_format, settings.operators) == ("info", "json", ())


async def test_every_mistake_is_told_at_once_with_what_was_expected() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Fleet, {"SHIPS": "many", "PATIENCE": "soon", "CAPTAINS": "1,x", "ROLE": "cook"})

    assert caught.value.problems == [
        "NAME is not set; expected text",
        "SHIPS is wrong: 'many' is not a whole number",
        "SPEED is not set; expected a number",
        "ARMED is not set; expected true or false",
        "PATIENCE is wrong: 'soon' is not a length of time such as 30s or 5m",
        "PASSWORD is not set; expected text",
        "CAPTAINS is wrong: '1,x' is not a comma separated list, each a whole number",
        "ROLE is wrong: 'cook' is not one of all, shards, actions",
    ]


async def test_a_key_for_signing_that_is_too_short_is_refused() -> None:
    with pytest.raises(SettingsError, match="TOKEN_SECRET must have at least 32 characters"):
        load(ServiceSettings, {**GOOD, "TOKEN_SECRET": "short"})


async def test_no_secret_is_ever_shown() -> None:
    settings = load(ServiceSettings, GOOD)

    shown = f"{settings!r} {settings} {settings.amqp_url} {[settings.database_url]}"

    assert "hunter2" not in shown
    assert "0123456789abcdef" not in shown
    assert "***" in shown


async def test_secrets_are_compared_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert len({Secret("a"), Secret("a")}) == 1
