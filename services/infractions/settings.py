"""What infractions reads from its environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """The settings of infractions, beside those that every service has.

    `webhooks_to_loopback` lets webhooks lead to this machine, by http too: for development. Files
    of evidence are fetched from `cdn_origins` only.
    """

    webhooks_to_loopback: bool = False
    cdn_origins: tuple[str, ...] = ("https://cdn.discordapp.com", "https://media.discordapp.net")
