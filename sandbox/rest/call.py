"""One call of the REST API: who calls, about what, and whether they may."""

from collections.abc import Mapping
from typing import cast

import msgspec
from aiohttp import BodyPartReader, web

from sandbox import auth, forms, permissions
from sandbox.auth import Caller, Kind
from sandbox.errors import Code, DiscordError, field_error, form_error, nested
from sandbox.forms import Field, Json
from sandbox.models import By, Channel, Guild, Member, Message, User
from sandbox.permissions import Permission
from sandbox.world import WORLD_KEY, Upload, World
from sandbox.world.visibility import bits_in, may_see_message

FORM = web.RequestKey("form", Json)
"""Where a request keeps what a multipart body said, which can be read only once."""


class Call:
    """A request with what handlers ask of it; making one checks the token."""

    def __init__(self, request: web.Request, caller: Caller | None = None) -> None:
        self.request = request
        self.world: World = request.app[WORLD_KEY]
        self.caller = caller or auth.caller(request)

    @property
    def user(self) -> User:
        """Return who calls."""
        return self.caller.user

    @property
    def is_bot(self) -> bool:
        """Tell whether a bot calls."""
        return self.caller.kind is Kind.BOT

    @property
    def by(self) -> By:
        """Return who calls and the reason for the audit log."""
        return auth.by(self.request, self.user)

    # What was sent

    def path_id(self, name: str) -> int:
        """Return an id from the path, or answer 50035."""
        text = self.request.match_info[name]
        if not text.isdecimal() or int(text) > forms.MAX_SNOWFLAKE:
            raise field_error(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        return int(text)

    async def body(self, fields: Mapping[str, Field], required: tuple[str, ...] = ()) -> Json:
        """Return the named fields of a JSON body, or answer 50035."""
        return forms.read(await self.json(), fields, required)

    async def json(self) -> object:
        """Return the JSON body, an empty object when there is none."""
        return decode(await self.request.read())

    async def message_body(self) -> tuple[Json, list[Upload]]:
        """Return the body of a message and its files: JSON, or multipart with `payload_json`."""
        return await read_message(self.request)

    def query(self, fields: Mapping[str, Field], required: tuple[str, ...] = ()) -> Json:
        """Return the named parameters of the query, or answer 50035."""
        return forms.read(dict(self.request.query), fields, required)

    def flag(self, name: str) -> bool:
        """Tell whether a parameter of the query is true."""
        return bool(self.query({name: forms.boolean}).get(name))

    # What it is about

    def guild(self) -> Guild:
        """Return the guild of the path, if the caller is in it; otherwise answer 10004."""
        guild = self.world.guild(self.path_id("guild_id"))
        if self.user.id not in guild.members:
            raise DiscordError.of(Code.UNKNOWN_GUILD)
        return guild

    def me(self, guild: Guild) -> Member:
        """Return the caller's membership."""
        return guild.members[self.user.id]

    def bits(self, guild: Guild) -> int:
        """Return what the caller may do in a guild."""
        return permissions.in_guild(guild, self.me(guild), self.world.clock.now())

    def guild_for(self, *needed: Permission) -> Guild:
        """Return the guild of the path, if the caller may do all that is needed; else 50013."""
        guild = self.guild()
        require(self.bits(guild), *needed)
        return guild

    def channel(self, *needed: Permission) -> Channel:
        """Return the channel of the path: 50001 if it can't be seen, 50013 without the rights."""
        channel = self.world.channel(self.path_id("channel_id"))
        bits = self.bits_in(channel)
        if not bits & Permission.VIEW_CHANNEL:
            raise DiscordError.of(Code.MISSING_ACCESS)
        require(bits, *needed)
        return channel

    def bits_in(self, channel: Channel) -> int:
        """Return what the caller may do in a channel."""
        return bits_in(self.world, channel, self.user.id)

    def guild_channel(self, *needed: Permission) -> Channel:
        """Return the channel of the path, which has to belong to a guild; else answer 50003."""
        channel = self.channel(*needed)
        if channel.guild_id is None:
            raise DiscordError.of(Code.NOT_IN_DM)
        return channel

    def message(self, channel: Channel) -> Message:
        """Return the message of the path, or answer 10008."""
        found = self.world.message(channel.id, self.path_id("message_id"))
        if found.visible_to is not None and (
            self.is_bot or not may_see_message(found, self.user.id)
        ):
            raise DiscordError.of(Code.UNKNOWN_MESSAGE)
        return found

    def path_user(self) -> User:
        """Return the user of the path, `@me` for the caller, or answer 10013."""
        if self.request.match_info["user_id"] == "@me":
            return self.user
        return self.world.user(self.path_id("user_id"))


def require(bits: int, *needed: Permission) -> None:
    """Answer 50013 unless all that is needed is among the bits."""
    for permission in needed:
        if not bits & permission:
            raise DiscordError.of(Code.MISSING_PERMISSIONS)


def decode(raw: bytes) -> object:
    """Return decoded JSON, an empty object for nothing, or answer 50109."""
    if not raw:
        return {}
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise DiscordError.of(Code.INVALID_JSON) from None


def as_object(value: object) -> Json:
    """Return a JSON object, or answer 50035."""
    if not isinstance(value, dict):
        message = "Only dictionaries may be used in a ModelType"
        raise form_error(nested((), "MODEL_TYPE_CONVERT", message))
    return cast("Json", value)


async def read_message(request: web.Request) -> tuple[Json, list[Upload]]:
    """Return the body of a message and its files: JSON, or multipart with `payload_json`."""
    if not request.content_type.startswith("multipart/"):
        return as_object(decode(await request.read())), []
    limit = request.app[WORLD_KEY].settings.max_file_bytes
    body: Json = {}
    uploads: list[Upload] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name = part.name or ""
        content = await _read_part(part, limit)
        if name == "payload_json":
            body.update(as_object(decode(content)))
        elif part.filename is not None:
            uploads.append(_upload(part, name, content, len(uploads)))
        else:
            body[name] = content.decode(errors="replace")
    request[FORM] = {**body, "files": [upload.filename for upload in uploads]}
    return body, uploads


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(65536):
        content += chunk
        if len(content) > limit:
            raise DiscordError.of(Code.TOO_LARGE)
    return bytes(part.decode(bytes(content)))


def _upload(part: BodyPartReader, name: str, content: bytes, index: int) -> Upload:
    number = name.removeprefix("files[").removesuffix("]")
    key = int(number) if number.isdecimal() else index
    content_type = part.headers.get("Content-Type")
    known = None if content_type == "application/octet-stream" else content_type
    return Upload(key, part.filename or "file", content, known)


def reply(data: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        status=status, body=msgspec.json.encode(data), content_type="application/json"
    )


def nothing() -> web.Response:
    """Answer 204: done, nothing to say."""
    return web.Response(status=204)
