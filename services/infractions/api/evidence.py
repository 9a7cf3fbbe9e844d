"""The routes of evidence: for staff only, whatever address somebody knows."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.infractions import actions
from services.infractions.api.params import DepsOf, Number, OfGuild
from services.infractions.evidence_model import Evidence, EvidenceKind, EvidenceState
from services.infractions.model import Person
from services.infractions.places import read_link
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.http import Actor, SnowflakeText, require

router = APIRouter(prefix="/guilds/{guild_id}/infractions/{number}/evidence", tags=["evidence"])

Reading = Depends(require("evidence:read"))
Writing = Annotated[Actor, Depends(require("infractions:write"))]
EvidenceId = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number in the list.")]

UNTRUSTED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""A file is somebody's upload: it is saved, and never shown as a page."""


class EvidenceView(BaseModel):
    """A message or a file that is kept with an infraction, or was."""

    id: int
    kind: EvidenceKind
    state: EvidenceState
    added_by_id: SnowflakeText = Field(description="0 where it was taken with the measure.")
    added_by_name: str
    added_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    link: str = Field(description="Where the message was.")
    author_id: SnowflakeText | None
    author_name: str
    content: str = Field(description="The message's text.")
    name: str = Field(description="The file's name.")
    size: int = Field(description="In bytes.")
    sha256: str | None = Field(description="In hex; it stays when the content is gone.")
    failure: str | None


class EvidenceList(BaseModel):
    """The evidence of an infraction, first to last."""

    items: list[EvidenceView]


class NewEvidence(BaseModel):
    """A message to keep, with its files."""

    link: str = Field(max_length=200, description="The message's link, as Discord copies it.")


@router.get("", dependencies=[Reading])
async def list_evidence(deps: DepsOf, guild_id: OfGuild, number: Number) -> EvidenceList:
    """List what is kept with an infraction."""
    return _list(await actions.evidence_of(deps, GuildId(guild_id), number))


@router.get("/{evidence_id}/content", dependencies=[Reading], response_class=Response)
async def read_file(
    deps: DepsOf, guild_id: OfGuild, number: Number, evidence_id: EvidenceId
) -> Response:
    """Return a kept file, to be saved."""
    piece, body = await actions.file_of(deps, GuildId(guild_id), number, evidence_id)
    name = quote(piece.name or f"evidence-{number}-{evidence_id}", safe="")
    headers = {**UNTRUSTED, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(body, media_type="application/octet-stream", headers=headers)


@router.post("", status_code=201)
async def add_evidence(
    deps: DepsOf, guild_id: OfGuild, number: Number, new: NewEvidence, actor: Writing
) -> EvidenceList:
    """Keep a message and its files; people need to be able to read it on Discord themselves."""
    guild = GuildId(guild_id)
    link = read_link(new.link)
    reader, roles = None, ()
    if actor.role in ("viewer", "editor", "admin"):
        reader = UserId(actor.user_id)
        member = await deps.gateway.member(guild, reader)
        roles: tuple[RoleId, ...] = member.roles if member else ()
    message = await actions.linked_message(deps, guild, link, reader, roles)
    return _list(await actions.add_evidence(deps, guild, number, [message], _person(actor)))


@router.delete("/{evidence_id}")
async def remove_evidence(
    deps: DepsOf, guild_id: OfGuild, number: Number, evidence_id: EvidenceId, actor: Writing
) -> EvidenceView:
    """Throw a piece of evidence away; its hash and a note in the history stay."""
    of_others = actor.role in ("admin", "operator", "key")
    piece = await actions.remove_evidence(
        deps, GuildId(guild_id), number, evidence_id, _person(actor), of_others=of_others
    )
    return _view(piece)


def _person(actor: Actor) -> Person:
    return Person(UserId(actor.user_id), actor.name)


def _list(pieces: list[Evidence]) -> EvidenceList:
    return EvidenceList(items=[_view(each) for each in pieces])


def _view(piece: Evidence) -> EvidenceView:
    return EvidenceView(
        id=piece.id,
        kind=piece.kind,
        state=piece.state,
        added_by_id=piece.added_by_id,
        added_by_name=piece.added_by_name,
        added_at=piece.added_at,
        expires_at=piece.expires_at,
        ended_at=piece.ended_at,
        link=piece.link,
        author_id=piece.author_id,
        author_name=piece.author_name,
        content=piece.content,
        name=piece.name,
        size=piece.size,
        sha256=piece.sha256,
        failure=piece.failure,
    )
