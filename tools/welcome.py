"""What a person reads when the stack is up: where everything is and whom to log in as."""

from __future__ import annotations

from tools.stack import Stack

APIS = ("gateway", "infractions", "stats", "admin")
FIRST = ("owner", "moderator", "member", "raider")


def welcome(stack: Stack) -> str:
    """Describe a running stack."""
    return "\n".join(
        ["", "Flotilla is afloat.", "", *_places(stack), *_people(stack), *_end(stack)]
    )


def _places(stack: Stack) -> list[str]:
    manifest = stack.manifest
    lines = [_line("Dashboard", manifest.web, "log in with Discord")]
    if manifest.sandbox:
        about = "Discord's stand-in: read a channel, type commands as anybody"
        lines.insert(0, _line("Sandbox", manifest.sandbox, about))
    lines += [_line(f"{name.capitalize()} API", stack.url(name), "/docs") for name in APIS]
    return lines


def _people(stack: Stack) -> list[str]:
    users = stack.manifest.users
    if not users:
        callback = f"{stack.manifest.web}/login/callback"
        return ["", f"  The redirect for OAuth2 in Discord's portal: {callback}"]
    names = [name for name in FIRST if name in users]
    names += [name for name in users if name not in FIRST]
    return [
        "",
        f"  Log in as {_listed(names)}.",
        "  Try, in the sandbox, as the moderator:  /tempban user:@raider duration:20s",
        "  What is done stands in #mod-log; right-click a member or a message for their menus.",
    ]


def _end(stack: Stack) -> list[str]:
    return [
        "",
        f"  For scripts   {stack.folder / 'stack.json'}  (addresses, tokens, an API key)",
        f"  Logs          {stack.folder / 'logs'}",
        "",
        "Ctrl-C stops everything.",
    ]


def _line(name: str, url: str, about: str) -> str:
    return f"  {name:<16} {url:<26} {about}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" or {names[-1]}" if len(names) > 1 else names[0]
