"""RabbitMQ as the services use it: publish, consume, ask and answer, across every reconnect."""

from shared.bus.asking import AskLost, AskTimeout
from shared.bus.batches import BatchConsumption
from shared.bus.bus import Bus, connect
from shared.bus.consuming import Consumption
from shared.bus.dead import DeadLetter
from shared.bus.depths import Depth
from shared.bus.messages import Delivery, QueueSpec
from shared.bus.publishing import PublishRefused, Returned
from shared.bus.stream import Stream

__all__ = [
    "AskLost",
    "AskTimeout",
    "BatchConsumption",
    "Bus",
    "Consumption",
    "DeadLetter",
    "Delivery",
    "Depth",
    "PublishRefused",
    "QueueSpec",
    "Returned",
    "Stream",
    "connect",
]
