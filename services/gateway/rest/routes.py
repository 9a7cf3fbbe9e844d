"""The routes of Discord's API that the gateway uses, each with what its rate limit depends on."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; `major` is the part of the path that has rate limits of its own.

    `free` routes (interaction callbacks) have no bucket; `public` ones need no bot token and don't
    count towards the 50 requests a second (Discord's reference, "Rate Limits").
    """

    method: str
    template: str
    path: str
    major: str = ""
    free: bool = False
    public: bool = False

    @property
    def name(self) -> str:
        """The route without its ids, for metrics and for the bucket."""
        return f"{self.method} {self.template}"

    @property
    def ordered(self) -> bool:
        """Whether people see in which order requests on it arrived: messages of one channel."""
        return self.method == "POST" and self.template == "/channels/{channel}/messages"


def of_guild(method: str, guild_id: int, template: str = "", **ids: int | str) -> Route:
    """Return a route below a guild."""
    return Route(
        method,
        "/guilds/{guild}" + template,
        f"/guilds/{guild_id}" + template.format_map(ids),
        str(guild_id),
    )


def of_channel(method: str, channel_id: int, template: str = "", **ids: int | str) -> Route:
    """Return a route below a channel."""
    return Route(
        method,
        "/channels/{channel}" + template,
        f"/channels/{channel_id}" + template.format_map(ids),
        str(channel_id),
    )


def of_bot(method: str, template: str, **ids: int | str) -> Route:
    """Return a route that belongs to neither guild nor channel."""
    return Route(method, template, template.format_map(ids))


def with_query(route: Route, **values: int | str | None) -> Route:
    """Return a route with the values that are given as its query."""
    given = {name: value for name, value in values.items() if value is not None}
    return replace(route, path=f"{route.path}?{urlencode(given)}") if given else route


def callback(interaction_id: int, token: str) -> Route:
    """Return the route of an interaction's first answer."""
    template = "/interactions/{interaction}/{token}/callback"
    path = template.format(interaction=interaction_id, token=token)
    return Route("POST", template, path, free=True, public=True)


def original(method: str, application_id: int, token: str) -> Route:
    """Return the route of the answer that was given to an interaction."""
    template = "/webhooks/{application}/{token}/messages/@original"
    return _of_interaction(method, template, application_id, token)


def follow_up(application_id: int, token: str) -> Route:
    """Return the route of further messages to an interaction."""
    return _of_interaction("POST", "/webhooks/{application}/{token}", application_id, token)


def _of_interaction(method: str, template: str, application_id: int, token: str) -> Route:
    path = template.format(application=application_id, token=token)
    return Route(method, template, path, f"{application_id}:{token}", public=True)
