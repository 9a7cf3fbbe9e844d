"""Who may open a session: the checks of IDENTIFY, in the order of their close codes."""

from datetime import datetime, timedelta

from msgspec import Struct

from sandbox.gateway.codes import ALL_INTENTS, Close, disallowed
from sandbox.gateway.settings import GatewaySettings
from sandbox.models import Application, Json, User
from sandbox.world import World


class Identify(Struct):
    """The data of op 2."""

    token: str
    properties: Json = {}  # a client's free description of itself
    intents: int | None = None
    compress: bool = False
    large_threshold: int = 50
    shard: tuple[int, int] = (0, 1)
    presence: Json | None = None  # checked where it is used


class Refused(Exception):  # noqa: N818 - an outcome that the protocol foresees
    """The client is sent away with a close code."""

    def __init__(self, code: Close) -> None:
        super().__init__(code.name)
        self.code = code


class TooEarly(Exception):  # noqa: N818 - an outcome that the protocol foresees
    """Another shard of the same bucket identified a moment ago: op 9."""


class Gate:
    """Checks identifies and counts them."""

    def __init__(self, world: World, settings: GatewaySettings) -> None:
        self._world = world
        self._settings = settings
        self._last: dict[tuple[int, int], datetime] = {}

    def admit(self, asked: Identify) -> User:
        """Return whose session may begin; raises Refused or TooEarly."""
        user = self._world.user_by_token(asked.token.removeprefix("Bot "))
        if user is None:
            raise Refused(Close.AUTHENTICATION_FAILED)
        application = self._world.applications.get(user.id)
        if application is not None:
            self._check(application, asked)
            self._take_turn(application, asked.shard[0])
        return user

    def _check(self, application: Application, asked: Identify) -> None:
        number, count = asked.shard
        if not 0 <= number < count:
            raise Refused(Close.INVALID_SHARD)
        if asked.intents is None or asked.intents & ~ALL_INTENTS or asked.intents < 0:
            raise Refused(Close.INVALID_INTENTS)
        if not application.privileged_intents and disallowed(asked.intents, application.flags):
            raise Refused(Close.DISALLOWED_INTENTS)
        if self._guilds(application.id, number, count) > self._settings.guilds_per_shard:
            raise Refused(Close.SHARDING_REQUIRED)

    def _guilds(self, bot_id: int, number: int, count: int) -> int:
        guilds = self._world.guilds_of(bot_id)
        return sum(1 for guild in guilds if (guild.id >> 22) % count == number)

    def _take_turn(self, application: Application, shard: int) -> None:
        now = self._world.clock.now()
        bucket = (application.id, shard % application.max_concurrency)
        last = self._last.get(bucket)
        if last is not None and now - last < self._settings.identify_interval:
            raise TooEarly
        if not self._count_start(application, now):
            raise Refused(Close.AUTHENTICATION_FAILED)
        self._last[bucket] = now

    def _count_start(self, application: Application, now: datetime) -> bool:
        reset = application.session_starts_reset_at
        if reset is None or reset <= now:
            application.session_starts_used = 0
            application.session_starts_reset_at = now + timedelta(days=1)
        if application.session_starts_used >= application.session_starts_total:
            return False
        application.session_starts_used += 1
        return True
