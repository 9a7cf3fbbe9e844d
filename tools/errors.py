"""What can go wrong in the local stack that a person can mend."""

from __future__ import annotations


class StackError(Exception):
    """One plain sentence for the person at the terminal; the command ends with code 1."""
