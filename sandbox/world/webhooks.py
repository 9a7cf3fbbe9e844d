"""Webhooks of channels: made, changed, deleted."""

import secrets
from collections.abc import Mapping

from sandbox.errors import Code, DiscordError
from sandbox.models import By, Channel, Json, Webhook
from sandbox.world.audit import Action, apply, created, deleted, record
from sandbox.world.state import State

MAX_WEBHOOKS = 15
_TOLD = ("name", "type", "channel_id")


def in_channel(world: State, channel_id: int) -> list[Webhook]:
    """Return the webhooks of a channel."""
    return [one for one in world.webhooks.values() if one.channel_id == channel_id]


def create(world: State, channel: Channel, name: str, by: By) -> Webhook:
    """Make an incoming webhook; an application's own carries its id."""
    assert channel.guild_id is not None
    if len(in_channel(world, channel.id)) >= MAX_WEBHOOKS:
        raise DiscordError.of(Code.TOO_MANY_WEBHOOKS)
    webhook = Webhook(
        id=world.snowflakes.next(),
        token=secrets.token_urlsafe(51),
        name=name,
        channel_id=channel.id,
        guild_id=channel.guild_id,
        application_id=by.user_id if by.user_id in world.applications else None,
        user_id=by.user_id,
    )
    world.webhooks[webhook.id] = webhook
    _tell(world, webhook)
    guild = world.guilds[channel.guild_id]
    record(world, guild, by, Action.WEBHOOK_CREATE, webhook.id, changes=created(webhook, _TOLD))
    return webhook


def modify(
    world: State, webhook: Webhook, values: Mapping[str, object], by: By | None = None
) -> None:
    """Change a webhook's name, avatar or channel."""
    former = webhook.channel_id
    changes = apply(webhook, values)
    if not changes or webhook.guild_id is None:
        return
    _tell(world, webhook)
    if former != webhook.channel_id and former is not None:
        _tell_channel(world, webhook.guild_id, former)
    guild = world.guilds[webhook.guild_id]
    record(world, guild, by, Action.WEBHOOK_UPDATE, webhook.id, changes=changes)


def delete(world: State, webhook: Webhook, by: By | None = None) -> None:
    """Delete a webhook."""
    del world.webhooks[webhook.id]
    if webhook.guild_id is None:
        return
    _tell(world, webhook)
    guild = world.guilds[webhook.guild_id]
    record(world, guild, by, Action.WEBHOOK_DELETE, webhook.id, changes=deleted(webhook, _TOLD))


def _tell(world: State, webhook: Webhook) -> None:
    if webhook.guild_id is not None and webhook.channel_id is not None:
        _tell_channel(world, webhook.guild_id, webhook.channel_id)


def _tell_channel(world: State, guild_id: int, channel_id: int) -> None:
    told: Json = {"guild_id": str(guild_id), "channel_id": str(channel_id)}
    world.dispatch("WEBHOOKS_UPDATE", told, guild_id=guild_id, channel_id=channel_id)
