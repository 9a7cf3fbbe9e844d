"""What Discord adds to components: defaults that were left out, and media made ready to show."""

from typing import cast

from sandbox.forms import Json
from sandbox.world.components import Component, walk
from sandbox.world.state import State

_SELECT: Json = {"min_values": 1, "max_values": 1}
_DEFAULTS: dict[object, Json] = {
    Component.STRING_SELECT: _SELECT,
    Component.USER_SELECT: _SELECT,
    Component.ROLE_SELECT: _SELECT,
    Component.MENTIONABLE_SELECT: _SELECT,
    Component.CHANNEL_SELECT: _SELECT,
    Component.SEPARATOR: {"spacing": 1, "divider": True},
    Component.CONTAINER: {"accent_color": None, "spoiler": False},
    Component.THUMBNAIL: {"description": None, "spoiler": False},
    Component.FILE: {"name": None, "size": None, "spoiler": False},
}
_ITEM: Json = {"description": None, "spoiler": False}


def complete(world: State, components: list[Json]) -> list[Json]:
    """Add to the components of a message, in place, what Discord adds."""
    for one in walk(components):
        _add(one, _DEFAULTS.get(one["type"], {}))
        for item in cast("list[Json]", one.get("items") or []):
            _add(item, _ITEM)
            _unfurl(world, item, "media")
        _unfurl(world, one, "media")
        _unfurl(world, one, "file")
        for option in cast("list[Json]", one.get("options") or []):
            _tidy_emoji(option)
            _drop_nothings(option)
        _tidy_emoji(one)
    return components


def _add(to: Json, defaults: Json) -> None:
    for name, value in defaults.items():
        to.setdefault(name, value)


def _drop_nothings(option: Json) -> None:
    for name in [name for name, value in option.items() if value is None]:
        del option[name]


def _unfurl(world: State, holder: Json, name: str) -> None:
    media = cast("Json | None", holder.get(name))
    if media is not None and "id" not in media:
        shown: Json = {"id": str(world.snowflakes.next()), "proxy_url": media["url"]}
        media.update(shown, width=None, height=None, content_type=None)


def _tidy_emoji(holder: Json) -> None:
    emoji = cast("Json | None", holder.get("emoji"))
    if emoji is None:
        holder.pop("emoji", None)
        return
    tidy = {name: value for name, value in emoji.items() if value is not None}
    if "id" in tidy:
        tidy["id"] = str(tidy["id"])
    holder["emoji"] = tidy
