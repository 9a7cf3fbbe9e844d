"""Events: Discord's own bytes, in order, with what a consumer needs to know them by."""

from __future__ import annotations

from tests.gateway.rig import Rig
from tests.support.waiting import eventually


async def test_an_event_arrives_with_its_guild_its_type_and_an_id_of_its_own(rig: Rig) -> None:
    async with rig.gateway():
        await rig.member.says(rig.guild, "ahoy")

        message = (await eventually(lambda: rig.events.of("MESSAGE_CREATE")))[0]

    assert message.guild_id == rig.guild.id
    assert message.routing_key == f"MESSAGE_CREATE.{rig.guild.id}"
    shard, session, seq = message.message_id.split(":")
    assert (shard, int(seq) > 1) == ("0", True)
    assert session
