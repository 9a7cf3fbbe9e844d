"""Which actions of a class are carried out in order, one after another."""

from collections.abc import Hashable

import msgspec
from msgspec import Struct

from shared.bus import Delivery


class _To(Struct, frozen=True):
    id: int = 0
    message_id: int = 0


class _Subject(Struct, frozen=True):
    to: _To = _To()
    guild_id: int = 0
    channel_id: int = 0
    user_id: int = 0


class _Glance(Struct, frozen=True):
    action: _Subject
    key: str | None = None


_glance = msgspec.json.Decoder(_Glance, strict=False)


def lane_of(delivery: Delivery) -> Hashable:
    """Return what is kept in order: answers to one person, what concerns one member or channel."""
    try:
        request = _glance.decode(delivery.body)
    except msgspec.MsgspecError:
        return delivery.message_id
    if request.key is None:
        return delivery.message_id or id(delivery)
    subject = request.action
    return (
        subject.to.id,
        subject.to.message_id,
        subject.guild_id,
        subject.channel_id,
        subject.user_id,
    )
