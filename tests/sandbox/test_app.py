"""The sandbox as a process and as a web application: start, stop, state, addresses."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sandbox.keeping import kept
from sandbox.world import World
from tests.support.sandbox import Sandbox, SandboxClient
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def process(*arguments: str) -> AsyncGenerator[tuple[Process, SandboxClient]]:
    """Run `python -m sandbox` on a free port."""
    command = (sys.executable, "-m", "sandbox", "--port", "0", *arguments)
    started = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=ROOT)
    assert started.stdout is not None
    try:
        said = (await asyncio.wait_for(started.stdout.readline(), 60)).decode()
        async with SandboxClient(said.split()[-1]) as client:
            yield started, client
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def stopped(running: Process, by: signal.Signals = signal.SIGTERM) -> int:
    running.send_signal(by)
    return await asyncio.wait_for(running.wait(), 60)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_cleanly_and_quietly(by: signal.Signals) -> None:
    async with process() as (running, client):
        assert (await client.control("GET", "/health"))["status"] == "ok"
        url = f"{client.gateway_url}?v=10&encoding=json"

        async with aiohttp.ClientSession() as http, http.ws_connect(url) as ws:
            await ws.receive()
            assert await stopped(running, by) == 0

        assert running.stderr is not None
        assert (await running.stderr.read()).decode() == ""


async def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "deep" / "state.json")
    async with process("--state", state, "--seed", "demo") as (running, client):
        seed = await client.seed()
        member = await client.person("member")
        said = await member.says(seed["channel_id"], "Remember me.")
        assert await stopped(running) == 0

    async with process("--state", state, "--seed", "demo") as (_, client):
        member = await client.person("member")
        assert said.id in [one.id for one in await member.sees(seed["channel_id"])]


async def test_a_killed_one_has_saved_shortly_before(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    async with process("--state", str(state)) as (running, client):
        user = await client.create_user("pip")
        guild = await client.found("Harbour", user)
        await user.says(guild, "Saved in time.")
        await eventually(lambda: b"Saved in time." in state.read_bytes())
        running.kill()
        await running.wait()

    async with process("--state", str(state)) as (_, client):
        assert (await client.guild("Harbour")).id == guild.id


async def test_changes_that_no_request_made_are_saved_too(tmp_path: Path) -> None:
    world, state = World(), tmp_path / "state.json"
    guild = world.create_guild("Harbour", world.create_user("owner"))
    async with kept(world, state):
        world.add_member(guild, world.create_user("drifted_in"))

        await eventually(lambda: b"drifted_in" in state.read_bytes())


async def test_a_deleted_state_gives_the_same_guild_again(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    seeds = list[object]()
    for _ in range(2):
        async with process("--state", str(state), "--seed", "demo") as (running, client):
            seeds.append(await client.seed())
            await stopped(running)
        state.unlink()

    assert seeds[0] == seeds[1]


async def test_a_port_that_is_taken_is_one_plain_sentence(sandbox: Sandbox) -> None:
    port = sandbox.url.rpartition(":")[2]
    command = (sys.executable, "-m", "sandbox", "--port", port)
    refused = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=ROOT)

    _, said = await asyncio.wait_for(refused.communicate(), 60)

    assert refused.returncode == 1
    assert said.decode().startswith(f"The sandbox cannot listen on 127.0.0.1:{port}")
    assert said.decode().count("\n") == 1


@pytest.mark.parametrize("prefix", ["/api/v10", "/api/v9", "/api"])
async def test_every_version_of_the_api_answers(sandbox: Sandbox, prefix: str) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{sandbox.url}{prefix}/gateway") as answer,
    ):
        assert answer.status == 200
        assert await answer.json() == {"url": sandbox.gateway_url}


@pytest.mark.parametrize("path", ["/api/v10/nowhere", "/api/v10/guilds/1/nowhere"])
async def test_an_unknown_address_is_answered_as_discord_does(sandbox: Sandbox, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(sandbox.url + path) as answer:
        assert answer.status == 404
        assert await answer.json() == {"message": "404: Not Found", "code": 0}


async def test_attachments_are_served_but_never_run_as_a_page(sandbox: Sandbox) -> None:
    owner = await sandbox.create_user("owner")
    guild = await sandbox.found("Harbour", owner)
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "a page"}')
    form.add_field(
        "files[0]", b"<script>alert(1)</script>", filename="x.html", content_type="text/html"
    )
    url = f"{sandbox.api_url}/channels/{guild.channel_id}/messages"
    async with aiohttp.ClientSession() as http:
        async with http.post(url, data=form, headers={"Authorization": owner.token}) as answer:
            (attachment,) = (await answer.json())["attachments"]
        async with http.get(attachment["url"]) as answer:
            assert await answer.text() == "<script>alert(1)</script>"
            assert answer.headers["Content-Security-Policy"] == "sandbox"
        async with http.get(f"{sandbox.url}/cdn/attachments/1/2/none.txt") as answer:
            assert answer.status == 404
