"""Pages out of templates: all escaped, nothing undefined, numbers and times as people read them."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"

KINDS: Final = {
    "note": "Note",
    "warning": "Warning",
    "kick": "Kick",
    "mute": "Mute",
    "ban": "Ban",
    "softban": "Softban",
    "unban": "Unban",
    "unmute": "Unmute",
    "temprole": "Temporary role",
}
STATES: Final = {
    "pending": "Pending",
    "active": "Active",
    "expired": "Expired",
    "lifted": "Lifted",
    "failed": "Failed",
    "done": "Done",
}
UNTIL: Final = {"pending": "Lasts until", "active": "Lasts until", "expired": "Lasted until"}
ROLES: Final = {
    "viewer": "Viewer",
    "editor": "Editor",
    "admin": "Admin",
    "operator": "Operator",
}
SOURCES: Final = {
    "command": "A command",
    "slash": "A slash command",
    "text": "A text command",
    "audit_log": "By hand in Discord",
    "manual": "By hand in Discord",
    "api": "The API",
    "web": "The dashboard",
    "rule": "A rule",
}


class Templates:
    """The templates, loaded once."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            initials=initials,
            iso=iso,
            plain_time=plain_time,
            thousands=thousands,
            percent=percent,
            kind_word=words(KINDS),
            state_word=words(STATES),
            until_word=until_word,
            role_word=words(ROLES),
            source_word=words(SOURCES),
            change_word=spoken,
            with_code=with_code,
        )
        self._environment.globals.update(asset=asset)
        macros = self._environment.get_template("macros.html").module
        for name in ("face", "when", "kind", "state", "lazy", "change"):
            self._environment.globals[name] = getattr(macros, name)

    def page(self, name: str, **values: object) -> HTMLResponse:
        """Render a page or a panel."""
        return self.render(name, values)

    def render(
        self, name: str, values: Mapping[str, object], status: int = HTTPStatus.OK
    ) -> HTMLResponse:
        """Render a page or a panel that is answered with a status."""
        text = self._environment.get_template(name).render(values)
        return HTMLResponse(text, status_code=status)


@cache
def asset(name: str) -> str:
    """Return the address of a file, which changes with what is in it."""
    file = STATIC / name
    version = sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else "missing"
    return f"/static/{name}?v={version}"


def initials(name: str) -> str:
    """Return up to two letters that stand for a name."""
    words = [word for word in name.split() if word[:1].isalnum()] or [name]
    return "".join(word[:1] for word in words[:2]).upper()


def iso(moment: datetime | date) -> str:
    """Return a moment or a day as a `datetime` attribute has it."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return moment.isoformat()


def plain_time(moment: datetime | date) -> str:
    """Return a moment in words, for who reads without scripts."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return moment.isoformat()


def thousands(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(number: float) -> str:
    """Return a share in percent; from ten times on as how many times it is."""
    return f"{number:.0f}\N{NARROW NO-BREAK SPACE}%" if number < 1000 else f"{number / 100:.0f}×"  # noqa: RUF001, PLR2004


def words(known: Mapping[str, str]) -> Callable[[str], str]:
    """Return what says a word of a program as a person does."""

    def say(word: str) -> str:
        return known.get(word) or spoken(word)

    return say


def until_word(state: str) -> str:
    """Return what stands before the time that an infraction is given."""
    return UNTIL.get(state, "Was to last until")


def with_code(text: str) -> Markup:
    """Return a sentence whose words between backticks are set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def spoken(word: str) -> str:
    """Return a word of a program as a person would write it."""
    return word.replace("_", " ").capitalize()
