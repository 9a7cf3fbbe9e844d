"""What an application asks of a person over OAuth2, checked before anybody is asked."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from sandbox.models import Application
from sandbox.world import World

SCOPES: Final[Mapping[str, str]] = {
    "identify": "Know who you are: your username and avatar",
    "email": "See your email address",
    "guilds": "Know which servers you are in",
    "guilds.members.read": "Read your nickname and roles in your servers",
    "guilds.join": "Join servers for you",
    "connections": "See your connections to other services",
    "role_connections.write": "Update your connection and metadata for the application",
    "openid": "Confirm who you are to other services",
    "bot": "Add a bot to a server",
    "applications.commands": "Create commands in a server",
    "applications.commands.update": "Update its own commands",
}
_NEEDS_NO_CODE: Final = frozenset({"bot", "applications.commands"})


class WrongRequest(Exception):  # noqa: N818 - what the person in front of the page has to be told
    """The application's link is broken; the message says how."""


class Authorization(Struct, frozen=True, kw_only=True):
    """A checked request of an application."""

    application: Application
    scopes: tuple[str, ...]
    redirect_uri: str | None
    state: str | None = None
    permissions: int = 0
    guild_id: int | None = None
    code_challenge: str | None = None
    code_challenge_method: str = "plain"

    @property
    def adds_bot(self) -> bool:
        """Whether a server has to be chosen."""
        return bool(_NEEDS_NO_CODE & set(self.scopes))

    def redirect(self, **answer: str) -> str:
        """Return the address to go back to, with an answer."""
        assert self.redirect_uri is not None
        parameters = answer | ({"state": self.state} if self.state is not None else {})
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode(parameters)}"


def read(world: World, query: Mapping[str, str]) -> Authorization:
    """Check the parameters of the authorize address; raises WrongRequest."""
    application = _application(world, query.get("client_id", ""))
    scopes = _scopes(query.get("scope", ""))
    return Authorization(
        application=application,
        scopes=scopes,
        redirect_uri=_redirect_uri(application, scopes, query),
        state=query.get("state"),
        permissions=_number(query, "permissions") or 0,
        guild_id=_number(query, "guild_id"),
        code_challenge=query.get("code_challenge"),
        code_challenge_method=_challenge_method(query),
    )


def _application(world: World, client_id: str) -> Application:
    if not client_id.isdecimal():
        raise WrongRequest(f"The client_id {client_id!r} is not a number.")
    found = world.applications.get(int(client_id))
    if found is None:
        raise WrongRequest("There is no application with this client_id.")
    return found


def _scopes(text: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(text.split()))
    if not scopes:
        raise WrongRequest("The link asks for no scope.")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise WrongRequest(f"There is no scope called {unknown[0]}.")
    return scopes


def _redirect_uri(
    application: Application, scopes: tuple[str, ...], query: Mapping[str, str]
) -> str | None:
    kind = query.get("response_type")
    if kind is None and set(scopes) <= _NEEDS_NO_CODE:
        return None
    if kind != "code":
        raise WrongRequest(f"The response_type must be code, not {kind}.")
    wanted = query.get("redirect_uri", "")
    if not any(_is_same(wanted, known) for known in application.redirect_uris):
        raise WrongRequest(f"The redirect_uri {wanted} is not registered for this application.")
    return wanted


def _is_same(wanted: str, registered: str) -> bool:
    """Compare addresses; one on this machine may have any port (RFC 8252, section 7.3)."""
    asked, known = urlsplit(wanted), urlsplit(registered)
    if known.hostname in ("127.0.0.1", "localhost") and known.port is None:
        asked = asked._replace(netloc=asked.hostname or "")
    return asked == known


def _challenge_method(query: Mapping[str, str]) -> str:
    method = query.get("code_challenge_method", "plain")
    if method not in ("plain", "S256"):
        raise WrongRequest(f"The code_challenge_method {method} is unknown.")
    return method


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if not text.isdecimal():
        raise WrongRequest(f"The {name} {text!r} is not a number.")
    return int(text)
