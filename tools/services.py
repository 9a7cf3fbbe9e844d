"""The five services as parts of a stack: their ports, and the environment each is given."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.backing import Addresses
from tools.checks import http_ok
from tools.discord import Discord
from tools.keys import Keys
from tools.parts import Part

SERVICES = ("gateway", "infractions", "stats", "admin", "web")
SHOWN = ("infractions", "stats", "admin")
"""The services whose data the dashboard shows."""
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Fleet:
    """All that the services' environments are made of."""

    ports: Mapping[str, int]
    addresses: Addresses
    discord: Discord
    keys: Keys
    log_level: str = "info"

    def url(self, service: str) -> str:
        """Return a service's base URL."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def environment(self, service: str) -> dict[str, str]:
        """Return what a service reads from its environment."""
        common = {
            "DATABASE_URL": self.addresses.database_url_of(service),
            "AMQP_URL": self.addresses.amqp_url,
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(self.ports[service]),
            "LOG_LEVEL": self.log_level,
            "LOG_FORMAT": "console",
            "TOKEN_SECRET": self.keys.get("token_secret"),
            "OPERATORS": self.discord.operators,
        }
        return common | self._own(service)

    def _own(self, service: str) -> dict[str, str]:
        if service == "gateway":
            return {
                "DISCORD_TOKEN": self.discord.token,
                "DISCORD_API_URL": self.discord.api_url,
            }
        if service == "infractions" and self.discord.cdn_origin:
            return {"CDN_ORIGINS": self.discord.cdn_origin}
        if service == "stats":
            return {"CLICKHOUSE_URL": self.addresses.clickhouse_url}
        if service == "web":
            return self._web()
        return {}

    def _web(self) -> dict[str, str]:
        urls = {f"{name.upper()}_URL": self.url(name) for name in SHOWN}
        return urls | {
            "PUBLIC_URL": self.url("web"),
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_OAUTH_URL": self.discord.oauth_url,
            "DISCORD_CLIENT_ID": self.discord.client_id,
            "DISCORD_CLIENT_SECRET": self.discord.client_secret,
            "SESSION_SECRET": self.keys.get("session_secret"),
        }


def service_part(fleet: Fleet, service: str, env: Mapping[str, str], log: Path) -> Part:
    """Describe a service's process."""
    port = fleet.ports[service]

    async def ready() -> bool:
        return await http_ok(port, "/readyz")

    return Part(
        name=service,
        argv=(sys.executable, "-m", f"services.{service}"),
        env={**env, **fleet.environment(service)},
        cwd=ROOT,
        log=log,
        ready=ready,
        grace=15.0,
    )
