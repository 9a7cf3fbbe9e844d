"""What the pages of the dashboard are given."""

from dataclasses import dataclass

from services.web.access import AccessMemory
from services.web.discord import Discord
from services.web.owners import Owners
from services.web.rendering import Templates
from services.web.settings import Settings
from shared.postgres import Db


@dataclass(frozen=True)
class Deps:
    """Everything that the dashboard holds open."""

    settings: Settings
    db: Db
    discord: Discord
    owners: Owners
    access: AccessMemory
    templates: Templates
