"""Registers the announced commands with Discord, when they have changed."""

import asyncio
import time
from typing import Final

import msgspec
import structlog

from services.gateway import queries
from services.gateway.recognition.book import CommandBook
from services.gateway.recognition.slash import Json, commands_of, hash_of
from services.gateway.rest.client import Answer, Request, Rest
from services.gateway.rest.routes import Route, of_bot
from services.gateway.shards.dispatch import Named
from shared.postgres import Db, is_unavailable

SETTLE: Final = 0.5
"""Seconds to wait for more announcements, as services start together."""

LIMIT: Final = 60.0
AGAIN: Final = 30.0
"""Seconds before another attempt when Discord did not take the commands."""

LEFT: Final = (403, 404)
"""What Discord answers about a guild that the bot has left: nothing stands there any more."""

log = structlog.get_logger()


class Registrar:
    """Keeps Discord's list of the bot's commands equal to the announced ones."""

    def __init__(self, db: Db, rest: Rest, book: CommandBook, scope_guild: int) -> None:
        self._db = db
        self._rest = rest
        self._book = book
        self._scope = scope_guild
        self._changed = asyncio.Event()
        self._application_id = 0

    def changed(self) -> None:
        """Have the commands compared again."""
        self._changed.set()

    async def run(self) -> None:
        """Register whenever the commands have changed, until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(SETTLE)
            self._changed.clear()
            if not await self._try():
                self._changed.set()
                await asyncio.sleep(AGAIN)

    async def _try(self) -> bool:
        try:
            return await self._register()
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("commands_not_compared", error=repr(error))
            return False

    async def _register(self) -> bool:
        """Register when Discord has others; say whether it has these now."""
        commands = commands_of(entry.spec for entry in self._book.entries)
        if not commands:
            return True
        application_id = await self._application()
        if not application_id:
            return False
        registered = await self._register_here(application_id, commands)
        return registered and await self._clear_others(application_id)

    async def _register_here(self, application_id: int, commands: list[Json]) -> bool:
        hash_ = hash_of(commands)
        if await queries.registered_hash(self._db, application_id, self._scope) == hash_:
            return True
        answer = await self._overwrite(application_id, self._scope, commands)
        if not answer.ok:
            return False
        await queries.save_registered(self._db, application_id, self._scope, hash_)
        log.info("commands_registered", count=len(commands), guild_id=self._scope)
        return True

    async def _clear_others(self, application_id: int) -> bool:
        """Take the commands back that were registered elsewhere, before the setting changed."""
        for former in await queries.registrations(self._db):
            if former.application_id != application_id or former.scope_id == self._scope:
                continue
            answer = await self._overwrite(application_id, former.scope_id, [])
            if not answer.ok and answer.status not in LEFT:
                return False
            await queries.forget_registered(self._db, application_id, former.scope_id)
            log.info("commands_taken_back", guild_id=former.scope_id)
        return True

    async def _overwrite(self, application_id: int, scope: int, commands: list[Json]) -> Answer:
        route = _route(application_id, scope)
        answer = await self._rest.call(
            Request(route, time.monotonic() + LIMIT, json=commands, priority="bulk")
        )
        if not answer.ok:
            log.error(
                "commands_not_registered",
                guild_id=scope,
                status=answer.status,
                message=answer.error.message,
                errors=answer.error.errors,
            )
        return answer

    async def _application(self) -> int:
        """Return the bot's application, 0 while Discord does not say."""
        if not self._application_id:
            route = of_bot("GET", "/applications/@me")
            answer = await self._rest.call(Request(route, time.monotonic() + LIMIT))
            if answer.ok:
                application = msgspec.json.decode(answer.body, type=Named, strict=False)
                self._application_id = application.id
        return self._application_id


def _route(application_id: int, scope: int) -> Route:
    if scope:
        template = "/applications/{application}/guilds/{guild}/commands"
        return of_bot("PUT", template, application=application_id, guild=scope)
    return of_bot("PUT", "/applications/{application}/commands", application=application_id)
