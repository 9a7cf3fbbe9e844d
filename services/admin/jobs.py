"""The jobs of admin."""

from services.admin import actions
from services.admin.deps import Deps
from services.admin.timers import SetNickname
from shared.jobs import Jobs

jobs = Jobs()


@jobs.job(SetNickname)
async def set_nickname(deps: Deps, job: SetNickname) -> None:
    """Give the bot the nickname that the configuration wants."""
    await actions.apply_nickname(deps, job)
