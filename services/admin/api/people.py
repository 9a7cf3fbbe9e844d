"""Who asks the API for a change, looked up anew, whatever their token or key says."""

from typing import Annotated

from fastapi import Depends

from services.admin import actions
from services.admin.deps import Deps
from services.admin.model import Author
from shared.contracts.config import WebRole
from shared.contracts.ids import GuildId, UserId
from shared.errors import ForbiddenError
from shared.http import Actor, require
from shared.permissions import web_rank, web_role_of

MayReadConfig = Annotated[Actor, Depends(require("config:read"))]
MayWriteConfig = Annotated[Actor, Depends(require("config:write"))]
MayWriteKeys = Annotated[Actor, Depends(require("keys:write"))]


async def author_of(deps: Deps, actor: Actor, guild_id: GuildId, *, needs: WebRole) -> Author:
    """Return who changes something; a key speaks for whoever made it.

    Raises ForbiddenError when somebody on the dashboard no longer has the role that they came with,
    UnavailableError while the gateway can't be asked.
    """
    person = await actions.find_person(deps, guild_id, UserId(actor.user_id))
    config, operators = deps.config.get(guild_id), deps.settings.operators
    if actor.role != "key":
        role = web_role_of(person, config, operators)
        if web_rank(role) < web_rank(needs):
            raise ForbiddenError(f"This needs the web role {needs}, which you do not have now.")
    return Author(person=person, name=actor.name or str(actor.user_id))
