"""The jobs of infractions: lifting in time, and finishing what a crash left pending."""

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.timers import FinishPending, LiftInfraction
from shared.jobs import Jobs

jobs = Jobs()


@jobs.job(LiftInfraction)
async def lift_infraction(deps: Deps, job: LiftInfraction) -> None:
    """End a temporary measure when its time is up."""
    await actions.expire(deps, job.guild_id, job.number)


@jobs.job(FinishPending)
async def finish_pending(deps: Deps, job: FinishPending) -> None:
    """Carry out what a crash or an outage left pending."""
    await actions.finish(deps, job.guild_id, job.number)
