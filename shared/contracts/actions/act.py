"""What every action is."""

from msgspec import Struct


class Act(Struct, kw_only=True, frozen=True, tag_field="do"):
    """An action; its tag is its name."""
