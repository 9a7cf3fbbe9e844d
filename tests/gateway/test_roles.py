"""Shards and executor apart, as two processes: to people it makes no difference."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from shared.contracts.actions import GetGuild
from shared.contracts.codec import decode
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId
from tests.gateway.rig import DEFERRALS, Rig, Running
from tests.gateway.test_actions import do
from tests.gateway.toys import Toy, serve_toy
from tests.support.ports import free_port
from tests.support.waiting import eventually


@asynccontextmanager
async def apart(rig: Rig, **changes: str) -> AsyncGenerator[tuple[Running, Running]]:
    async with (
        rig.gateway(ROLE="shards", **changes) as shards,
        rig.starting(ROLE="actions", HTTP_PORT=str(free_port()), **changes) as actions,
    ):
        await eventually(actions.ready)
        yield shards, actions


async def test_commands_are_answered(rig: Rig) -> None:
    await serve_toy(rig.bus, Toy())
    async with apart(rig):
        await rig.registered("ahoy")
        assert (await rig.member.runs("/ahoy there", rig.guild)).content == "Ahoy there"
        asked = await rig.member.says(rig.guild, "!ahoy")
        assert (await rig.answer_to(asked)).content == "Ahoy"


async def test_one_process_defers_and_the_other_fills_the_answer_in(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with apart(rig, DEFER_AFTER="200ms"):
        await rig.registered("whisper")
        toy.go_on.clear()
        running = rig.start(rig.member.runs("/whisper", rig.guild))
        await eventually(rig.deferrals)
        toy.go_on.set()

        assert (await running).content == "Psst"


async def test_what_one_process_has_answered_the_other_does_not_defer(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with apart(rig, DEFER_AFTER="2s") as (shards, _):
        await rig.registered("whisper")
        assert (await rig.member.runs("/ahoy", rig.guild)).content == "Ahoy"
        toy.go_on.clear()
        running = rig.start(rig.member.runs("/whisper", rig.guild))
        await eventually(lambda: len(toy.seen) == 2, within=20)
        await eventually(lambda: is_deferred(rig, toy.seen[1].id), within=20)
        toy.go_on.set()
        await running

        # the timer of the first went off before that of the second
        assert await rig.deferrals() == 1
        assert await shards.api.metric("gateway_deferred_total") == 1


async def test_the_executor_knows_guilds_from_what_the_shards_store(rig: Rig) -> None:
    async with apart(rig):

        async def known() -> bool:
            result = await do(rig, GetGuild(guild_id=GuildId(rig.guild.id)))
            return result.status == "done" and decode(result.data, GuildSnapshot).name == "Harbour"

        await eventually(known)


async def is_deferred(rig: Rig, interaction_id: str) -> bool:
    """Say whether an interaction has been deferred."""
    requests = await rig.sandbox.requests(method="POST", route="/interactions/")
    its = [each for each in requests if interaction_id in each["path"]]
    bodies = [cast("dict[str, int]", each["body"]) for each in its]
    return any(body["type"] in DEFERRALS for body in bodies)
