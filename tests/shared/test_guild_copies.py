"""Copies of guilds: one question until the guild changes, and never an answer that is not right."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from msgspec import structs

from shared.bus import Bus, Delivery, connect
from shared.contracts.actions import GetGuild
from shared.contracts.codec import encode
from shared.contracts.discord import GuildSnapshot, Role
from shared.contracts.domain import GuildChanged
from shared.contracts.ids import GuildId, RoleId
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.errors import NotFoundError
from shared.gateway import Gateway
from shared.guilds import GuildCopies
from tests.support.gateway import GatewayEnd, gateway_end
from tests.support.invoking import GUILD
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

BEFORE = GuildSnapshot(id=GUILD, name="Harbour", roles=(Role(id=RoleId(GUILD)),), version=5)
PATIENT = timedelta(seconds=20)
AFTER = structs.replace(BEFORE, roles=(Role(id=RoleId(GUILD), permissions=8),), version=6)


@pytest.fixture
async def end(bus: Bus) -> AsyncGenerator[GatewayEnd]:
    async with gateway_end(bus, BEFORE) as end:
        yield end


@asynccontextmanager
async def service(bus: Bus) -> AsyncGenerator[tuple[Gateway, GuildCopies]]:
    """Give a service's process, once it hears of changes."""
    copies = GuildCopies()
    async with Gateway.open(bus, copies) as gateway:
        await eventually(lambda: copies.hears, within=20)
        yield gateway, copies


async def announce(bus: Bus, version: int, guild_id: GuildId = GUILD) -> None:
    changed = GuildChanged(guild_id=guild_id, version=version)
    await bus.publish(
        FLOTILLA_EVENTS, changed.KEY, changed, message_id=f"changed:{version}", type=changed.KEY
    )


def told(version: int, guild_id: GuildId = GUILD) -> Delivery:
    body = encode(GuildChanged(guild_id=guild_id, version=version))
    return Delivery(
        body, "", "guild.changed", "", guild_id, "", {}, None, redelivered=False, attempt=0
    )


async def test_a_guild_is_asked_for_once_until_it_changes(bus: Bus, end: GatewayEnd) -> None:
    async with service(bus) as (gateway, copies):
        assert [await gateway.guild(GUILD) for _ in range(3)] == [BEFORE] * 3
        assert len(end.requests) == 1

        end.guilds[GUILD] = AFTER
        await announce(bus, 6)
        await eventually(lambda: not copies, within=20)

        assert await gateway.guild(GUILD) == AFTER
        assert await gateway.guild(GUILD) == AFTER
        assert len(end.requests) == 2


async def test_every_process_of_a_service_hears_of_a_change(
    bus: Bus, amqp_url: str, end: GatewayEnd
) -> None:
    async with AsyncExitStack() as stack:
        services: list[tuple[Gateway, GuildCopies]] = []
        for _ in range(2):
            own = await stack.enter_async_context(connect(amqp_url, name="harbour"))
            services.append(await stack.enter_async_context(service(own)))
        for gateway, copies in services:
            await gateway.guild(GUILD)
            assert len(copies) == 1

        end.guilds[GUILD] = AFTER
        await announce(bus, 6)

        for gateway, copies in services:
            await eventually(lambda kept=copies: not kept, within=20)
            assert await gateway.guild(GUILD) == AFTER


async def test_nothing_is_kept_over_a_loss_of_the_broker(
    broker: Proxy, bus: Bus, end: GatewayEnd
) -> None:
    async with connect(broker.url, name="shaky") as shaky, service(shaky) as (gateway, copies):
        await gateway.guild(GUILD)
        await broker.shut()
        await eventually(lambda: not copies.hears, within=20)
        end.guilds[GUILD] = AFTER
        await announce(bus, 6)  # unheard
        await broker.open()
        await eventually(lambda: copies.hears, within=20)

        assert await gateway.guild(GUILD, timeout=PATIENT) == AFTER


async def test_who_asked_after_a_change_gets_no_copy_from_before_it(
    bus: Bus, end: GatewayEnd
) -> None:
    async with service(bus) as (gateway, _):
        await gateway.guild(GUILD)
        end.guilds[GUILD] = AFTER

        assert await gateway.guild(GUILD, version=5) == BEFORE
        assert await gateway.guild(GUILD, version=6) == AFTER
        assert end.requests[-1].action == GetGuild(guild_id=GUILD, version=6)


async def test_a_guild_that_the_bot_has_left_is_not_remembered(bus: Bus, end: GatewayEnd) -> None:
    async with service(bus) as (gateway, copies):
        await gateway.guild(GUILD)
        del end.guilds[GUILD]
        await announce(bus, 7)
        await eventually(lambda: not copies, within=20)

        with pytest.raises(NotFoundError):
            await gateway.guild(GUILD)


async def test_without_hearing_of_changes_every_question_is_asked(
    bus: Bus, end: GatewayEnd
) -> None:
    gateway = Gateway(bus)
    for _ in range(2):
        await gateway.guild(GUILD)
    assert len(end.requests) == 2


def test_an_answer_that_a_change_has_overtaken_is_not_kept() -> None:
    copies = GuildCopies()
    copies.begin()
    asked = copies.ask(GUILD)
    copies.hear(told(6))

    copies.keep(BEFORE, 100, asked)
    assert copies.get(GUILD) is None
    assert copies.ask(GUILD).version == 6
    copies.keep(AFTER, 100, asked)
    assert copies.get(GUILD) == AFTER
    copies.hear(told(6))
    assert copies.get(GUILD) == AFTER


def test_an_answer_from_before_a_loss_of_the_broker_is_not_kept() -> None:
    copies = GuildCopies()
    copies.begin()
    asked = copies.ask(GUILD)
    copies.end()
    copies.begin()

    copies.keep(BEFORE, 100, asked)
    assert copies.get(GUILD) is None


def test_a_copy_without_a_version_is_not_kept() -> None:
    copies = GuildCopies()
    copies.begin()
    copies.keep(structs.replace(BEFORE, version=0), 100, copies.ask(GUILD))
    assert copies.get(GUILD) is None


def test_no_copy_is_kept_for_longer_than_said() -> None:
    copies = GuildCopies(longest=0)
    copies.begin()
    copies.keep(BEFORE, 100, copies.ask(GUILD))
    assert copies.get(GUILD) is None
    copies.hear(told(6))
    assert copies.ask(GUILD).version == 0


def test_what_was_used_longest_ago_makes_room() -> None:
    copies = GuildCopies(room=250)
    copies.begin()
    for number in (1, 2):
        copies.keep(GuildSnapshot(id=GuildId(number), version=1), 100, copies.ask(GuildId(number)))
    assert copies.get(GuildId(1)) is not None
    copies.keep(GuildSnapshot(id=GuildId(3), version=1), 100, copies.ask(GuildId(3)))
    copies.keep(GuildSnapshot(id=GuildId(4), version=1), 300, copies.ask(GuildId(4)))

    assert [copies.get(GuildId(number)) is not None for number in (1, 2, 3, 4)] == [
        True,
        False,
        True,
        False,
    ]
