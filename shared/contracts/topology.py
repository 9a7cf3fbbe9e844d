"""The names of exchanges, queues and routing keys on RabbitMQ."""

from typing import Final

DISCORD_EVENTS: Final = "discord.events"
DISCORD_COMMANDS: Final = "discord.commands"
GATEWAY_ACTIONS: Final = "gateway.actions"
FLOTILLA_EVENTS: Final = "flotilla.events"

EXCHANGES: Final[dict[str, str]] = {
    DISCORD_EVENTS: "topic",
    DISCORD_COMMANDS: "topic",
    GATEWAY_ACTIONS: "direct",
    FLOTILLA_EVENTS: "topic",
}
"""Every exchange with its type; all are durable."""

INTERACTIVE: Final = "interactive"
MODERATION: Final = "moderation"
BULK: Final = "bulk"
ACTION_CLASSES: Final = (INTERACTIVE, MODERATION, BULK)
"""Routing keys of `gateway.actions`: somebody waits; a member is concerned; nobody waits."""


PURPOSES: Final = ("commands", "events", "domain", "ingest", "jobs")
"""What a service's queues are for: they are named `<service>.<purpose>`."""


def event_key(event: str, guild_id: int) -> str:
    """Return the routing key of a Discord event, `MESSAGE_CREATE.<guild id or 0>`."""
    return f"{event}.{guild_id}"


def component_key(service: str) -> str:
    """Return the routing key of presses on the components that a service has sent."""
    return f"component.{service}"


def autocomplete_key(word: str) -> str:
    """Return the routing key of autocompletion for a command, by its first word."""
    return f"autocomplete.{word}"


def jobs_key(service: str) -> str:
    """Return the routing key of operators' questions about the jobs of a service."""
    return f"jobs.{service}"
