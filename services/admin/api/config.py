"""Routes of the configuration: read and save it, its history, and back to an earlier revision."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Response

from services.admin import actions, queries
from services.admin.api.people import MayReadConfig, MayWriteConfig, author_of
from services.admin.api.views import (
    ConfigChange,
    ConfigView,
    InvalidConfig,
    RevisionDetail,
    RevisionPage,
    config_view,
    revision_view,
)
from services.admin.deps import Deps
from services.admin.model import Revision
from shared.contracts.ids import GuildId
from shared.errors import UserError
from shared.http import SnowflakeText, decode_cursor, encode_cursor

LARGEST_PAGE: Final = 100

OfGuild = Annotated[SnowflakeText, Path(ge=1, description="The server's id.")]
Number = Annotated[int, Path(ge=0, le=2**31 - 1, description="The revision's number.")]
IfMatch = Annotated[
    str | None,
    Header(description='The ETag of the revision that is to be replaced, `"3"`; `*` for any.'),
]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Revisions on a page.")]

_SAVING: Final[dict[int | str, dict[str, Any]]] = {  # Any: as FastAPI declares it
    400: {"model": InvalidConfig, "description": "The text is not a valid configuration."},
    409: {"description": "Somebody saved at the same moment."},
    412: {"description": "The configuration has changed since the revision of `If-Match`."},
    428: {"description": "`If-Match` is missing."},
}


def config_routes(deps: Deps) -> APIRouter:
    """Make the routes of the configuration."""
    router = APIRouter(prefix="/guilds/{guild_id}/config", tags=["config"])

    @router.get("")
    async def read_config(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, response: Response, _actor: MayReadConfig
    ) -> ConfigView:
        """Return the configuration that holds."""
        held = await actions.current(deps, GuildId(guild_id))
        response.headers["ETag"] = _etag(held)
        return config_view(held)

    @router.put("", responses=_SAVING)
    async def save_config(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild,
        change: ConfigChange,
        response: Response,
        actor: MayWriteConfig,
        if_match: IfMatch = None,
    ) -> ConfigView:
        """Save a configuration, in place of the revision that `If-Match` names."""
        base = await _base(deps, GuildId(guild_id), if_match)
        author = await author_of(deps, actor, base.guild_id, needs="editor")
        saved = await actions.save_config(deps, author, base, change.yaml, note=change.note)
        response.headers["ETag"] = _etag(saved.revision)
        return config_view(saved.revision)

    _add_history(router, deps)
    return router


def _add_history(router: APIRouter, deps: Deps) -> None:
    @router.get("/revisions")
    async def list_revisions(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, _actor: MayReadConfig, cursor: Cursor = None, limit: Limit = 25
    ) -> RevisionPage:
        """List the revisions that were saved, newest first."""
        before = None if cursor is None else decode_cursor(cursor, int)
        found = await queries.revisions(deps.db, GuildId(guild_id), before=before, limit=limit + 1)
        following = encode_cursor(found[limit - 1].revision) if len(found) > limit else None
        return RevisionPage(items=[revision_view(each) for each in found[:limit]], next=following)

    @router.get("/revisions/{number}")
    async def read_revision(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, number: Number, _actor: MayReadConfig
    ) -> RevisionDetail:
        """Return one revision with its text and what it changed."""
        found = await actions.find_revision(deps, GuildId(guild_id), number)
        diff = await actions.difference(deps, found)
        return RevisionDetail(**config_view(found).model_dump(), diff=diff)

    @router.post("/revisions/{number}/rollback", responses=_SAVING)
    async def roll_back(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild,
        number: Number,
        response: Response,
        actor: MayWriteConfig,
        if_match: IfMatch = "*",
    ) -> ConfigView:
        """Make an earlier revision hold again, as a new one."""
        base = await _base(deps, GuildId(guild_id), if_match)
        author = await author_of(deps, actor, base.guild_id, needs="editor")
        saved = await actions.roll_back(deps, author, base, number)
        response.headers["ETag"] = _etag(saved.revision)
        return config_view(saved.revision)


def _etag(revision: Revision) -> str:
    return f'"{revision.revision}"'


async def _base(deps: Deps, guild_id: GuildId, if_match: str | None) -> Revision:
    """Return the revision that is to be replaced. Raises UserError when another one holds."""
    if if_match is None:
        raise UserError(
            "Send the ETag of the configuration that you have read, as If-Match.",
            status=428,
            code="if_match_missing",
        )
    held = await actions.current(deps, guild_id)
    if if_match != "*" and _etag(held) not in [each.strip() for each in if_match.split(",")]:
        raise UserError(
            f"The configuration has changed meanwhile: revision {held.revision} holds. Read it, "
            "and save again.",
            status=412,
            code="revision_changed",
        )
    return held
