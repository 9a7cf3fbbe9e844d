"""How payloads are packed into websocket frames: plain text, zlib or zstd, whole or as a stream."""

import struct
import zlib
from typing import Final, Protocol

import zstandard

_TEXT: Final = 0x81
_BINARY: Final = 0x82
_SMALL: Final = 126
_LARGE: Final = 1 << 16


class Packer(Protocol):
    """Turns payloads, in order, into bytes for the wire."""

    def pack(self, payload: bytes) -> bytes:
        """Return the payload as one websocket frame."""
        ...


def frame(kind: int, data: bytes) -> bytes:
    """Return one final, unmasked websocket frame (RFC 6455, section 5.2)."""
    size = len(data)
    if size < _SMALL:
        return bytes((kind, size)) + data
    if size < _LARGE:
        return struct.pack("!BBH", kind, _SMALL, size) + data
    return struct.pack("!BBQ", kind, _SMALL + 1, size) + data


class Plain:
    """JSON as text."""

    def pack(self, payload: bytes) -> bytes:
        """Return the payload as a text frame."""
        return frame(_TEXT, payload)


class ZlibPayloads:
    """Each payload compressed by itself, as a client asks for with `compress` in its identify."""

    def pack(self, payload: bytes) -> bytes:
        """Return the payload as a binary frame that is a whole zlib document."""
        return frame(_BINARY, zlib.compress(payload, 1))


class ZlibStream:
    """One zlib stream over the connection's life, flushed after each payload."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(level=1)

    def pack(self, payload: bytes) -> bytes:
        """Return the next part of the stream, ending with zlib's sync marker."""
        return frame(
            _BINARY,
            self._deflate.compress(payload) + self._deflate.flush(zlib.Z_SYNC_FLUSH),
        )


class ZstdStream:
    """One zstd stream over the connection's life, flushed after each payload."""

    def __init__(self) -> None:
        self._deflate = zstandard.ZstdCompressor(level=1).compressobj()

    def pack(self, payload: bytes) -> bytes:
        """Return the next block of the stream."""
        block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return frame(_BINARY, self._deflate.compress(payload) + self._deflate.flush(block))


def packer(transport: str | None) -> Packer | None:
    """Return the packer for the address's `compress` parameter, None for an unknown one."""
    match transport:
        case None:
            return Plain()
        case "zlib-stream":
            return ZlibStream()
        case "zstd-stream":
            return ZstdStream()
        case _:
            return None
