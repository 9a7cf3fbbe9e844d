"""Which Discord a stack talks to: the sandbox with its seeded guild, or the real one."""

from __future__ import annotations

import asyncio
import http.client
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tools.checks import http_ok
from tools.errors import StackError
from tools.parts import Part

ROOT = Path(__file__).parents[1]


class Person(msgspec.Struct, frozen=True):
    """Somebody of the seeded guild, with the token that their client would have."""

    id: str
    token: str
    role: str = "member"


class SeededApplication(msgspec.Struct, frozen=True):
    """The bot that the sandbox made."""

    id: str
    token: str
    client_secret: str


class Seed(msgspec.Struct, frozen=True):
    """What the sandbox tells about the world that it starts with."""

    guild_id: str
    channel_id: str
    users: dict[str, Person]
    application: SeededApplication
    log_channel_id: str = "0"


@dataclass(frozen=True)
class Discord:
    """Where Discord is and as whom the bot logs in there."""

    api_url: str
    oauth_url: str
    token: str
    client_id: str
    client_secret: str
    operators: str = ""
    cdn_origin: str = ""

    @classmethod
    def sandbox(cls, url: str, seed: Seed, operators: str) -> Discord:
        """Talk to the sandbox."""
        return cls(
            api_url=f"{url}/api/v10",
            oauth_url=f"{url}/oauth2/authorize",
            token=seed.application.token,
            client_id=seed.application.id,
            client_secret=seed.application.client_secret,
            operators=operators,
            cdn_origin=url,
        )

    @classmethod
    def real(cls, environ: Mapping[str, str]) -> Discord:
        """Talk to discord.com as the bot that the environment names."""
        needed = ("DISCORD_TOKEN", "DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET")
        missing = [name for name in needed if not environ.get(name)]
        if missing:
            raise StackError(
                f"{' and '.join(missing)} must be set, in the environment or in a file .env "
                "beside the Makefile; .env.example says where to find them."
            )
        return cls(
            api_url=environ.get("DISCORD_API_URL") or "https://discord.com/api/v10",
            oauth_url=environ.get("DISCORD_OAUTH_URL") or "https://discord.com/oauth2/authorize",
            token=environ["DISCORD_TOKEN"],
            client_id=environ["DISCORD_CLIENT_ID"],
            client_secret=environ["DISCORD_CLIENT_SECRET"],
            operators=environ.get("OPERATORS", ""),
            cdn_origin=environ.get("CDN_ORIGINS", ""),
        )


def sandbox_part(
    folder: Path, port: int, env: Mapping[str, str], log: Path, *, lively: bool
) -> Part:
    """Describe the sandbox's process; its world is kept in the stack's folder.

    Where it is `lively`, the seeded members chat, come and go by themselves.
    """

    async def ready() -> bool:
        return await http_ok(port, "/sandbox/health")

    return Part(
        name="sandbox",
        argv=(
            *(sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", str(port)),
            *("--state", str(folder / "sandbox.json"), "--seed", "demo"),
            *(["--traffic"] if lively else []),
        ),
        env=dict(env),
        cwd=ROOT,
        log=log,
        ready=ready,
    )


async def read_seed(port: int) -> Seed:
    """Ask the sandbox for its seeded guild, people and bot."""
    return msgspec.json.decode(await asyncio.to_thread(_get, port, "/sandbox/seed"), type=Seed)


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise StackError(f"The sandbox answered {path} with {answer.status}.")
    return body
