"""Routes of who may do what: somebody's access to a guild, and the commands that there are."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.admin import actions, queries
from services.admin.api.config import OfGuild
from services.admin.api.people import MayReadConfig
from services.admin.api.views import AccessView, ChoiceView, CommandView, OptionView
from services.admin.deps import Deps
from shared.commands import usage
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.invocations import CommandSpec, OptionSpec
from shared.http import SnowflakeText
from shared.permissions import Person, level_of, person_in, web_role_of

OfUser = Annotated[SnowflakeText, Path(description="The user's id.")]
Roles = Annotated[
    list[SnowflakeText] | None,
    Query(description="The user's roles, when known; otherwise Discord is asked."),
]


def access_routes(deps: Deps) -> APIRouter:
    """Make the routes of access and commands."""
    router = APIRouter(tags=["access"])

    @router.get("/guilds/{guild_id}/access/{user_id}")
    async def read_access(  # pyright: ignore[reportUnusedFunction] - a route
        guild_id: OfGuild, user_id: OfUser, _actor: MayReadConfig, roles: Roles = None
    ) -> AccessView:
        """Return what somebody may do in a server.

        With `permissions` in its configuration, the entries of the user and of their roles decide.
        Without, Discord's permissions do: administrators have level 100 and are web admins; who may
        ban, kick or moderate members has level 50 and is a viewer. The owner and the operators of
        the installation are always web admins.
        """
        person = await _person(deps, GuildId(guild_id), UserId(user_id), roles)
        config, operators = deps.config.get(GuildId(guild_id)), deps.settings.operators
        return AccessView(
            guild_id=guild_id,
            user_id=user_id,
            level=level_of(person, config, operators),
            web=web_role_of(person, config, operators),
            owner=person.owner,
            operator=user_id in operators,
        )

    @router.get("/commands")
    async def list_commands() -> list[CommandView]:  # pyright: ignore[reportUnusedFunction] - a route
        """List the commands of all services."""
        return [_view(spec) for spec in await queries.announced(deps.db)]

    return router


async def _person(
    deps: Deps, guild_id: GuildId, user_id: UserId, roles: list[int] | None
) -> Person:
    if roles is None:
        return await actions.find_person(deps, guild_id, user_id)
    guild = await deps.gateway.guild(guild_id)
    return person_in(guild, user_id, [RoleId(role) for role in roles])


def _view(spec: CommandSpec) -> CommandView:
    return CommandView(
        name=spec.name,
        description=spec.description,
        plugin=spec.plugin,
        level=spec.level,
        usage=usage(spec),
        aliases=list(spec.aliases),
        options=[_option(option) for option in spec.options],
        text=spec.text,
        slash=spec.slash,
        menu=spec.menu,
    )


def _option(option: OptionSpec) -> OptionView:
    return OptionView(
        name=option.name,
        description=option.description,
        kind=option.kind,
        required=option.required,
        choices=[ChoiceView(name=each.name, value=each.value) for each in option.choices],
    )
