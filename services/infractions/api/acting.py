"""In whose name the API acts: the moderator of a token, or a key, bounded by who made it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from services.infractions.api.params import DepsOf, OfGuild
from services.infractions.deps import Deps
from services.infractions.model import Person
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import CommandSpec
from shared.errors import ForbiddenError
from shared.http import Actor, require
from shared.permissions import Disabled, level_of, person_in, required_level
from shared.permissions import Person as Somebody

MayWrite = Annotated[Actor, Depends(require("infractions:write"))]
MayAdminister = Annotated[Actor, Depends(require("infractions:admin"))]


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """Who acts, as the record names them and with what decides about their level.

    `who` tells keys of one maker, and their maker on the dashboard, apart.
    """

    guild: GuildSnapshot
    somebody: Somebody
    person: Person
    level: int
    source: str
    who: str

    @property
    def guild_id(self) -> GuildId:
        """The server in which they act."""
        return self.guild.id


async def _moderator(deps: Deps, actor: Actor, guild_id: GuildId) -> Moderator:
    """Look up who acts, whatever their token says of them.

    Raises ForbiddenError for a key of nobody, NotFoundError when the bot is not in the server,
    UnavailableError.
    """
    if not actor.user_id:
        raise ForbiddenError("Nobody knows who made this key, so it can only read: make a new one.")
    user_id = UserId(actor.user_id)
    guild = await deps.gateway.guild(guild_id)
    member = await deps.gateway.member(guild_id, user_id)
    somebody = person_in(guild, user_id, member.roles if member else ())
    name = actor.name or (member.user.name if member and member.user else str(user_id))
    return Moderator(
        guild=guild,
        somebody=somebody,
        person=Person(user_id, name),
        level=level_of(somebody, deps.config.get(guild_id), deps.settings.operators),
        source="api" if actor.role == "key" else "web",
        who=f"key:{actor.key_id}" if actor.role == "key" else f"user:{user_id}",
    )


async def _writer(deps: DepsOf, guild_id: OfGuild, actor: MayWrite) -> Moderator:
    return await _moderator(deps, actor, GuildId(guild_id))


async def _administrator(deps: DepsOf, guild_id: OfGuild, actor: MayAdminister) -> Moderator:
    return await _moderator(deps, actor, GuildId(guild_id))


Writer = Annotated[Moderator, Depends(_writer)]
Administrator = Annotated[Moderator, Depends(_administrator)]


def check_command(deps: Deps, by: Moderator, name: str, level: int) -> None:
    """Refuse who may not run the command that does the same. Raises ForbiddenError.

    `level` is what it needs where the server's configuration says nothing else.
    """
    spec = CommandSpec(name=name, description="", plugin="infractions", level=level)
    needed = required_level(deps.config.get(by.guild_id), spec)
    if isinstance(needed, Disabled):
        raise ForbiddenError(f"`{name}` is turned off in this server.")
    if by.level < needed:
        raise ForbiddenError(
            f"This needs level {needed} in this server, as `{name}` does, and yours is {by.level}."
        )
