"""What infractions reads from its environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """The settings of infractions: those that every service has."""
