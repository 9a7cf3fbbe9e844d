"""Routes of API keys: list, make and revoke them."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.admin import actions, queries
from services.admin.api.config import OfGuild
from services.admin.api.people import MayWriteKeys, author_of
from services.admin.api.views import KeyRequest, KeyView, NewKey, key_view
from services.admin.deps import Deps
from shared.contracts.ids import GuildId
from shared.errors import ForbiddenError, UserError
from shared.http import Actor, new_key
from shared.http.access import scopes_of

KeyId = Annotated[str, Path(max_length=64, description="The key's id.")]


def key_routes(deps: Deps) -> APIRouter:
    """Make the routes of API keys."""
    router = APIRouter(prefix="/guilds/{guild_id}/keys", tags=["keys"])

    @router.get("")
    async def list_keys(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, _actor: MayWriteKeys
    ) -> list[KeyView]:
        """List the keys that are in force."""
        return [key_view(key) for key in await queries.keys(deps.db, GuildId(guild_id))]

    @router.post("", status_code=201)
    async def create_key(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, request: KeyRequest, actor: MayWriteKeys
    ) -> NewKey:
        """Make a key; this answer is the only one that has its secret."""
        author = await author_of(deps, actor, GuildId(guild_id), needs="admin")
        _check(request, actor)
        shown, key = new_key(
            request.name,
            tuple(dict.fromkeys(request.scopes)),
            created_by=author.id,
            expires_at=request.expires_at,
        )
        await actions.create_key(deps, GuildId(guild_id), key)
        return NewKey(
            id=key.id,
            name=key.name,
            scopes=list(key.scopes),
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            key=shown,
        )

    @router.delete("/{key_id}", status_code=204)
    async def revoke_key(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, key_id: KeyId, actor: MayWriteKeys
    ) -> None:
        """Take a key back, in all services."""
        await author_of(deps, actor, GuildId(guild_id), needs="admin")
        await actions.revoke_key(deps, GuildId(guild_id), key_id)

    return router


def _check(request: KeyRequest, actor: Actor) -> None:
    """Raise UserError when a key can't be made like this, or not by this one."""
    beyond = sorted(set(request.scopes) - scopes_of(actor))
    if actor.role == "key" and beyond:
        raise ForbiddenError(f"A key can't make one with {beyond[0]}, which it does not have.")
    if request.expires_at is not None and request.expires_at.tzinfo is None:
        raise UserError("`expires_at` needs a time zone, such as Z at its end.")
