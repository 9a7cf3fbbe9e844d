"""The commands of infractions: measures, looking things up, and changing the record."""

from services.infractions.commands import (
    acknowledging,
    bulk,
    completing,
    edits,
    erasing,
    escalation,
    evidence,
    exporting,
    importing,
    lookups,
    mass,
    measures,
    menus,
    own,
    reports,
)
from services.infractions.commands.declared import commands

__all__ = [
    "acknowledging",
    "bulk",
    "commands",
    "completing",
    "edits",
    "erasing",
    "escalation",
    "evidence",
    "exporting",
    "importing",
    "lookups",
    "mass",
    "measures",
    "menus",
    "own",
    "reports",
]
