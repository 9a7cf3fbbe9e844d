"""A local stand-in for Discord: REST, gateway, OAuth2 and a small chat page in one process."""
