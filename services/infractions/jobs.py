"""The jobs of infractions: lifting in time, and finishing what a crash left pending."""

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.timers import (
    FinishPending,
    LiftInfraction,
    ReassertBan,
    RecheckBans,
)
from shared.jobs import Jobs

jobs = Jobs()

LIFT_TRIES = 150
"""As a refusal may be mended by people: with pauses of up to ten minutes, half a day."""


@jobs.job(LiftInfraction, max_failures=LIFT_TRIES)
async def lift_infraction(deps: Deps, job: LiftInfraction) -> None:
    """End a temporary measure when its time is up."""
    await actions.expire(deps, job.guild_id, job.number)


@jobs.job(FinishPending)
async def finish_pending(deps: Deps, job: FinishPending) -> None:
    """Carry out what a crash or an outage left pending."""
    await actions.finish(deps, job.guild_id, job.number)


@jobs.job(ReassertBan)
async def reassert_ban(deps: Deps, job: ReassertBan) -> None:
    """Make Discord agree with the record after two measures crossed."""
    await actions.reassert_ban(deps, job.guild_id, job.user_id)


@jobs.job(RecheckBans)
async def recheck_bans(deps: Deps, job: RecheckBans) -> None:
    """End the records of bans that somebody lifted while nobody could see it."""
    await actions.recheck_bans(deps, job.guild_id)
