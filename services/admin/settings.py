"""What admin reads from its environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """The settings of admin; `public_url` is where the dashboard is, for `/about`."""

    public_url: str = ""
