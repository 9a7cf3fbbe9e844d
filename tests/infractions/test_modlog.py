"""The mod log: one message per infraction, which stays as the record is."""

import asyncio

import pytest

from services.infractions import actions, queries
from services.infractions.actions import modlog as writing_the_log
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import Kind, Person
from shared.contracts.actions import ActionRequest, ActionResult, Message
from shared.contracts.codec import decode
from shared.contracts.domain import InfractionChanged
from shared.contracts.ids import ChannelId, UserId
from shared.errors import Retry
from shared.postgres import transaction
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene, shown
from tests.support.answering_gateway import FORBIDDEN, Do
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_CHANNEL = ActionResult(status="gone", code=10003, message="That channel no longer exists.")
ANNE = Person(UserId(5), "*Anne*")


async def has_log(scene: Scene) -> ChannelId:
    """Give a guild a mod log, and return its channel."""
    channel = ChannelId(new_id())
    await scene.configures(modlog_channel=channel)
    return channel


def entries(scene: Scene, channel: ChannelId) -> list[Message]:
    return [
        scene.gateway.channels[channel][each] for each in sorted(scene.gateway.channels[channel])
    ]


async def until_it_reads(scene: Scene, channel: ChannelId, *texts: str) -> list[Message]:
    """Wait until each entry of a log holds its text, and there is none beside them."""

    async def reads() -> list[Message]:
        found = entries(scene, channel)
        assert len(found) == len(texts), [shown(each) for each in found]
        for message, text in zip(found, texts, strict=True):
            assert text in shown(message), shown(message)
        return found

    return await eventually(reads)


async def in_step(scene: Scene) -> None:
    """Wait until the log shows everything as it is."""

    async def nothing_left() -> None:
        response = await scene.rig.http.get(f"/guilds/{scene.id}/modlog", headers=scene.headers())
        assert response.json()["waiting"] == 0

    await eventually(nothing_left)


async def changes(scene: Scene, deps: Deps, change: str, detail: str = "") -> None:
    """Have somebody change infraction #1."""
    infraction = await queries.get(deps.db, scene.id, 1)
    assert infraction is not None
    async with transaction(deps.db) as tx:
        await note(tx, infraction, ANNE, change, detail)


async def test_an_infraction_is_one_message_that_changes_with_it(
    scene: Scene, elsewhere: Deps
) -> None:
    channel = await has_log(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h *flood*")
    [message] = await until_it_reads(scene, channel, "active")

    embed = message.embeds[0]
    fields = {field.name: field.value for field in embed.fields}
    assert embed.title == "#1: temporary ban"
    assert embed.description == "\\*flood\\*"
    assert fields["Member"] == f"**raider** (<@{scene.raider}>)"
    assert fields["Moderator"] == "moderator"
    assert fields["Expires"].startswith("<t:")
    assert message.content == ""
    assert message.allowed_mentions.parse == ()

    await changes(scene, elsewhere, "reason", "*old* -> new")
    [message] = await until_it_reads(scene, channel, "Reason changed")
    assert "\\*Anne\\*: \\*old\\* -> new" in shown(message)

    await scene.time_is_up(1)
    [message] = await until_it_reads(scene, channel, "expired")
    assert "by Flotilla: time is up" in shown(message)


async def test_several_changes_in_a_row_are_one_edit(scene: Scene, elsewhere: Deps) -> None:
    channel = await has_log(scene)
    await scene.types(f"warn <@{scene.raider}> flood")
    await in_step(scene)
    asked = len(asked_in(scene, channel))

    async with transaction(elsewhere.db) as tx:
        infraction = await queries.lock(tx, scene.id, 1)
        assert infraction is not None
        for detail in ("a", "b", "c"):
            await note(tx, infraction, ANNE, "reason", detail)

    await until_it_reads(scene, channel, "Anne\\*: c")
    await in_step(scene)
    assert len(asked_in(scene, channel)) == asked + 1


def asked_in(scene: Scene, channel: ChannelId) -> list[ActionRequest]:
    return [
        request
        for request in scene.gateway.requests
        if getattr(request.action, "channel_id", 0) == channel
    ]


async def test_evidence_and_what_the_member_was_told_are_shown(
    scene: Scene, elsewhere: Deps
) -> None:
    channel = await has_log(scene)
    await scene.configures(modlog_channel=channel, notify_user=True)
    stranger = scene.exists("stranger")
    await scene.types(f"ban {stranger} flood")

    await changes(scene, elsewhere, "evidence", "a file")
    await changes(scene, elsewhere, "evidence", "another one")

    [message] = await until_it_reads(scene, channel, "Evidence: 2")
    assert "Member told: no: They are not in the server." in shown(message)


async def test_a_guild_without_a_log_leaves_nothing_to_do(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> flood")

    assert not await scene.timers("write_log")
    sql = "SELECT count(*) FROM modlog WHERE guild_id = $1"
    assert await scene.rig.db.fetchval(sql, scene.id) == 0


async def test_many_at_once_stand_in_the_order_of_their_numbers(
    scene: Scene, elsewhere: Deps
) -> None:
    channel = await has_log(scene)
    people = [scene.joins(f"raider {n}") for n in range(20)]

    await asyncio.gather(*(scene.types(f"warn <@{who}> raid") for who in people))
    await in_step(scene)

    titles = [str(each.embeds[0].title) for each in entries(scene, channel)]
    assert titles == [f"#{n}: warning" for n in range(1, 21)]
    assert len(asked_in(scene, channel)) == 20


async def test_a_message_that_staff_deleted_is_posted_anew_at_the_next_change(
    scene: Scene, elsewhere: Deps
) -> None:
    channel = await has_log(scene)
    await scene.types(f"warn <@{scene.raider}> flood")
    await in_step(scene)
    scene.gateway.channels[channel].clear()

    await changes(scene, elsewhere, "pardoned")

    await until_it_reads(scene, channel, "Pardoned")


async def test_another_channel_takes_what_is_new_and_leaves_what_is_old(
    scene: Scene, elsewhere: Deps
) -> None:
    before = await has_log(scene)
    await scene.types(f"warn <@{scene.raider}> flood")
    await in_step(scene)

    after = await has_log(scene)
    await scene.types(f"warn <@{scene.raider}> again")
    await changes(scene, elsewhere, "pardoned")

    await until_it_reads(scene, after, "again")
    await until_it_reads(scene, before, "Pardoned")


async def test_a_log_that_is_switched_off_is_not_caught_up_with(scene: Scene) -> None:
    channel = await has_log(scene)
    scene.gateway.answers(channel, "send_message", FORBIDDEN)
    await scene.types(f"warn <@{scene.raider}> flood")
    await until_it_fails(scene)

    await scene.configures()
    await hurry(scene)
    await in_step(scene)

    assert not entries(scene, channel)


async def until_it_fails(scene: Scene) -> dict[str, object]:
    async def failed() -> dict[str, object]:
        response = await scene.rig.http.get(f"/guilds/{scene.id}/modlog", headers=scene.headers())
        assert response.json()["failure"]
        return response.json()

    return await eventually(failed)


async def hurry(scene: Scene) -> None:
    """Let the time pass for which a log that failed is left alone."""
    await scene.rig.db.execute(
        "UPDATE modlog_failures SET again_at = now() WHERE guild_id = $1", scene.id
    )
    for timer in await scene.timers("write_log"):
        await scene.rig.db.execute("UPDATE timer SET due = now() WHERE id = $1", timer["id"])
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")


@pytest.mark.parametrize("answer", [FORBIDDEN, NO_CHANNEL], ids=["no permission", "no channel"])
async def test_a_log_that_cannot_be_written_stops_no_measure_and_is_caught_up_with(
    scene: Scene, answer: ActionResult
) -> None:
    channel = await has_log(scene)
    scene.gateway.answers(channel, "send_message", answer)

    await scene.types(f"ban <@{scene.raider}> flood")
    state = await until_it_fails(scene)

    assert scene.banned()
    assert (state["failure"], state["waiting"]) == (answer.message, 1)
    metrics = (await scene.rig.http.get("/metrics")).text
    assert "infractions_modlog_refusals_total" in metrics

    # whoever gave the permission back sees all of it
    await scene.types(f"warn <@{scene.moderator}> too", by=scene.owner)
    await hurry(scene)
    await in_step(scene)
    assert {str(each.embeds[0].title) for each in entries(scene, channel)} == {
        "#1: ban",
        "#2: warning",
    }
    response = await scene.rig.http.get(f"/guilds/{scene.id}/modlog", headers=scene.headers())
    assert response.json()["failure"] is None


async def test_what_could_not_be_logged_for_a_day_is_given_up(
    scene: Scene, elsewhere: Deps
) -> None:
    channel = await has_log(scene)
    scene.gateway.answers(channel, "send_message", FORBIDDEN, FORBIDDEN)
    await scene.types(f"warn <@{scene.raider}> flood")
    await until_it_fails(scene)

    await scene.rig.db.execute(
        "UPDATE modlog SET waiting_since = now() - interval '25 h' WHERE guild_id = $1", scene.id
    )
    await hurry(scene)

    await eventually(lambda: is_given_up(scene))
    assert not entries(scene, channel)


async def is_given_up(scene: Scene) -> bool:
    sql = "SELECT shown = wanted FROM modlog WHERE guild_id = $1"
    return bool(await scene.rig.db.fetchval(sql, scene.id))


async def test_a_post_that_a_crash_cut_off_is_not_repeated_and_shows_the_newest(
    scene: Scene, elsewhere: Deps
) -> None:
    channel = await has_log(scene)
    await eventually(lambda: elsewhere.config.get(scene.id).plugins.infractions.modlog_channel)
    held = scene.gateway.holds(channel, "send_message", done=True)
    await actions.order(elsewhere, scene.order(Kind.WARNING))
    writing = asyncio.create_task(writing_the_log.write_log(elsewhere, scene.id))
    await held.arrived()
    writing.cancel()

    await changes(scene, elsewhere, "evidence", "a file")
    held.go_on()

    await until_it_reads(scene, channel, "Evidence: 1")


async def test_only_one_writes_a_guilds_log_at_a_time(scene: Scene, elsewhere: Deps) -> None:
    channel = await has_log(scene)
    held = scene.gateway.holds(channel, "send_message")
    await scene.types(f"warn <@{scene.raider}> flood")
    await held.arrived()

    with pytest.raises(Retry):
        await writing_the_log.write_log(elsewhere, scene.id)

    held.go_on()
    await until_it_reads(scene, channel, "flood")


async def test_while_discord_is_away_the_log_waits(scene: Scene) -> None:
    channel = await has_log(scene)
    heard = asyncio.Event()

    async def away(_request: ActionRequest, _do: Do) -> ActionResult:
        heard.set()
        return ActionResult(status="retry", message="Discord does not answer.")

    scene.gateway.on(channel, "send_message", away)
    await scene.types(f"warn <@{scene.raider}> flood")
    await eventually(heard.is_set)

    await until_it_reads(scene, channel, "flood")


async def test_what_was_imported_is_no_news(scene: Scene, elsewhere: Deps) -> None:
    await has_log(scene)
    await scene.types(f"warn <@{scene.raider}> flood")
    await in_step(scene)

    await changes(scene, elsewhere, "imported", "from elsewhere")

    sql = "SELECT wanted FROM modlog WHERE guild_id = $1"
    assert await scene.rig.db.fetchval(sql, scene.id) == 1


@pytest.mark.parametrize(
    ("change", "announced"),
    [
        *((change, True) for change in ("reason", "duration", "hidden", "restored", "pardoned")),
        *((change, True) for change in ("evidence", "erased", "failed", "not lifted")),
        *((change, False) for change in ("told", "active", "expired", "renewed", "imported")),
    ],
)
async def test_other_services_hear_of_changes_of_the_record(
    scene: Scene, elsewhere: Deps, change: str, announced: bool
) -> None:
    await actions.order(elsewhere, scene.order(Kind.WARNING))
    infraction = await queries.get(elsewhere.db, scene.id, 1)
    assert infraction is not None

    async with elsewhere.db.acquire() as tx:
        cut_off = tx.transaction()
        await cut_off.start()
        await note(tx, infraction, ANNE, change, "")
        sql = "SELECT body FROM outbox WHERE guild_id = $1 AND routing_key = 'infraction.changed'"
        bodies = [decode(row["body"], InfractionChanged) for row in await tx.fetch(sql, scene.id)]
        await cut_off.rollback()

    assert [(each.change, each.actor_id, each.version) for each in bodies] == (
        [(change, ANNE.id, 2)] if announced else []
    )
