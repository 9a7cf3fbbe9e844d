"""Deleting and pardoning many infractions at once: by a filter, previewed, then confirmed."""

from typing import Annotated, Final

from services.infractions import actions
from services.infractions.commands.declared import commands
from services.infractions.commands.mass import mass_reply, template_of
from services.infractions.deps import Deps
from services.infractions.mass_model import MassRow, What
from services.infractions.mass_wording import preview
from services.infractions.model import Filter, Infraction, Kind
from shared.commands import Describe, Length, Moment, Reply, Text
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation
from shared.errors import UserError
from shared.permissions import ADMINISTRATOR

MOST: Final = 500
"""Infractions that are changed by one order."""

Whose = Annotated[UserId | None, Describe("Whose; everybody's without")]
ByWhom = Annotated[UserId | None, Describe("By whom they were ordered")]
What_ = Annotated[Kind | None, Describe("What happened")]
Since = Annotated[Moment | None, Describe("Since when, such as 2026-11-01 or 7d")]
Until = Annotated[Moment | None, Describe("Until when, such as 2026-12-01 or 1d")]
Words = Annotated[Text, Length(200), Describe("Words of the reason or a name")]


@commands.command("infractions bulk delete", level=ADMINISTRATOR)
async def delete(  # one option for each thing that can be searched by
    deps: Deps,
    by: Invocation,
    user: Whose = None,
    moderator: ByWhom = None,
    kind: What_ = None,
    from_: Since = None,
    to: Until = None,
    text: Words = "",
) -> Reply:
    """Take all infractions that match out of the record, after a confirmation."""
    matching = Filter(
        user_id=user, moderator_id=moderator, kind=kind, since=from_, until=to, text=text
    )
    return await _ask(deps, by, "delete", matching)


@commands.command("infractions bulk pardon", level=ADMINISTRATOR)
async def pardon(  # one option for each thing that can be searched by
    deps: Deps,
    by: Invocation,
    user: Whose = None,
    moderator: ByWhom = None,
    from_: Since = None,
    to: Until = None,
    text: Words = "",
) -> Reply:
    """Let all warnings that match count no more, after a confirmation."""
    matching = Filter(
        user_id=user,
        moderator_id=moderator,
        kind=Kind.WARNING,
        since=from_,
        until=to,
        text=text,
    )
    return await _ask(deps, by, "pardon", matching)


async def _ask(deps: Deps, by: Invocation, what: What, matching: Filter) -> Reply:
    """Show what would be changed, with the buttons that decide."""
    if matching in (Filter(), Filter(kind=matching.kind)):
        raise UserError("Say which ones: by member, moderator, time or text.")
    page = await actions.page(deps, by.guild_id, matching, limit=MOST)
    if page.older:
        raise UserError(f"More than {MOST} infractions match: narrow it down.")
    found = [each for each in page.infractions if _changeable(each, what)]
    if not found:
        return Reply("No infractions match that can be changed so.")
    rows = [
        MassRow(position=at, user_id=each.user_id, user_name=each.user_name, number=each.number)
        for at, each in enumerate(found, start=1)
    ]
    kept, rows = await actions.preview_mass(deps, what, template_of(by, Kind.NOTE, ""), rows)
    return mass_reply(preview(kept, rows))


def _changeable(infraction: Infraction, what: What) -> bool:
    """Say whether it can be done: not while it is in force, or once more."""
    return not infraction.in_force if what == "delete" else infraction.pardoned_at is None
