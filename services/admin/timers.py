"""The work that admin leaves for later, as it lies in the jobs table."""

from msgspec import Struct

from shared.contracts.ids import GuildId


class SetNickname(Struct, kw_only=True, frozen=True, tag="set_nickname"):
    """Give the bot the nickname that a revision of the configuration wants."""

    guild_id: GuildId
    revision: int
    nickname: str | None
