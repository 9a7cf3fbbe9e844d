"""Posting to addresses that users gave: whom it reaches, whom not, and how long it is patient."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from shared.http.posting import LONGEST_EXCERPT, PLACES, Courier, PostAnswer, PostError

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATIENT = timedelta(seconds=30)
IMPATIENT = timedelta(seconds=0.2)


@asynccontextmanager
async def server(handle: Handle) -> AsyncGenerator[str]:
    """Give the address of a server on this machine."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who posts hangs up when they have read enough
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def answering(*parts: bytes) -> Handle:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"the end")
        writer.writelines(parts)

    return handle


async def post(url: str, *, to_loopback: bool = True, within: timedelta = PATIENT) -> PostAnswer:
    return await Courier(to_loopback=to_loopback, timeout=within).post(url, {}, b"the end")


async def test_it_posts_a_body_with_headers_and_returns_the_answer() -> None:
    asked = asyncio.get_running_loop().create_future()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set_result(await reader.readuntil(b"the end"))
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 6\r\n\r\nthanks")
        writer.close()

    async with server(handle) as place:
        courier = Courier(to_loopback=True, timeout=PATIENT)
        answer = await courier.post(f"http://{place}/a/b?c=d", {"Webhook-Id": "5"}, b"the end")

    assert answer == PostAnswer(202, "thanks")
    head = (await asked).decode()
    assert head.startswith("POST /a/b?c=d HTTP/1.1\r\n")
    assert f"\r\nHost: {place}\r\n" in head
    assert "\r\nWebhook-Id: 5\r\n" in head
    assert "\r\nContent-Length: 7\r\n" in head


async def test_it_reads_no_more_of_an_answer_than_its_beginning() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with server(endless) as place:
        answer = await post(f"http://{place}/")

    assert answer == PostAnswer(200, "x" * LONGEST_EXCERPT)


@pytest.mark.parametrize(
    "said",
    [b"", b"hello there\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 50_000 + b"\r\n\r\n"],
    ids=["nothing", "no HTTP", "an endless head"],
)
async def test_what_is_no_answer_is_an_error(said: bytes) -> None:
    async with server(answering(said)) as place:
        with pytest.raises(PostError, match=r"did not answer in HTTP|No connection"):
            await post(f"http://{place}/")


async def test_who_does_not_answer_is_not_waited_for_for_ever() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(silent) as place:
        with pytest.raises(PostError, match="did not answer within"):
            await post(f"http://{place}/", within=IMPATIENT)


async def test_who_speaks_no_tls_is_not_posted_to() -> None:
    async with server(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as place:
        with pytest.raises(PostError, match=r"secure|No connection|did not answer"):
            await post(f"https://{place}/", within=timedelta(seconds=2))


async def test_who_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(PostError, match="No connection"):
        await post(f"http://127.0.0.1:{port}/")


# --- whom it reaches ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:192.168.1.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "[2001:0:a00:1::]",
        "[ff02::1]",
    ],
)
def test_an_address_that_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(PostError, match="not a public one"):
        Courier().check(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org:8443/hook?a=b",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        "https://xn--hfen-loa.example/",
    ],
)
def test_a_public_address_is_taken(url: str) -> None:
    assert Courier().check(url).scheme == "https"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/", "https://"),
        ("ftp://example.org/", "https://"),
        ("example.org", "https://"),
        ("https:///hook", "name a host"),
        ("https://a:b@example.org/", "password"),
        ("https://example.org/#there", "fragment"),
        ("https://example.org:99999/", "not an address"),
        ("https://[::1", "not an address"),
        ("https://häfen.example/", "ASCII"),
        ("https://example.org/\r\nHost: b", "ASCII"),
        ("https://example.org/a b", "ASCII"),
        ("https://example.org/" + "x" * 2000, "2000 characters"),
    ],
)
def test_what_is_no_fit_address_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(PostError, match=why):
        Courier().check(url)


@pytest.mark.parametrize("url", ["http://localhost/", "http://127.0.0.1:5/", "http://[::1]/"])
def test_this_machine_is_reached_only_where_a_setting_allows_it(url: str) -> None:
    Courier(to_loopback=True).check(url)

    with pytest.raises(PostError):
        Courier().check(url)


def test_the_setting_for_this_machine_opens_no_other() -> None:
    courier = Courier(to_loopback=True)

    for url in ("http://10.0.0.1/", "https://10.0.0.1/", "http://example.org/"):
        with pytest.raises(PostError):
            courier.check(url)


async def test_a_name_that_leads_into_the_own_network_is_refused_when_it_is_looked_up() -> None:
    touched = asyncio.Event()

    async def touch(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        touched.set()
        writer.close()

    async with server(touch) as place:
        port = place.partition(":")[2]
        with pytest.raises(PostError, match="host's address is not a public one"):
            await post(f"https://localhost:{port}/", to_loopback=False)

    assert not touched.is_set()
    assert ipaddress.ip_address(socket.gethostbyname("localhost")).is_loopback


async def test_a_name_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(PostError, match=r"no such host|not a public"):
        await post("https://nobody.invalid/")


async def test_so_many_receivers_are_waited_for_at_a_time() -> None:
    courier = Courier()
    assert not courier.busy

    places = [courier.place() for _ in range(PLACES)]
    for place in places:
        await place.__aenter__()
    assert courier.busy
    await places[0].__aexit__(None, None, None)

    assert not courier.busy
