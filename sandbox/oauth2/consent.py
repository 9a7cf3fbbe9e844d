"""What happens when a person agrees: the bot joins a server, and the application gets its code."""

from sandbox import permissions
from sandbox.models import By, Guild, User
from sandbox.oauth2.authorization import Authorization, WrongRequest
from sandbox.oauth2.grants import issue_code
from sandbox.permissions import Permission
from sandbox.world import World

DENIED = "The resource owner or authorization server denied the request"


def manageable(world: World, user: User) -> list[Guild]:
    """Return the servers that somebody may add a bot to."""
    return [guild for guild in world.guilds_of(user.id) if _may_manage(guild, user)]


def _may_manage(guild: Guild, user: User) -> bool:
    bits = permissions.in_guild(guild, guild.members[user.id])
    return bool(bits & Permission.MANAGE_GUILD)


def agree(world: World, asked: Authorization, user: User, guild_id: int | None) -> str | None:
    """Do what was agreed to; returns where to go back to, if the application named a place."""
    guild = _chosen(world, asked, user, guild_id)
    if guild is not None and "bot" in asked.scopes:
        bot = world.users[asked.application.id]
        world.add_member(guild, bot, permissions=asked.permissions, by=By(user.id))
    if asked.redirect_uri is None:
        return None
    code = issue_code(world, asked, user, guild.id if guild else None)
    if guild is None:
        return asked.redirect(code=code)
    chosen = {"guild_id": str(guild.id), "permissions": str(asked.permissions)}
    return asked.redirect(code=code, **chosen)


def decline(asked: Authorization) -> str | None:
    """Return where to go back to with a no."""
    if asked.redirect_uri is None:
        return None
    return asked.redirect(error="access_denied", error_description=DENIED)


def _chosen(world: World, asked: Authorization, user: User, guild_id: int | None) -> Guild | None:
    if not asked.adds_bot:
        return None
    guild = world.guilds.get(guild_id or 0)
    if guild is None:
        raise WrongRequest("Choose the server that the bot is to join.")
    if guild not in manageable(world, user):
        raise WrongRequest(f"{user.username} may not manage {guild.name}.")
    return guild
