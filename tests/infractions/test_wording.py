"""Words that fit: whatever names, reasons and failures hold, Discord takes the message."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.infractions.answers import done
from services.infractions.model import Count, Infraction, Kind, State, Step
from services.infractions.wording import card, listing, on_one_line, own_listing, reference, shown
from shared.commands import escape
from shared.contracts.actions import Embed
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def repeated(part: str, times: int) -> str:
    """Return a text as long as a reason can be."""
    return (part * times)[:6000]


texts = st.text(max_size=40) | st.builds(
    repeated,
    st.text(max_size=4) | st.text(alphabet="*_`<>@|\\~[]#- \n…a🚢", max_size=8),
    st.integers(min_value=1, max_value=6000),
)
ids = st.integers(min_value=1, max_value=2**63 - 1)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2015, 1, 1))  # noqa: DTZ001 - as hypothesis wants it

infractions = st.builds(
    Infraction,
    guild_id=ids.map(GuildId),
    number=st.integers(min_value=1, max_value=2**31 - 1),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    user_id=ids.map(UserId),
    user_name=texts,
    moderator_id=st.none() | ids.map(UserId),
    moderator_name=texts,
    reason=texts,
    source=st.just("slash"),
    created_at=moments,
    expires_at=st.none() | moments,
    ended_at=st.none() | moments,
    channel_id=st.none() | ids.map(ChannelId),
    message_id=st.none() | ids.map(MessageId),
    failure=st.none() | texts,
)
steps = st.builds(
    Step,
    step=st.just(1),
    at=moments,
    actor_id=st.none() | ids.map(UserId),
    actor_name=texts,
    change=st.sampled_from(["created", "not lifted"]),
    detail=texts,
)


def fits(embed: Embed) -> None:
    """Check what Discord takes in an embed."""
    assert 0 < len((embed.title or "").strip()) <= 256
    assert 0 < len((embed.description or "").strip()) <= 4096
    assert len(embed.fields) <= 25
    for each in embed.fields:
        assert 0 < len(each.value.strip()) <= 1024
    parts = [embed.title or "", embed.description or ""]
    parts += [text for each in embed.fields for text in (each.name, each.value)]
    assert sum(len(part) for part in parts) <= 6000


def untwisted(text: str) -> str:
    """Return a text without the signs that turn its direction."""
    return re.sub("[\u202a-\u202e\u2066-\u2069]", "", text)


def unescaped(text: str) -> str:
    """Return what a text shows on Discord."""
    return re.sub(r"\\([\\*_~`|\[\]<#>-])", r"\1", text)


@given(texts, st.integers(min_value=2, max_value=3000))
def test_a_text_is_cut_to_its_length_and_never_inside_of_an_escape(text: str, longest: int) -> None:
    cut = shown(text, longest)

    assert len(cut) <= longest
    if len(escape(text)) <= longest:
        assert cut == escape(text)
    else:
        assert cut.endswith("…")
        assert untwisted(text).startswith(unescaped(cut.removesuffix("…")))


def test_a_text_full_of_signs_that_are_escaped_is_cut_no_shorter_than_it_must_be() -> None:
    assert len(shown("*" * 2000, 1000)) >= 998


def test_a_role_for_a_time_says_which_role() -> None:
    given_ = Infraction(
        guild_id=GuildId(1),
        number=17,
        kind=Kind.TEMPROLE,
        state=State.ACTIVE,
        user_id=UserId(2),
        user_name="fen",
        moderator_id=UserId(3),
        moderator_name="bea",
        reason="",
        source="slash",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        role_id=RoleId(4),
    )

    assert card(given_, []).title == "#17: temporary role"
    assert ("Role", "<@&4>") in [(each.name, each.value) for each in card(given_, []).fields]
    assert "**#17 temporary role** <@&4> **fen**" in (listing([given_]).description or "")


@given(texts)
def test_what_goes_on_one_line_has_one(text: str) -> None:
    assert "\n" not in on_one_line(text, 100)


@given(infractions, st.lists(steps, max_size=8))
def test_every_card_fits(infraction: Infraction, history: list[Step]) -> None:
    fits(card(infraction, history))


@given(st.lists(infractions, min_size=1, max_size=10), texts)
def test_every_list_fits(found: list[Infraction], of: str) -> None:
    fits(listing(found, of=of))


@given(infractions)
def test_every_answer_fits(infraction: Infraction) -> None:
    assert len(reference(infraction)) < 1500


counts = st.builds(
    Count,
    kind=st.sampled_from(Kind),
    total=st.integers(min_value=1, max_value=2**31),
    newest_at=moments,
    lapsed=st.integers(min_value=0, max_value=2**31),
)


@given(
    infractions,
    st.lists(steps, max_size=8),
    st.lists(infractions, max_size=10),
    st.lists(counts, max_size=9, unique_by=lambda count: count.kind),
)
def test_every_answer_to_a_measure_fits(
    infraction: Infraction, history: list[Step], replaced: list[Infraction], before: list[Count]
) -> None:
    assert len(done(infraction, history, replaced, before)) <= 2000


@given(st.lists(infractions, min_size=1, max_size=10), texts)
def test_every_page_of_ones_own_record_fits(found: list[Infraction], guild: str) -> None:
    fits(own_listing(found, guild))


def test_a_long_history_shows_its_newest_steps() -> None:
    history = [
        Step(
            step=number,
            at=NOW + timedelta(minutes=number),
            actor_id=None,
            actor_name="Flotilla",
            change="not lifted",
            detail=f"try {number}",
        )
        for number in range(200)
    ]
    infraction = Infraction(
        guild_id=GuildId(1),
        number=1,
        kind=Kind.BAN,
        state=State.ACTIVE,
        user_id=UserId(2),
        user_name="raider",
        moderator_id=None,
        moderator_name="",
        reason="",
        source="rule",
        created_at=NOW,
    )

    [*_, shown_history] = card(infraction, history).fields

    assert shown_history.value.startswith("…\n")
    assert shown_history.value.endswith("try 199")
    assert "Moderator" in [each.name for each in card(infraction, history).fields]
