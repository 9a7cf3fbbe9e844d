"""Typed configuration of guilds: kept by every service, written as YAML by people."""

from shared.config.store import ConfigStore, keep_configs

__all__ = ["ConfigStore", "keep_configs"]
