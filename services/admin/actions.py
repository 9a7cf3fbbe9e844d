"""What admin can do: change a guild's configuration, go back in it, and give and take API keys."""

import asyncio
import difflib
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import structlog
from msgspec import Struct

from services.admin import queries
from services.admin.deps import Deps
from services.admin.guarding import check_change
from services.admin.model import Author, Key, Revision, no_revision
from services.admin.timers import SetNickname
from shared import jobs, outbox
from shared.config.editing import set_value, unset_value
from shared.config.reading import load_yaml
from shared.config.store import save
from shared.contracts.actions import SetOwnNick
from shared.contracts.config import ConfigDocument
from shared.contracts.domain import ApiKey, ConfigChanged, GuildKeysChanged
from shared.contracts.ids import GuildId, UserId
from shared.contracts.topology import BULK
from shared.errors import ConflictError, ForbiddenError, NotFoundError, UserError
from shared.http.access import SCOPES
from shared.http.keys import PREFIX
from shared.permissions import Person, person_in
from shared.postgres import Connection, transaction

LONGEST_NOTE: Final = 200
LONGEST_KEY_NAME: Final = 60
MOST_KEYS: Final = 50
_AT_ONCE: Final = 200

log = structlog.get_logger()


class Saved(Struct, frozen=True):
    """A revision that holds now, and whether it is a new one."""

    revision: Revision
    changed: bool


# --- configuration ------------------------------------------------------------------------------


async def current(deps: Deps, guild_id: GuildId) -> Revision:
    """Return the revision that holds in a guild, the empty one where none was ever saved."""
    return await queries.newest(deps.db, guild_id) or no_revision(guild_id)


async def save_config(
    deps: Deps, author: Author, base: Revision, yaml: str, *, note: str = ""
) -> Saved:
    """Make a text the configuration of a guild, in place of `base`.

    A text that changes nothing is not saved again. Raises ConfigError with the place of a mistake,
    ForbiddenError when the author may not change that, ConflictError when `base` no longer holds.
    """
    document = await asyncio.to_thread(load_yaml, yaml)
    if yaml == base.yaml:
        return Saved(base, changed=False)
    before = await asyncio.to_thread(load_yaml, base.yaml)
    specs = await queries.announced(deps.db)
    check_change(author, before, document, specs, deps.settings.operators)
    new = Revision(
        guild_id=base.guild_id,
        revision=base.revision + 1,
        yaml=yaml,
        note=note[:LONGEST_NOTE],
        author_id=author.id,
        author_name=author.name,
        created_at=datetime.now(UTC),
    )
    async with transaction(deps.db) as tx:
        await _save(tx, new, before, document)
    deps.config.remember(new.guild_id, new.revision, document)
    return Saved(new, changed=True)


async def _save(
    tx: Connection, new: Revision, before: ConfigDocument, document: ConfigDocument
) -> None:
    """Add a revision, and all that follows from it, in one transaction."""
    if not await queries.insert_revision(tx, new):
        raise ConflictError(
            "Somebody else has changed the configuration meanwhile. Look at it, and try again."
        )
    event = changed(new, document)
    await save(tx, event)
    await outbox.put(tx, event)
    nickname = document.plugins.core.nickname
    if nickname != before.plugins.core.nickname:
        job = SetNickname(guild_id=new.guild_id, revision=new.revision, nickname=nickname)
        await jobs.schedule(tx, job, key=str(new.guild_id))


def changed(revision: Revision, document: ConfigDocument) -> ConfigChanged:
    """Return the event that announces a revision."""
    return ConfigChanged(
        guild_id=revision.guild_id,
        revision=revision.revision,
        document=document,
        author_id=revision.author_id,
        changed_at=revision.created_at,
    )


async def set_config(deps: Deps, author: Author, guild_id: GuildId, path: str, value: str) -> Saved:
    """Set one value of the configuration; raises as `save_config`."""
    base = await current(deps, guild_id)
    yaml = set_value(base.yaml, path, value)
    return await save_config(deps, author, base, yaml, note=f"{path} set to {value}")


async def unset_config(deps: Deps, author: Author, guild_id: GuildId, path: str) -> Saved:
    """Take one value out of the configuration; raises as `save_config`."""
    base = await current(deps, guild_id)
    yaml = unset_value(base.yaml, path)
    return await save_config(deps, author, base, yaml, note=f"{path} unset")


async def roll_back(deps: Deps, author: Author, base: Revision, number: int) -> Saved:
    """Make an earlier revision hold again, as a new one; raises as `save_config`."""
    earlier = await find_revision(deps, base.guild_id, number)
    note = f"back to revision {number}"
    return await save_config(deps, author, base, earlier.yaml, note=note)


async def find_revision(deps: Deps, guild_id: GuildId, number: int) -> Revision:
    """Return a revision. Raises NotFoundError."""
    if number == 0:
        return no_revision(guild_id)
    found = await queries.revision(deps.db, guild_id, number)
    if found is None:
        raise NotFoundError(f"There is no revision {number} of the configuration.")
    return found


async def difference(deps: Deps, revision: Revision) -> str:
    """Return what a revision changed, as a unified diff."""
    if revision.revision == 0:
        return ""
    before = await find_revision(deps, revision.guild_id, revision.revision - 1)
    lines = difflib.unified_diff(
        before.yaml.splitlines(),
        revision.yaml.splitlines(),
        f"revision {before.revision}",
        f"revision {revision.revision}",
        lineterm="",
    )
    return "\n".join(lines)


async def apply_nickname(deps: Deps, job: SetNickname) -> None:
    """Give the bot its nickname; when Discord refuses, the log says so and that is it."""
    action = SetOwnNick(guild_id=job.guild_id, nick=job.nickname)
    key = f"nickname:{job.guild_id}:{job.revision}"
    try:
        await deps.gateway.do(action, key=key, reason="plugins.core.nickname", queue=BULK)
    except ForbiddenError as error:
        log.warning("nickname_refused", guild_id=job.guild_id, error=error.message)


async def everything(deps: Deps) -> AsyncIterator[ConfigChanged | GuildKeysChanged]:
    """Give the newest configuration and the keys of every guild, for a service that has none."""
    after = GuildId(0)
    while found := await queries.newest_of_all(deps.db, after, _AT_ONCE):
        for revision in found:
            yield changed(revision, await asyncio.to_thread(load_yaml, revision.yaml))
        after = found[-1].guild_id
    for guild_id in await queries.guilds_with_keys(deps.db):
        yield await _keys_event(deps, guild_id)


async def _keys_event(deps: Deps, guild_id: GuildId) -> GuildKeysChanged:
    async with transaction(deps.db) as tx:
        number = await queries.key_revision(tx, guild_id)
        keys = await queries.keys(tx, guild_id)
    return _announcement(guild_id, number, keys)


# --- people -------------------------------------------------------------------------------------


async def find_person(deps: Deps, guild_id: GuildId, user_id: UserId, version: int = 0) -> Person:
    """Return somebody with their roles and permissions in a guild, none when they are not in it.

    The guild is of this version or a later one.
    Raises NotFoundError when the bot is not in the guild, UnavailableError.
    """
    guild, member = await asyncio.gather(
        deps.gateway.guild(guild_id, version=version), deps.gateway.member(guild_id, user_id)
    )
    if member is None:
        return Person(id=user_id, owner=guild.owner_id == user_id)
    return person_in(guild, user_id, member.roles)


# --- API keys -----------------------------------------------------------------------------------


async def create_key(deps: Deps, guild_id: GuildId, key: ApiKey) -> None:
    """Give a guild an API key; one with the same id is the same key, and stays.

    Raises UserError when its name or scopes can't be, or there are too many.
    """
    _check_key(key)
    async with transaction(deps.db) as tx:
        number = await queries.next_key_revision(tx, guild_id)
        if len(await queries.keys(tx, guild_id)) >= MOST_KEYS:
            raise UserError(f"There are {MOST_KEYS} keys already: revoke one first.")
        await queries.insert_key(tx, guild_id, key)
        await _announce_keys(tx, guild_id, number)


async def revoke_key(deps: Deps, guild_id: GuildId, key_id: str) -> None:
    """Take an API key back, in all services. Raises NotFoundError."""
    async with transaction(deps.db) as tx:
        number = await queries.next_key_revision(tx, guild_id)
        if not await queries.revoke_key(tx, guild_id, key_id):
            raise NotFoundError(f"There is no key `{key_id}`.")
        await _announce_keys(tx, guild_id, number)


async def _announce_keys(tx: Connection, guild_id: GuildId, number: int) -> None:
    keys = await queries.keys(tx, guild_id)
    await outbox.put(tx, _announcement(guild_id, number, keys))


def _announcement(guild_id: GuildId, number: int, keys: list[Key]) -> GuildKeysChanged:
    announced = tuple(
        ApiKey(
            id=key.id,
            name=key.name,
            sha256=key.sha256,
            scopes=key.scopes,
            created_at=key.created_at,
            created_by=key.created_by,
            expires_at=key.expires_at,
        )
        for key in keys
    )
    return GuildKeysChanged(guild_id=guild_id, revision=number, keys=announced)


def _check_key(key: ApiKey) -> None:
    if not 0 < len(key.name.strip()) <= LONGEST_KEY_NAME:
        raise UserError(f"A key's name has 1 to {LONGEST_KEY_NAME} characters.")
    unknown = sorted(set(key.scopes) - SCOPES)
    if unknown or not key.scopes:
        listed = ", ".join(f"`{scope}`" for scope in sorted(SCOPES))
        wrong = f"`{unknown[0]}` is no scope." if unknown else "A key needs a scope."
        raise UserError(f"{wrong} There are {listed}.")


def key_of_invocation(
    deps: Deps, invocation_id: str, name: str, scopes: tuple[str, ...], created_by: UserId
) -> tuple[str, ApiKey]:
    """Make the key that an invocation asks for: the same one when the invocation comes again.

    Returns the text to show once, and what is kept of it.
    """
    installation = deps.settings.token_secret.reveal().encode()
    seed = f"api-key:{invocation_id}".encode()
    secret = hmac.new(installation, seed, hashlib.sha256).hexdigest()
    key_id = hashlib.sha256(seed).hexdigest()[:12]
    key = ApiKey(
        id=key_id,
        name=name,
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=scopes,
        created_at=datetime.now(UTC),
        created_by=created_by,
    )
    return f"{PREFIX}{key_id}_{secret}", key
