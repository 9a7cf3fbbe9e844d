"""Asking the gateway, over a real broker, and what its answers mean to the one who asks."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared import bus as buses
from shared.bus import Bus
from shared.contracts.actions import ActionResult, Ban, Unban
from shared.contracts.discord import GuildSnapshot, Member, Role
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.errors import ForbiddenError, NotFoundError, UnavailableError
from shared.gateway import Gateway
from tests.support.gateway import GatewayEnd, gateway_end
from tests.support.invoking import GUILD, RAIDER_ID

SNAPSHOT = GuildSnapshot(id=GUILD, name="Harbour", roles=(Role(id=RoleId(GUILD)),))
BAN = Ban(guild_id=GUILD, user_id=RAIDER_ID)


@pytest.fixture
async def bus(amqp_url: str) -> AsyncIterator[Bus]:
    async with buses.connect(amqp_url, name="client") as bus:
        yield bus


@pytest.fixture
async def end(bus: Bus) -> AsyncIterator[GatewayEnd]:
    async with gateway_end(bus, SNAPSHOT) as end:
        yield end


async def test_an_action_is_done_with_its_key_and_reason(bus: Bus, end: GatewayEnd) -> None:
    result = await Gateway(bus).do(BAN, key="7:ban", reason="spam, by mod")

    assert result.status == "done"
    (request,) = end.requests
    assert (request.action, request.key, request.reason) == (BAN, "7:ban", "spam, by mod")


async def test_a_reason_fits_into_the_audit_log(bus: Bus, end: GatewayEnd) -> None:
    await Gateway(bus).do(BAN, key="7:ban", reason="x" * 600)

    assert len(end.requests[0].reason) == 512


async def test_what_discord_refuses_is_forbidden_in_its_words(bus: Bus, end: GatewayEnd) -> None:
    end.refusals["ban"] = ActionResult(status="refused", code=50013, message="I may not ban here.")

    with pytest.raises(ForbiddenError, match="I may not ban here"):
        await Gateway(bus).do(BAN, key="7:ban")


async def test_what_may_work_later_is_unavailable(bus: Bus, end: GatewayEnd) -> None:
    end.refusals["ban"] = ActionResult(status="retry", message="Discord is away.")

    with pytest.raises(UnavailableError, match="Discord is away"):
        await Gateway(bus).do(BAN, key="7:ban")


async def test_what_is_gone_is_for_the_caller_to_judge(bus: Bus, end: GatewayEnd) -> None:
    end.refusals["unban"] = ActionResult(status="gone", code=10026)

    result = await Gateway(bus).do(Unban(guild_id=GUILD, user_id=RAIDER_ID), key="7:unban")

    assert (result.status, result.code) == ("gone", 10026)


@pytest.mark.usefixtures("end")
async def test_guilds_and_members_are_what_the_gateway_knows(bus: Bus, end: GatewayEnd) -> None:
    gateway = Gateway(bus)
    end.members[RAIDER_ID] = Member(nick="Raider", roles=(RoleId(5),))

    assert await gateway.guild(GUILD) == SNAPSHOT
    assert await gateway.member(GUILD, RAIDER_ID) == end.members[RAIDER_ID]
    assert await gateway.member(GUILD, UserId(1)) is None
    with pytest.raises(NotFoundError, match="not in that server"):
        await gateway.guild(GuildId(1))


async def test_without_a_gateway_asking_fails_at_once(bus: Bus) -> None:
    with pytest.raises(UnavailableError):
        await Gateway(bus).do(BAN, key="7:ban", timeout=timedelta(seconds=30))


async def test_sending_does_not_wait_for_what_comes_of_it(bus: Bus, end: GatewayEnd) -> None:
    end.refusals["ban"] = ActionResult(status="refused")

    await Gateway(bus).send(BAN, key="7:ban")

    assert (await end.heard("7:ban")).action == BAN
