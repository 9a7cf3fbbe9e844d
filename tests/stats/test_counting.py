"""What of Discord's events is counted, as what, and under which key."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from services.stats.counting import Row, columns, readers

GUILD = 81384788765712384
CHANNEL = 381870553235193857
USER = 80351110224678912
MESSAGE = 175928847299117063


def posted(**changes: object) -> bytes:
    event = {
        "id": str(MESSAGE),
        "channel_id": str(CHANNEL),
        "guild_id": str(GUILD),
        "author": {"id": str(USER), "username": "ada"},
        "content": "a secret",
        "type": 0,
    }
    return json.dumps(event | changes).encode()


def message(**changes: object) -> Row:
    row = readers.row("MESSAGE_CREATE", posted(**changes), "0:session:1")
    assert row is not None
    return row


def member(event: str, message_id: str, **changes: object) -> Row:
    body = {"guild_id": str(GUILD), "user": {"id": str(USER)}, **changes}
    row = readers.row(event, json.dumps(body).encode(), message_id)
    assert row is not None
    return row


def test_a_message_counts_under_its_own_id_at_the_time_that_is_in_it() -> None:
    row = message()
    assert (row.event_id, row.guild_id, row.channel_id, row.user_id) == (
        MESSAGE,
        GUILD,
        CHANNEL,
        USER,
    )
    # the example of Discord's reference: 2016-04-30 11:18:25.796 UTC
    assert row.at_ms == 1462015105796


def test_bots_webhooks_and_discord_itself_are_told_apart_from_people() -> None:
    assert message().subkind == "person"
    assert message(author={"id": str(USER), "bot": True}).subkind == "bot"
    assert message(webhook_id="5").subkind == "bot"
    assert message(type=7).subkind == "system"
    assert message(type=19).subkind == "person"
    assert message(author={"id": str(USER), "bot": True}).is_bot


def test_a_direct_message_is_not_counted() -> None:
    body = json.loads(posted())
    del body["guild_id"]
    assert readers.row("MESSAGE_CREATE", json.dumps(body).encode(), "0:s:1") is None


def test_nothing_that_was_said_is_in_a_row() -> None:
    assert "secret" not in repr(message())


def test_a_join_has_the_same_key_however_often_and_by_whom_it_is_delivered() -> None:
    joined = "2026-03-01T12:00:00.123000+00:00"
    first = member("GUILD_MEMBER_ADD", "0:session:7", joined_at=joined)
    again = member("GUILD_MEMBER_ADD", "0:other:9", joined_at=joined)
    assert (first.event_id, first.at_ms) == (again.event_id, again.at_ms)
    later = member("GUILD_MEMBER_ADD", "0:session:7", joined_at="2026-03-01T12:00:01+00:00")
    assert later.event_id != first.event_id


def test_a_join_at_an_impossible_time_is_counted_when_it_came() -> None:
    assert member("GUILD_MEMBER_ADD", "0:s:1", joined_at="0001-01-01T00:00:00+00:00").at_ms is None
    assert member("GUILD_MEMBER_ADD", "0:s:1", joined_at=None).at_ms is None


def test_a_leave_is_told_apart_by_its_message_id_and_has_no_time_yet() -> None:
    first = member("GUILD_MEMBER_REMOVE", "0:session:8")
    again = member("GUILD_MEMBER_REMOVE", "0:session:8")
    other = member("GUILD_MEMBER_REMOVE", "0:session:9")
    assert first == again
    assert first.event_id != other.event_id
    assert first.at_ms is None


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", posted(id="-4"), posted(id="12345678901234567890123"), posted(author=4)],
)
def test_what_is_not_a_message_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        readers.row("MESSAGE_CREATE", body, "0:session:1")


def test_columns_keep_every_field() -> None:
    made = columns([message(), message(id="175928847299117064", type=7)])
    assert made["event_id"].tolist() == [MESSAGE, MESSAGE + 1]
    assert made["subkind"].tolist() == ["person", "system"]
    moment = datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=UTC)
    assert made["ts"].tolist()[0] == int(moment.timestamp()) * 10**9 + 796 * 10**6
