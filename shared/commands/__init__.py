"""Discord commands from one declaration: slash, text, menus, buttons, forms, help and levels."""

from shared.commands.durations import format_duration, parse_duration
from shared.commands.kinds import Describe, Duration, Kind, Length, Moment, Range, Text, Users
from shared.commands.markup import code, escape, timestamp
from shared.commands.reading import ArgumentsError
from shared.commands.registry import LONGEST_CUSTOM_ID, Command, Component
from shared.commands.reply import Answer, Modal, Reply, Silence
from shared.commands.runner import Commands, Configs
from shared.commands.signature import DeclarationError
from shared.commands.usage import (
    command_list,
    help_page,
    is_menu_only,
    nearest,
    reference_page,
    usage,
)

__all__ = [
    "LONGEST_CUSTOM_ID",
    "Answer",
    "ArgumentsError",
    "Command",
    "Commands",
    "Component",
    "Configs",
    "DeclarationError",
    "Describe",
    "Duration",
    "Kind",
    "Length",
    "Modal",
    "Moment",
    "Range",
    "Reply",
    "Silence",
    "Text",
    "Users",
    "code",
    "command_list",
    "escape",
    "format_duration",
    "help_page",
    "is_menu_only",
    "nearest",
    "parse_duration",
    "reference_page",
    "timestamp",
    "usage",
]
