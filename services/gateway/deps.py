"""What the gateway's doors are given."""

from dataclasses import dataclass

from services.gateway.metrics import Metrics
from services.gateway.queues import QueueWatch
from services.gateway.recognition.book import CommandBook
from services.gateway.rest.client import Rest
from services.gateway.settings import Settings
from services.gateway.shards.fleet import Fleet
from services.gateway.shards.window import Window
from services.gateway.snapshots import Snapshots
from shared.bus import Bus
from shared.config import ConfigStore
from shared.http import KeyStore
from shared.postgres import Db


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Everything that is open; `app` opens and closes it. A process without shards has no fleet.

    `owner` names this process among those that share the work.
    """

    settings: Settings
    owner: str
    db: Db
    bus: Bus
    rest: Rest
    config: ConfigStore
    keys: KeyStore
    book: CommandBook
    snapshots: Snapshots
    window: Window
    queues: QueueWatch
    metrics: Metrics
    fleet: Fleet | None
