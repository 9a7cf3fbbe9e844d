"""What sets a rule of escalation off, against a plain count of what there is at each moment."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.infractions.escalation import Rule, Warned, acting, counting, follow
from services.infractions.model import Kind
from shared.contracts.ids import UserId

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@st.composite
def pasts(draw: st.DrawFn) -> list[Warned]:
    """Draw the warnings of one member, in their order."""
    days = sorted(draw(st.lists(st.integers(0, 60), max_size=12)))
    return [
        Warned(
            number=number,
            user_id=UserId(1),
            user_name="raider",
            points=draw(st.integers(0, 3)),
            created_at=NOW + timedelta(days=day, seconds=number),
            counts_until=draw(st.sampled_from([None, NOW + timedelta(days=day + 5)])),
            pardoned_at=draw(st.sampled_from([None, None, NOW])),
        )
        for number, day in enumerate(days, start=1)
    ]


@given(pasts(), st.integers(1, 5), st.sampled_from([None, 7, 30]))
def test_a_rule_is_set_off_when_what_counts_rises_to_it(
    past: list[Warned], points: int, days: int | None
) -> None:
    within = None if days is None else timedelta(days=days)
    rule = Rule(points=points, within=within, kind=Kind.MUTE, duration=None)

    for each, crossings in follow([rule], past):
        before = [one for one in past if one.number < each.number]
        without = sum(one.points for one in counting(rule, before, each.created_at))
        counts = not each.why_not(each.created_at)
        rises = counts and without < points <= without + each.points
        assert (acting(crossings) is not None) == rises
