"""INTERACTION_CREATE as an application gets it."""

from sandbox.forms import Json
from sandbox.interactions.desk import Interaction
from sandbox.interactions.kinds import Context
from sandbox.interactions.resolve import channel_bits, partial_channel
from sandbox.models import Guild, Message
from sandbox.world import World, render
from sandbox.world.visibility import bits_in


def payload(world: World, interaction: Interaction, data: Json, source: Message | None) -> Json:
    """Return the whole payload; `source` is the message whose component was used."""
    channel = world.channels[interaction.channel_id]
    user = world.users[interaction.user_id]
    shown: Json = {
        "id": str(interaction.id),
        "application_id": str(interaction.application_id),
        "type": int(interaction.type),
        "data": data,
        "channel": partial_channel(world, channel, user.id),
        "channel_id": str(channel.id),
        "token": interaction.token,
        "version": 1,
        "locale": user.locale,
        "app_permissions": str(channel_bits(world, channel, interaction.application_id)),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": owners(interaction),
        "context": int(Context.GUILD if interaction.guild_id else Context.BOT_DM),
        "attachment_size_limit": world.settings.max_file_bytes,
    }
    if source is not None:
        shown["message"] = render.message(world, source)
    if interaction.guild_id is None:
        return shown | {"user": render.user(user)}
    return shown | _of_guild(world, interaction, world.guilds[interaction.guild_id])


def owners(interaction: Interaction) -> Json:
    """Return who installed the application: the guild, or nobody in particular."""
    return {"0": str(interaction.guild_id or 0)}


def _of_guild(world: World, interaction: Interaction, guild: Guild) -> Json:
    member = guild.members[interaction.user_id]
    bits = bits_in(world, world.channels[interaction.channel_id], member.user_id)
    return {
        "guild_id": str(guild.id),
        "guild": {
            "id": str(guild.id),
            "locale": guild.preferred_locale,
            "features": guild.features,
        },
        "guild_locale": guild.preferred_locale,
        "member": {**render.member_with_user(world, member), "permissions": str(bits)},
    }
