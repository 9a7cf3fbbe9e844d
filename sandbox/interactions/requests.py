"""What clients send to `POST /interactions`, the parts that every kind has."""

from collections.abc import Sequence
from typing import cast

from msgspec import Struct

from sandbox import forms
from sandbox.errors import Code, DiscordError, field_error, form_error
from sandbox.forms import Field, Invalid, Json
from sandbox.interactions.desk import Interaction
from sandbox.interactions.kinds import InteractionType
from sandbox.interactions.resolve import Resolved
from sandbox.models import Channel, Guild
from sandbox.rest.call import Call
from sandbox.world import Upload

_KINDS = (
    InteractionType.APPLICATION_COMMAND,
    InteractionType.MESSAGE_COMPONENT,
    InteractionType.AUTOCOMPLETE,
    InteractionType.MODAL_SUBMIT,
)
_FIELDS: dict[str, Field] = {
    "type": forms.choice(*(int(kind) for kind in _KINDS)),
    "application_id": forms.snowflake,
    "guild_id": forms.nullable(forms.snowflake),
    "channel_id": forms.snowflake,
    "session_id": forms.nullable(forms.text(0, 128)),
    "message_id": forms.nullable(forms.snowflake),
    "message_flags": forms.nullable(forms.integer(0)),
    "nonce": forms.nullable(lambda value: forms.text(0, 64)(str(value))),
    "data": forms.model({}),
}


class Submission(Struct, kw_only=True):
    """Something that a person does with an application, where, and with which files."""

    call: Call
    kind: InteractionType
    application_id: int
    channel: Channel
    guild: Guild | None
    nonce: str | None
    message_id: int | None
    data: Json
    uploads: Sequence[Upload]

    def resolved(self) -> Resolved:
        """Return a place to collect what is named."""
        return Resolved(self.call.world, self.guild, self.channel)

    def interaction(self, token: str) -> Interaction:
        """Return a new interaction of the caller's."""
        world = self.call.world
        return Interaction(
            id=world.snowflakes.next(),
            token=token,
            type=self.kind,
            application_id=self.application_id,
            user_id=self.call.user.id,
            channel_id=self.channel.id,
            guild_id=self.channel.guild_id,
            opened_at=world.clock.now(),
            nonce=self.nonce,
        )


async def read_submission(call: Call) -> Submission:
    """Read and check what every kind has; answers 10003, 50001, 10002, 50035."""
    if call.is_bot:
        raise DiscordError.of(Code.BOTS_CANNOT)
    body, uploads = await call.message_body()
    needed = ("type", "application_id", "channel_id", "data")
    values = forms.read(body, _FIELDS, required=needed)
    channel = call.world.channel(cast("int", values["channel_id"]))
    if not call.bits_in(channel):
        raise DiscordError.of(Code.MISSING_ACCESS)
    _check_guild(values, channel)
    application_id = cast("int", values["application_id"])
    if application_id not in call.world.applications:
        raise DiscordError.of(Code.UNKNOWN_APPLICATION)
    return Submission(
        call=call,
        kind=InteractionType(cast("int", values["type"])),
        application_id=application_id,
        channel=channel,
        guild=call.world.guilds[channel.guild_id] if channel.guild_id else None,
        nonce=cast("str | None", values.get("nonce")),
        message_id=cast("int | None", values.get("message_id")),
        data=cast("Json", body["data"]),
        uploads=uploads,
    )


def _check_guild(values: Json, channel: Channel) -> None:
    named = values.get("guild_id")
    if named is not None and named != channel.guild_id:
        raise field_error("guild_id", "INTERACTION_GUILD_MISMATCH", "Not the channel's guild.")


def in_data(wrong: Invalid) -> DiscordError:
    """Return the error 50035 for something wrong inside of `data`."""
    return form_error({"data": wrong.errors})
