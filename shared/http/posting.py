"""Posting to addresses that users of a guild gave: to the public internet only, and patiently not.

A name is looked up and every address checked right before the connection is made to one of them,
so that no name can lead into the installation's own network. Redirects are not followed.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final, Literal, cast
from urllib.parse import urlsplit

import h11
from msgspec import Struct

TIMEOUT: Final = timedelta(seconds=10)
"""For everything from the name to the answer."""

PLACES: Final = 8
"""How many receivers are waited for at a time, so that slow ones don't take up the worker."""

LONGEST_URL: Final = 2000
LONGEST_HEAD: Final = 16_384
LONGEST_EXCERPT: Final = 500
"""Bytes that are read of an answer's head, and of its body."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses that are public by themselves and lead to others inside of them.
TUNNELS: Final = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
)


class PostError(Exception):
    """It could not be posted; the message says why, to those who gave the address."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PostAnswer(Struct, frozen=True):
    """What a receiver answered: the status, and the beginning of what it said."""

    status: int
    excerpt: str


class Target(Struct, frozen=True):
    """An address in its parts."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == standard else f"{host}:{self.port}"


class Courier:
    """Posts to users' addresses, a few at a time.

    `to_loopback` lets it post to this machine too, and without encryption, for development.
    """

    def __init__(self, *, to_loopback: bool = False, timeout: timedelta = TIMEOUT) -> None:
        self._to_loopback = to_loopback
        self._timeout = timeout
        self._ssl = ssl.create_default_context()
        self._places = asyncio.Semaphore(PLACES)

    @property
    def busy(self) -> bool:
        """Whether all places are taken."""
        return self._places.locked()

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Take one of the places."""
        async with self._places:
            yield

    def check(self, url: str) -> Target:
        """Return the parts of an address that may be posted to, as far as it can be seen in it.

        Raises PostError.
        """
        target = _parts(url)
        literal = _literal(target.host)
        loopback = target.host == "localhost" or (literal is not None and literal.is_loopback)
        if target.scheme == "http" and not (self._to_loopback and loopback):
            raise PostError("The address has to begin with https://.")
        if literal is not None and not self._may_reach(literal):
            raise PostError("The address is not a public one.")
        return target

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostAnswer:
        """Post and return the answer, whatever its status. Raises PostError."""
        target = self.check(url)
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await self._post(target, headers, body)
        except TimeoutError:
            seconds = self._timeout.total_seconds()
            raise PostError(f"It did not answer within {seconds:.0f} seconds.") from None
        except (h11.ProtocolError, EOFError):
            raise PostError("It did not answer in HTTP.") from None
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", "") or error.reason or "TLS failed"
            raise PostError(f"No secure connection: {why}.") from None
        except OSError as error:
            raise PostError(f"No connection: {error.strerror or error}.") from None

    async def _post(self, target: Target, headers: Mapping[str, str], body: bytes) -> PostAnswer:
        reader, writer = await self._connect(target)
        try:
            connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
            writer.write(_request(connection, target, headers, body))
            await writer.drain()
            return await _read(connection, reader)
        finally:
            writer.close()
            with suppress(Exception):  # the answer is there, or the reason why not
                writer.transport.abort()

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = await self._look_up(target)
        secure = target.scheme == "https"
        return await asyncio.open_connection(
            str(address),
            target.port,
            ssl=self._ssl if secure else None,
            server_hostname=target.host if secure else None,
        )

    async def _look_up(self, target: Target) -> Address:
        """Return an address of a name all of whose addresses may be reached."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(target.host, target.port, proto=6)
        except (OSError, UnicodeError):
            raise PostError("There is no such host.") from None
        addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        if not addresses or not all(self._may_reach(each) for each in addresses):
            raise PostError("The host's address is not a public one.")
        return addresses[0]

    def _may_reach(self, address: Address) -> bool:
        """Say whether an address is of the public internet, or a permitted one of this machine."""
        inner = cast("Address | None", getattr(address, "ipv4_mapped", None)) or address
        if inner.is_loopback:
            return self._to_loopback
        tunnel = any(inner in network for network in TUNNELS)
        return inner.is_global and not inner.is_multicast and not inner.is_reserved and not tunnel


def _parts(url: str) -> Target:
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise PostError(
            f"The address has to be of {LONGEST_URL} characters at most, all of them plain ASCII."
        )
    try:
        parts = urlsplit(url)
        port, host, scheme = parts.port, parts.hostname, parts.scheme
    except ValueError:
        raise PostError("That is not an address.") from None
    if scheme not in ("http", "https") or not host:
        raise PostError("The address has to begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise PostError("The address can't hold a user, a password or a #fragment.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    default = 443 if scheme == "https" else 80
    return Target(scheme, host, port or default, path)  # pyright: ignore[reportArgumentType] - narrowed above


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _request(
    connection: h11.Connection, target: Target, headers: Mapping[str, str], body: bytes
) -> bytes:
    fixed = {
        "Host": target.authority,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    head = h11.Request(
        method="POST", target=target.path, headers=list({**fixed, **headers}.items())
    )
    parts = (connection.send(each) for each in (head, h11.Data(data=body), h11.EndOfMessage()))
    return b"".join(part or b"" for part in parts)


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> PostAnswer:
    """Read the status and the beginning of what is said; the rest is not waited for."""
    status, said = 0, b""
    while len(said) < LONGEST_EXCERPT:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(4096))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            said += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    if not status:
        raise EOFError
    return PostAnswer(status, _readable(said[:LONGEST_EXCERPT]))


def _readable(said: bytes) -> str:
    text = said.decode("utf-8", "replace").replace("\0", "")
    return " ".join(text.split())
