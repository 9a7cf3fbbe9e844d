"""The environment of the dashboard."""

from datetime import timedelta
from urllib.parse import urlsplit

from shared.settings import SECRET_LENGTH, Secret, ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """What the dashboard reads from the environment; URLs without a slash at the end.

    `access_fresh` is how long it is remembered who may see which server, so that a page of five
    panels asks once.
    """

    public_url: str
    discord_client_id: str
    discord_client_secret: Secret
    discord_api_url: str = "https://discord.com/api/v10"
    discord_oauth_url: str = "https://discord.com/oauth2/authorize"
    infractions_url: str
    stats_url: str
    admin_url: str
    session_secret: Secret
    session_length: timedelta = timedelta(days=7)
    access_fresh: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        """Refuse what would make logins guessable or impossible."""
        super().__post_init__()
        if len(self.session_secret.reveal()) < SECRET_LENGTH:
            raise ValueError(f"SESSION_SECRET must have at least {SECRET_LENGTH} characters")
        if urlsplit(self.public_url).scheme not in {"http", "https"}:
            raise ValueError("PUBLIC_URL must begin with http:// or https://")

    @property
    def secure(self) -> bool:
        """Whether browsers come by https, so that cookies may be kept to it."""
        return self.public_url.startswith("https://")

    @property
    def callback_url(self) -> str:
        """Where Discord sends people back to."""
        return f"{self.public_url.rstrip('/')}/login/callback"
