"""What the pages of the dashboard are given."""

from dataclasses import dataclass

from services.web.discord import Discord
from services.web.memory import AccessMemory
from services.web.owners import Owners
from services.web.rendering import Templates
from services.web.settings import Settings
from shared.config import ConfigStore
from shared.gateway import Gateway
from shared.postgres import Db


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Everything that the dashboard holds open."""

    settings: Settings
    db: Db
    gateway: Gateway
    config: ConfigStore
    discord: Discord
    owners: Owners
    access: AccessMemory
    templates: Templates
