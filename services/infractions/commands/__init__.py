"""The commands of infractions: measures, and looking things up."""

from services.infractions.commands import exporting, lookups, measures
from services.infractions.commands.declared import commands

__all__ = ["commands", "exporting", "lookups", "measures"]
