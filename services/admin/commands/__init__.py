"""The commands of admin: about the bot, the configuration, permissions, and API keys."""

from services.admin.commands import about, config, guide, jobs, keys, permissions
from services.admin.commands.declared import commands

__all__ = ["about", "commands", "config", "guide", "jobs", "keys", "permissions"]
