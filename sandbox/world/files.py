"""Files of messages: kept in memory and served by the sandbox below /cdn."""

import mimetypes
import re
from collections.abc import Sequence

from sandbox.errors import DiscordError
from sandbox.models import Attachment, StoredFile
from sandbox.world.payloads import AttachmentNote, Upload
from sandbox.world.state import State

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def store(
    world: State,
    channel_id: int,
    uploads: Sequence[Upload],
    notes: Sequence[AttachmentNote],
    *,
    ephemeral: bool = False,
) -> list[Attachment]:
    """Keep uploaded files and return what the message shows of them."""
    described = {note.id: note for note in notes}
    return [_store(world, channel_id, one, described.get(one.key), ephemeral) for one in uploads]


def _store(
    world: State, channel_id: int, upload: Upload, note: AttachmentNote | None, ephemeral: bool
) -> Attachment:
    if len(upload.content) > world.settings.max_file_bytes:
        raise DiscordError(413, 40005, "Request entity too large")
    attachment_id = world.snowflakes.next()
    wanted = note.filename if note and note.filename else upload.filename
    filename = _UNSAFE.sub("_", wanted) or "file"
    content_type = upload.content_type or mimetypes.guess_type(filename)[0]
    folder = "ephemeral-attachments" if ephemeral else "attachments"
    path = f"{folder}/{channel_id}/{attachment_id}/{filename}"
    stored = content_type or "application/octet-stream"
    world.files[path] = StoredFile(upload.content, stored)
    _forget_oldest(world)
    return Attachment(
        id=attachment_id,
        filename=filename,
        size=len(upload.content),
        path=path,
        content_type=content_type,
        description=note.description if note else None,
        title=note.title if note else None,
        ephemeral=ephemeral,
    )


def _forget_oldest(world: State) -> None:
    kept = sum(len(one.content) for one in world.files.values())
    while kept > world.settings.kept_file_bytes and len(world.files) > 1:
        kept -= len(world.files.pop(next(iter(world.files))).content)
