"""The jobs of infractions: lifting in time, finishing what a crash left, telling others."""

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.timers import (
    DeleteAnswer,
    Deliver,
    EndSoftban,
    ErasePerson,
    Escalate,
    ExpireEvidence,
    FetchEvidence,
    FinishPending,
    ImportFile,
    LiftInfraction,
    LookAtBan,
    LookAtMember,
    PutBack,
    Reassert,
    RecheckBans,
    RecheckMembers,
    RenewMute,
    RetireUndo,
    RunMass,
    TakeEvidence,
    WriteLog,
)
from shared.contracts.actions import DeleteResponse, EditResponse
from shared.contracts.topology import INTERACTIVE
from shared.jobs import Jobs

jobs = Jobs()

PATIENT = 150
"""Tries, as a refusal may be mended by people: with pauses of up to ten minutes, half a day."""

MANY_TRIES = 100_000
"""For jobs that decide by themselves when it is enough."""


@jobs.job(LiftInfraction, max_failures=PATIENT)
async def lift_infraction(deps: Deps, job: LiftInfraction) -> None:
    """End a temporary measure when its time is up."""
    await actions.expire(deps, job.guild_id, job.number, job.by)


@jobs.job(FinishPending)
async def finish_pending(deps: Deps, job: FinishPending) -> None:
    """Carry out what a crash or an outage left pending."""
    await actions.finish(deps, job.guild_id, job.number)


@jobs.job(EndSoftban, max_failures=PATIENT)
async def end_softban(deps: Deps, job: EndSoftban) -> None:
    """Unban somebody whom a softban left banned."""
    await actions.finish_softban(deps, job.guild_id, job.number, job.user_id)


@jobs.job(RenewMute, max_failures=PATIENT)
async def renew_mute(deps: Deps, job: RenewMute) -> None:
    """Time a member out again before Discord's longest time is over."""
    await actions.renew(deps, job.guild_id, job.number)


@jobs.job(Reassert, max_failures=PATIENT)
async def reassert(deps: Deps, job: Reassert) -> None:
    """Make Discord agree with the record after two measures crossed."""
    await actions.reassert(deps, job.subject)


@jobs.job(PutBack, max_failures=PATIENT)
async def put_back(deps: Deps, job: PutBack) -> None:
    """Put back what somebody was under who left and came again."""
    await actions.put_back(deps, job.guild_id, job.user_id, job.joined_at)


@jobs.job(RecheckBans)
async def recheck_bans(deps: Deps, job: RecheckBans) -> None:
    """End the records of bans that somebody lifted while nobody could see it."""
    await actions.recheck_bans(deps, job.guild_id)


@jobs.job(RecheckMembers)
async def recheck_members(deps: Deps, job: RecheckMembers) -> None:
    """End the records of mutes and roles that somebody lifted while nobody could see it."""
    await actions.recheck_members(deps, job.guild_id)


@jobs.job(RunMass)
async def run_mass(deps: Deps, job: RunMass) -> None:
    """Carry out a mass order that was confirmed."""
    await actions.run_mass(deps, job.guild_id, job.order_id)


@jobs.job(RetireUndo)
async def retire_undo(deps: Deps, job: RetireUndo) -> None:
    """Take the button off an answer."""
    edit = EditResponse(to=job.to, message=job.message)
    await deps.gateway.send(edit, key=f"retire:{job.to}", queue=INTERACTIVE)


@jobs.job(DeleteAnswer)
async def delete_answer(deps: Deps, job: DeleteAnswer) -> None:
    """Delete the answer to a command."""
    await deps.gateway.send(DeleteResponse(to=job.to), key=f"tidy:{job.to}", queue=INTERACTIVE)


@jobs.job(WriteLog, max_failures=MANY_TRIES)
async def write_log(deps: Deps, job: WriteLog) -> None:
    """Show in the mod log what has changed."""
    await actions.write_log(deps, job.guild_id)


@jobs.job(Deliver, max_failures=MANY_TRIES)
async def deliver(deps: Deps, job: Deliver) -> None:
    """Deliver what waits for a webhook."""
    await actions.deliver(deps, job.guild_id, job.webhook_id)


@jobs.job(LookAtBan)
async def look_at_ban(deps: Deps, job: LookAtBan) -> None:
    """Record a ban or unban of which the audit log did not tell."""
    await actions.look_at_ban(deps, job)


@jobs.job(LookAtMember)
async def look_at_member(deps: Deps, job: LookAtMember) -> None:
    """Record mutes and their ends of which the audit log did not tell."""
    await actions.look_at_member(deps, job)


@jobs.job(Escalate)
async def escalate(deps: Deps, job: Escalate) -> None:
    """Do what the guild's rules want after a warning."""
    await actions.escalate(deps, job.guild_id, job.number)


@jobs.job(TakeEvidence)
async def take_evidence(deps: Deps, job: TakeEvidence) -> None:
    """Keep a member's last messages with the measure."""
    await actions.take_evidence(deps, job.guild_id, job.number)


@jobs.job(FetchEvidence)
async def fetch_evidence(deps: Deps, job: FetchEvidence) -> None:
    """Fetch a file that is to be kept."""
    await actions.fetch_evidence(deps, job.guild_id, job.number, job.id)


@jobs.job(ExpireEvidence)
async def expire_evidence(deps: Deps, job: ExpireEvidence) -> None:
    """Throw away what was kept for its time."""
    await actions.expire_evidence(deps, job.guild_id, job.number, job.id)


@jobs.job(ImportFile)
async def import_file(deps: Deps, job: ImportFile) -> None:
    """Take a record over from a file."""
    await actions.import_file(deps, job)


@jobs.job(ErasePerson)
async def erase_person(deps: Deps, job: ErasePerson) -> None:
    """Take a person out of a guild's record."""
    await actions.erase_person(deps, job.guild_id, job.user_id)
