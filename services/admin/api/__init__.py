"""The HTTP API of admin: configurations and their history, API keys, access, and commands."""

from services.admin.api.application import create_api

__all__ = ["create_api"]
