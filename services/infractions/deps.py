"""What the doors and actions of infractions are given."""

from dataclasses import dataclass

import httpx

from services.infractions.metrics import Metrics
from services.infractions.people import People
from services.infractions.settings import Settings
from shared.bus import Bus
from shared.config import ConfigStore
from shared.gateway import Gateway
from shared.http import KeyStore
from shared.http.posting import Courier
from shared.postgres import Db


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Everything that is open; `app` opens and closes it."""

    settings: Settings
    db: Db
    bus: Bus
    gateway: Gateway
    people: People
    config: ConfigStore
    keys: KeyStore
    courier: Courier
    metrics: Metrics
    files: httpx.AsyncClient
