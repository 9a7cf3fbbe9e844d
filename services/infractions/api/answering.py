"""How the routes answer: an infraction with its ETag, pages with the address of the next one."""

from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from services.infractions import actions
from services.infractions.actions import Page
from services.infractions.api.params import Position
from services.infractions.deps import Deps
from services.infractions.model import Infraction
from services.infractions.views import detail
from shared.contracts.ids import GuildId
from shared.errors import ConflictError, NotFoundError
from shared.http import check_unchanged, encode_cursor, etag

JSON = "application/json"


async def answer(deps: Deps, guild_id: GuildId, number: int, *, status: int = 200) -> Response:
    """Answer with an infraction as it stands now."""
    infraction, history = await actions.show(deps, guild_id, number)
    headers = {"ETag": etag(infraction.version)}
    if status == 201:  # noqa: PLR2004 - HTTP's own
        headers["Location"] = f"/guilds/{guild_id}/infractions/{number}"
    body = detail(infraction, history).model_dump_json()
    return Response(body, status_code=status, headers=headers, media_type=JSON)


async def find(
    deps: Deps, guild_id: GuildId, number: int, if_match: str | None = None
) -> Infraction:
    """Return an infraction that is to be changed. Raises NotFoundError, StaleError."""
    infraction, _ = await actions.show(deps, guild_id, number)
    check_unchanged(if_match, infraction.version)
    return infraction


def check_shown(infraction: Infraction) -> None:
    """Raise NotFoundError for one that was deleted, as who asks may not see those."""
    if infraction.hidden_at is not None:
        raise NotFoundError(f"There is no infraction #{infraction.number} in this server.")


async def settle_conflict(
    deps: Deps, infraction: Infraction, if_match: str | None, conflict: ConflictError
) -> ConflictError:
    """Return what to say of a conflict. Raises StaleError when somebody else was faster."""
    if if_match is not None:
        await find(deps, infraction.guild_id, infraction.number, if_match)
    return conflict


def following(request: Request, response: Response, page: Page) -> str | None:
    """Return the cursor of the page after one, and name its address in the headers."""
    if not page.older:
        return None
    cursor = encode_cursor(Position(page.infractions[-1].number))
    query = {**request.query_params, "cursor": cursor}
    response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
    return cursor
