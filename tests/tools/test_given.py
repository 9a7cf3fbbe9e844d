"""Servers that were given are looked for before anything is started."""

from __future__ import annotations

import socket

import pytest

from tools.errors import StackError
from tools.given import look_for


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"DATABASE_URL": "localhost/db"}, "DATABASE_URL has to begin with postgresql://."),
        ({"AMQP_URL": "amqp://me@127.0.0.1:1/"}, "AMQP_URL: nobody is at 127.0.0.1:1 "),
        ({"CLICKHOUSE_URL": "clickhouse://127.0.0.1:x/"}, "CLICKHOUSE_URL has no right port"),
    ],
)
async def test_a_server_that_is_not_there_is_named(environ: dict[str, str], told: str) -> None:
    with pytest.raises(StackError) as raised:
        await look_for(environ)

    assert str(raised.value).startswith(told)


async def test_servers_that_listen_are_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        await look_for(
            {
                "AMQP_URL": f"amqp://me:secret@127.0.0.1:{server.getsockname()[1]}/",
                "DATABASE_URL": "postgresql:///flotilla?host=/var/run/postgresql",
                "CLICKHOUSE_URL": "",
            }
        )
