"""The gateway's settings, read once from the environment."""

from datetime import timedelta
from typing import Literal

from shared.settings import Secret, ServiceSettings

Role = Literal["all", "shards", "actions"]


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """What the gateway reads from the environment.

    `discord_gateway_url` replaces what Discord names as its gateway; `shard_count` 0 takes what
    Discord recommends; `command_guild` registers slash commands in that guild only, where they
    appear at once, instead of globally. `identify_pause` is Discord's: what it wants between two
    new sessions of a bucket. Of the new sessions that Discord allows a day, `identify_reserve`, and
    at least one per shard, are left for people to spend; 0 reserves none.
    """

    discord_token: Secret
    discord_api_url: str = "https://discord.com/api/v10"
    discord_gateway_url: str = ""
    shard_count: int = 0
    role: Role = "all"
    command_guild: int = 0
    compression: Literal["zstd", "zlib", "none"] = "zstd"
    publish_window: int = 500
    defer_after: timedelta = timedelta(milliseconds=1500)
    identify_pause: timedelta = timedelta(seconds=5)
    identify_reserve: int = 10

    @property
    def runs_shards(self) -> bool:
        """Whether this process connects to Discord's gateway."""
        return self.role in ("all", "shards")

    @property
    def runs_actions(self) -> bool:
        """Whether this process carries out actions."""
        return self.role in ("all", "actions")
