"""Taking over a record from a file attached to a command: in a job, as that may take long."""

from datetime import timedelta
from typing import Final

from services.infractions.actions.importing import LARGEST_FILE, import_record
from services.infractions.deps import Deps
from services.infractions.fetching import NotFetchedError, check_origin, fetch
from services.infractions.import_wording import MOST_LINES, import_answer
from services.infractions.timers import ImportFile
from shared import jobs
from shared.contracts.actions import EditResponse, Message
from shared.contracts.topology import INTERACTIVE
from shared.errors import UnavailableError, UserError

BEGIN_AFTER: Final = timedelta(seconds=1)
"""So that the answer is there before it is edited."""


async def import_later(deps: Deps, job: ImportFile, size: int, key: str) -> None:
    """Have a job import a file of so many bytes; `key` makes it happen once. Raises UserError."""
    check_origin(job.url, deps.settings.cdn_origins)
    if size > LARGEST_FILE:
        most = LARGEST_FILE >> 20
        raise UserError(f"A file has at most {most} MiB: cut it into several.")
    await jobs.schedule(deps.db, job, after=BEGIN_AFTER, key=f"{job.guild_id}:{key}")


async def import_file(deps: Deps, job: ImportFile) -> None:
    """Import a file and say what came of it; begun again, it leaves alone what it had imported."""
    message = await _imported(deps, job)
    edit = EditResponse(to=job.to, message=message)
    await deps.gateway.send(edit, key=f"import:{job.to}", queue=INTERACTIVE)


async def _imported(deps: Deps, job: ImportFile) -> Message:
    """Return what is to be said, also of a file that can't be imported."""
    try:
        data = await fetch(deps.files, job.url, LARGEST_FILE)
        done = await import_record(
            deps,
            job.guild_id,
            data,
            job.origin,
            job.by,
            activate=job.activate,
            dry_run=job.dry_run,
            most_mistakes=MOST_LINES,
        )
    except NotFetchedError as error:
        return Message(content=f"{error.reason} Run the command again.", ephemeral=True)
    except UnavailableError:
        raise
    except UserError as error:
        return Message(content=error.message, ephemeral=True)
    return import_answer(done)
