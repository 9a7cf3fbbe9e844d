"""Whether a role can be given for a time: not to somebody who has it for good."""

from collections.abc import Collection

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import Family, Subject
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.errors import ConflictError


async def check_role_is_new(
    deps: Deps, guild_id: GuildId, user_id: UserId, role_id: RoleId, held: Collection[RoleId]
) -> None:
    """Raise ConflictError where a member has a role otherwise: it would be gone at the end."""
    if role_id not in held:
        return
    subject = Subject(guild_id=guild_id, user_id=user_id, family=Family.ROLE, role_id=role_id)
    if await queries.newest(deps.db, subject) is None:
        raise ConflictError(
            "They have that role already, and would lose it when the time is up: take it from "
            "them first if that is what you want."
        )
