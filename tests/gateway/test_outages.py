"""Outages: what goes on while Postgres, the broker or Discord is away, and what comes back."""

from __future__ import annotations

from shared.contracts.actions import Ban
from shared.contracts.ids import GuildId, UserId
from tests.gateway.rig import Rig, rows
from tests.gateway.test_actions import do
from tests.gateway.toys import Toy, serve_toy
from tests.support.proxy import proxied
from tests.support.waiting import eventually


async def test_events_and_answers_go_on_while_postgres_is_away(rig: Rig, database_url: str) -> None:
    await serve_toy(rig.bus, Toy())
    async with proxied(database_url) as postgres, rig.gateway(DATABASE_URL=postgres.url):
        await rig.knows("ahoy")
        await postgres.shut()

        for number in range(2):
            asked = await rig.member.says(rig.guild, f"!ahoy {number}")
            assert (await rig.answer_to(asked)).content == f"Ahoy {number}"
        await eventually(lambda: len(rig.events.contents()) == 4)

        await postgres.open()
        newest = int(rig.events.deliveries[-1].message_id.rpartition(":")[2])

        async def saved() -> bool:
            found = await rows(database_url, "SELECT seq FROM sessions")
            return bool(found) and found[0]["seq"] >= newest

        await eventually(saved)

        async def stored() -> bool:
            return len(await rows(database_url, "SELECT key FROM action_results")) == 2

        await eventually(stored)


async def test_an_action_waits_for_postgres(rig: Rig, database_url: str) -> None:
    action = Ban(guild_id=GuildId(rig.guild.id), user_id=UserId(rig.member.id))
    async with proxied(database_url) as postgres, rig.gateway(DATABASE_URL=postgres.url):
        await postgres.shut()
        banning = rig.start(do(rig, action, key="b"))
        await rig.member.says(rig.guild, "still here")
        await eventually(lambda: rig.events.contents() == ["still here"])
        await postgres.open()

        assert (await banning).status == "done"


async def test_an_action_that_was_asked_while_the_gateway_was_away_is_done(rig: Rig) -> None:
    action = Ban(guild_id=GuildId(rig.guild.id), user_id=UserId(rig.member.id))
    async with rig.gateway():
        pass
    banning = rig.start(do(rig, action, key="b"))

    async with rig.gateway():
        assert (await banning).status == "done"


async def test_a_gateway_starts_while_discord_is_away(rig: Rig) -> None:
    await rig.sandbox.fault(route="/gateway/bot", status=503)
    async with rig.starting() as gateway:

        async def has_asked() -> int:
            return len(await rig.sandbox.requests(route="/gateway/bot"))

        await eventually(has_asked)
        assert await gateway.ready() is False
        await rig.sandbox.heal()
        await eventually(gateway.ready)


async def test_a_command_given_while_the_broker_is_away_is_carried_out_later(
    rig: Rig, amqp_url: str
) -> None:
    await serve_toy(rig.bus, Toy())
    async with proxied(amqp_url) as broker, rig.gateway(AMQP_URL=broker.url):
        await rig.knows("ahoy")
        await broker.shut()
        asked = await rig.member.says(rig.guild, "!ahoy")
        await broker.open()

        assert (await rig.answer_to(asked)).content == "Ahoy"
