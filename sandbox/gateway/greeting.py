"""What a client is told when its session begins: READY, and the guilds of its shard."""

from typing import Any

from sandbox.gateway.codes import VERSION, Intents
from sandbox.gateway.session import Session
from sandbox.models import Application, Guild, User
from sandbox.world import World, render

# JSON objects of Discord are open: their values are looked at by name only.
Json = dict[str, Any]


def guilds_of(world: World, session: Session) -> list[Guild]:
    """Return the guilds whose events a session is sent."""
    everywhere = world.guilds_of(session.account_id)
    return [guild for guild in everywhere if session.holds_shard_of(guild.id)]


def available(world: World, session: Session) -> list[Guild]:
    """Return those of them that are not in an outage."""
    return [guild for guild in guilds_of(world, session) if not guild.unavailable]


def guild_create(world: World, session: Session, guild: Guild) -> Json:
    """Return a guild as far as a session's intents let it be seen."""
    presences = not session.bot or bool(session.intents & Intents.GUILD_PRESENCES)
    shown = render.guild_create(
        world,
        guild,
        session.account_id,
        large_threshold=session.large_threshold,
        presences=presences,
    )
    return trimmed_guild(shown, session) if session.bot else shown


def ready(world: World, session: Session, user: User, resume_url: str) -> Json:
    """Return the data of READY for a bot or a user."""
    application = world.applications.get(user.id)
    common: Json = {
        "v": VERSION,
        "user": render.current_user(user, with_email=True),
        "user_settings": {},
        "session_type": "normal",
        "session_id": session.id,
        "resume_gateway_url": resume_url,
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": ["rotterdam"],
        "auth": {},
        "shard": list(session.shard),
        "_trace": ['["sandbox",{"micros":0}]'],
    }
    if application is None:
        return common | _of_user(world, session)
    return common | _of_bot(world, session, application)


def _of_bot(world: World, session: Session, application: Application) -> Json:
    return {
        "guilds": [render.unavailable_guild(guild) for guild in guilds_of(world, session)],
        "application": render.partial_application(application),
    }


def _of_user(world: World, session: Session) -> Json:
    account = session.account_id
    mine = [channel for channel in world.channels.values() if account in channel.recipients]
    return {
        "guilds": [guild_create(world, session, guild) for guild in guilds_of(world, session)],
        "private_channels": [render.channel(world, channel, for_user=account) for channel in mine],
    }


def trimmed_guild(guild: Json, session: Session) -> Json:
    """Return a GUILD_CREATE payload as far as a bot's intents let it see the members."""
    trimmed = dict(guild)
    if not session.intents & Intents.GUILD_VOICE_STATES:
        trimmed["voice_states"] = []
    if not session.intents & Intents.GUILD_PRESENCES:
        trimmed["presences"] = []
        known = {state["user_id"] for state in trimmed.get("voice_states", [])}
        known.add(str(session.account_id))
        members: list[Json] = guild.get("members", [])
        trimmed["members"] = [member for member in members if member["user"]["id"] in known]
    return trimmed
