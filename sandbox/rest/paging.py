"""Pages of lists that are ordered by id."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Protocol, TypeVar, cast

from sandbox import forms
from sandbox.forms import Field


class WithId(Protocol):
    """Something with an id."""

    @property
    def id(self) -> int:
        """Return the id."""
        ...


T = TypeVar("T", bound=WithId)

BEFORE_AFTER: dict[str, Field] = {"before": forms.snowflake, "after": forms.snowflake}


def number(values: Mapping[str, object], name: str, default: int) -> int:
    """Return a number that was read, or its default."""
    return cast("int", values.get(name, default))


def page(things: Iterable[T], values: Mapping[str, object], size: int) -> list[T]:
    """Return the page of things in order of id that `before` or `after` ask for."""
    ordered = sorted(things, key=lambda one: one.id)
    if "before" in values:
        before = number(values, "before", 0)
        return [one for one in ordered if one.id < before][-size:]
    after = number(values, "after", -1)
    return list(islice((one for one in ordered if one.id > after), size))
