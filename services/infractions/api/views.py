"""What only the routes show: a member's record summed up, mass orders."""

from collections.abc import Iterable

from pydantic import BaseModel, Field

from services.infractions.mass_model import MassOrder, MassOutcome, MassRow, MassState, What
from services.infractions.model import Count, Kind
from services.infractions.views import InfractionPage, Moment, PersonView
from shared.http import SnowflakeText


class CountView(BaseModel):
    """How many of a kind a member has."""

    kind: Kind
    total: int
    lapsed: int = Field(description="Of them, the warnings that count no more.")
    newest_at: Moment


class RecordView(InfractionPage):
    """A member's record: how many of each kind, and a page of it."""

    user_id: SnowflakeText
    counts: list[CountView] = Field(description="By kind, the most first; without what failed.")


class MassRowView(BaseModel):
    """What came of a mass order for one member, or one infraction."""

    user_id: SnowflakeText
    user_name: str
    number: int | None = Field(description="The infraction's, once there is one.")
    outcome: MassOutcome | None = Field(description="None while it is still to be done.")
    detail: str = Field(description="Why, where it was refused.")


class MassOrderView(BaseModel):
    """A mass order, and how far it is."""

    id: SnowflakeText
    what: What
    state: MassState
    moderator: PersonView
    reason: str
    source: str
    asked_at: Moment
    duration_seconds: int | None
    total: int
    done: int = Field(description="For how many it is decided: done, refused, pending, cancelled.")
    rows: list[MassRowView]


def count_view(count: Count) -> CountView:
    """Show how many of a kind a member has."""
    return CountView(
        kind=count.kind, total=count.total, lapsed=count.lapsed, newest_at=count.newest_at
    )


def mass_view(order: MassOrder, rows: Iterable[MassRow]) -> MassOrderView:
    """Show a mass order."""
    shown = [
        MassRowView(
            user_id=row.user_id,
            user_name=row.user_name,
            number=row.number,
            outcome=row.outcome,
            detail=row.detail,
        )
        for row in rows
    ]
    seconds = None if order.duration is None else int(order.duration.total_seconds())
    return MassOrderView(
        id=order.id,
        what=order.what,
        state=order.state,
        moderator=PersonView(id=order.moderator_id, name=order.moderator_name),
        reason=order.reason,
        source=order.source,
        asked_at=order.asked_at,
        duration_seconds=seconds,
        total=len(shown),
        done=sum(row.outcome is not None for row in shown),
        rows=shown,
    )
