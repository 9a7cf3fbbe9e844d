"""Webhooks: signed, delivered until they arrive, and switched off when nobody is there."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.infractions import actions, queries
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.hooks import MOST_TRIES, MOST_WEBHOOKS
from services.infractions.model import FLOTILLA
from shared.errors import Retry
from shared.http import new_key
from shared.http.posting import PLACES
from shared.postgres import transaction
from tests.infractions.receiver import Received, Receiver, listening
from tests.infractions.rig import Json
from tests.infractions.scene import Scene
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncGenerator[Receiver]:
    """Give a receiver of the test's own."""
    async with listening() as receiver:
        yield receiver


async def call(
    scene: Scene,
    method: str,
    path: str = "",
    body: Json = None,
    *,
    token: str | None = None,
    query: dict[str, Any] | None = None,  # as httpx takes it
) -> httpx.Response:
    """Ask for something about the webhooks of a guild, as an operator if unsaid."""
    url = f"/guilds/{scene.id}/webhooks{path}"
    return await scene.rig.http.request(
        method, url, json=body, headers=scene.headers(token), params=query
    )


async def ok(scene: Scene, method: str, path: str = "", body: Json = None, **query: object) -> Json:
    response = await call(scene, method, path, body, query=query)
    assert response.is_success, response.text
    return response.json() if response.content else None


async def adds(scene: Scene, receiver: Receiver, *events: str) -> Json:
    """Add a webhook that leads to a receiver."""
    new = {"name": "a receiver", "url": receiver.url, "events": list(events)}
    return await ok(scene, "POST", "", new)


async def arrives(receiver: Receiver, count: int) -> list[Received]:
    """Wait until so much has arrived, and return it."""

    async def arrived() -> list[Received]:
        assert len(receiver.received) >= count
        return receiver.received

    return await eventually(arrived)


async def deliveries(scene: Scene, hook: Json, **query: object) -> list[Json]:
    return (await ok(scene, "GET", f"/{hook['id']}/deliveries", **query))["items"]


async def settles(scene: Scene, hook: Json, **expected: object) -> Json:
    """Wait until the newest delivery is so."""

    async def so() -> Json:
        newest = (await deliveries(scene, hook))[0]
        assert {name: newest[name] for name in expected} == expected
        return newest

    return await eventually(so)


async def hurry(scene: Scene) -> None:
    """Let the time pass until the next try."""
    for sql in (
        "UPDATE webhooks SET paused_until = now() WHERE guild_id = $1",
        "UPDATE deliveries SET next_at = now() WHERE guild_id = $1",
    ):
        await scene.rig.db.execute(sql, scene.id)
    for timer in await scene.timers("deliver"):
        await scene.rig.db.execute("UPDATE timer SET due = now() WHERE id = $1", timer["id"])
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")


async def test_a_webhook_hears_of_an_infraction_as_the_api_shows_it(
    scene: Scene, receiver: Receiver
) -> None:
    hook = await adds(scene, receiver)

    await scene.types(f"tempban <@{scene.raider}> 1h flood 🚢")

    [one] = await arrives(receiver, 1)
    assert one.path == "/hook?of=harbour"
    assert one.headers["content-type"] == "application/json"
    assert one.is_signed_with(hook["secret"])
    assert one.json["type"] == "infraction.created"
    [shown] = await scene.infractions()
    assert one.json["data"]["infraction"] == shown
    assert one.json["data"]["guild_id"] == str(scene.id)
    assert one.json["data"]["change"] == {
        "change": "active",
        "detail": "done on Discord",
        "actor": None,
    }
    delivery = await settles(scene, hook, state="delivered", status=204, tries=1)
    assert delivery["id"] == one.id
    assert delivery["body"].encode() == one.body


async def test_a_webhook_hears_of_the_whole_life_of_an_infraction_in_its_order(
    scene: Scene, receiver: Receiver, elsewhere: Deps
) -> None:
    await adds(scene, receiver)
    await scene.types(f"tempban <@{scene.raider}> 1h flood")
    await arrives(receiver, 1)

    async with transaction(elsewhere.db) as tx:
        infraction = await queries.lock(tx, scene.id, 1)
        assert infraction is not None
        await note(tx, infraction, FLOTILLA, "reason", "flood -> raid")
        await note(tx, infraction, FLOTILLA, "evidence", "a file")
    await arrives(receiver, 3)
    await scene.time_is_up(1)

    received = await arrives(receiver, 4)
    assert [(each.json["type"], each.json["data"]["change"]["change"]) for each in received] == [
        ("infraction.created", "active"),
        ("infraction.changed", "reason"),
        ("infraction.changed", "evidence"),
        ("infraction.ended", "expired"),
    ]
    ids = [int(each.id) for each in received]
    assert ids == sorted(set(ids))


async def test_a_webhook_hears_only_of_the_events_that_it_asked_for(
    scene: Scene, receiver: Receiver
) -> None:
    await adds(scene, receiver, "infraction.ended")
    await scene.types(f"tempban <@{scene.raider}> 1h flood")

    await scene.time_is_up(1)

    [one] = await arrives(receiver, 1)
    assert one.json["type"] == "infraction.ended"


async def test_what_a_rolled_back_change_would_have_told_is_not_delivered(
    scene: Scene, receiver: Receiver, elsewhere: Deps
) -> None:
    hook = await adds(scene, receiver)
    await scene.types(f"warn <@{scene.raider}> flood")
    await arrives(receiver, 1)

    async with elsewhere.db.acquire() as tx:
        cut_off = tx.transaction()
        await cut_off.start()
        infraction = await queries.lock(tx, scene.id, 1)
        assert infraction is not None
        await note(tx, infraction, FLOTILLA, "pardoned")
        await cut_off.rollback()

    assert len(await deliveries(scene, hook)) == 1


async def test_what_fails_is_delivered_again_under_the_same_id(
    scene: Scene, receiver: Receiver
) -> None:
    hook = await adds(scene, receiver)
    receiver.fails(2, 500, body="<b>out \0of order</b>")
    await scene.types(f"warn <@{scene.raider}> flood")

    failed = await settles(scene, hook, state="waiting", tries=1, status=500)
    assert failed["error"] == "It answered 500: <b>out of order</b>"
    assert failed["next_at"] is not None
    assert (await ok(scene, "GET", f"/{hook['id']}"))["failing_since"] is not None
    await hurry(scene)
    await settles(scene, hook, state="waiting", tries=2)
    await hurry(scene)
    await settles(scene, hook, state="delivered", tries=3, status=204, error=None)

    assert len({each.id for each in receiver.received}) == 1
    assert len({each.body for each in receiver.received}) == 1
    assert all(each.is_signed_with(hook["secret"]) for each in receiver.received)
    mended = await ok(scene, "GET", f"/{hook['id']}")
    assert (mended["failures"], mended["failing_since"]) == (0, None)


async def test_a_redirect_is_a_failure_and_is_not_followed(
    scene: Scene, receiver: Receiver
) -> None:
    hook = await adds(scene, receiver)
    receiver.fails(1, 302, head=f"Location: {receiver.url}&elsewhere=1\r\n", body="")

    await scene.types(f"warn <@{scene.raider}> flood")

    await settles(scene, hook, state="waiting", status=302)
    assert len(receiver.received) == 1


async def test_after_the_last_try_a_delivery_is_dead_and_can_be_redelivered(
    scene: Scene, receiver: Receiver
) -> None:
    hook = await adds(scene, receiver)
    receiver.fails(1)
    await scene.types(f"warn <@{scene.raider}> flood")
    await settles(scene, hook, state="waiting", tries=1)
    receiver.fails(1)
    await scene.rig.db.execute(
        "UPDATE deliveries SET tries = $2 WHERE guild_id = $1", scene.id, MOST_TRIES - 1
    )
    await hurry(scene)

    dead = await settles(scene, hook, state="dead", tries=MOST_TRIES, status=500)
    assert dead["next_at"] is None
    assert [each["id"] for each in await deliveries(scene, hook, state="dead")] == [dead["id"]]

    await ok(scene, "POST", f"/{hook['id']}/deliveries/{dead['id']}/redeliver")
    await hurry(scene)

    await settles(scene, hook, state="delivered", tries=1)
    assert len({each.id for each in receiver.received}) == 1


async def test_a_webhook_that_failed_for_days_is_switched_off_and_says_so(
    scene: Scene, receiver: Receiver
) -> None:
    hook = await adds(scene, receiver)
    receiver.fails(2)
    await scene.types(f"warn <@{scene.raider}> flood")
    await settles(scene, hook, state="waiting", tries=1)
    await scene.rig.db.execute(
        "UPDATE webhooks SET failing_since = now() - interval '73 h' WHERE guild_id = $1", scene.id
    )
    await hurry(scene)

    dead = await settles(scene, hook, state="dead")
    off = await ok(scene, "GET", f"/{hook['id']}")
    assert not off["on"]
    assert "It answered 500: broken" in off["switched_off_why"]
    assert off["switched_off_why"] in dead["error"]

    # nothing is put down for it, until it is switched on again
    await scene.types(f"warn <@{scene.raider}> again")
    assert len(await deliveries(scene, hook)) == 1
    refused = await call(scene, "POST", f"/{hook['id']}/test")
    assert refused.status_code == 409
    on = await ok(scene, "PATCH", f"/{hook['id']}", {"on": True})
    assert (on["on"], on["failures"], on["switched_off_why"]) == (True, 0, "")
    await scene.types(f"warn <@{scene.raider}> a third time")
    await settles(scene, hook, state="delivered")


async def test_who_answers_410_is_left_alone_at_once(scene: Scene, receiver: Receiver) -> None:
    hook = await adds(scene, receiver)
    receiver.fails(1, 410)

    await scene.types(f"warn <@{scene.raider}> flood")

    await settles(scene, hook, state="dead")
    assert not (await ok(scene, "GET", f"/{hook['id']}"))["on"]


async def test_a_test_delivers_a_ping(scene: Scene, receiver: Receiver) -> None:
    hook = await adds(scene, receiver, "infraction.ended")

    delivery = await ok(scene, "POST", f"/{hook['id']}/test")

    [ping] = await arrives(receiver, 1)
    assert ping.id == delivery["id"]
    assert ping.json["type"] == "ping"
    assert ping.json["data"] == {"guild_id": str(scene.id)}
    assert ping.is_signed_with(hook["secret"])


async def test_a_receiver_that_is_not_there_is_named_in_the_delivery(scene: Scene) -> None:
    async with listening() as receiver:
        hook = await adds(scene, receiver)
    await scene.types(f"warn <@{scene.raider}> flood")

    failed = await settles(scene, hook, state="waiting", tries=1, status=None)

    assert failed["error"].startswith("No connection")


async def test_one_webhook_that_fails_keeps_no_other_waiting(scene: Scene) -> None:
    async with listening() as broken, listening() as fine:
        first, second = await adds(scene, broken), await adds(scene, fine)
        broken.fails(100)
        for n in range(5):
            await scene.types(f"warn <@{scene.raider}> {n}")

        await arrives(fine, 5)
        reasons = [each.json["data"]["infraction"]["reason"] for each in fine.received]
        assert reasons == [str(n) for n in range(5)]
        await settles(scene, second, state="delivered")
        waiting = await deliveries(scene, first)
        assert {each["state"] for each in waiting} == {"waiting"}


async def test_a_secret_is_shown_once(scene: Scene, receiver: Receiver) -> None:
    hook = await adds(scene, receiver)

    assert hook["secret"].startswith("whsec_")
    listed = await ok(scene, "GET")
    assert hook["secret"] not in str(listed)
    assert listed["items"] == [{name: hook[name] for name in hook if name != "secret"}]
    assert "secret" not in await ok(scene, "PATCH", f"/{hook['id']}", {"name": "another"})


async def test_a_webhook_is_changed_and_removed(scene: Scene, receiver: Receiver) -> None:
    hook = await adds(scene, receiver)
    changed = await ok(
        scene, "PATCH", f"/{hook['id']}", {"name": "b", "events": ["infraction.ended"], "on": False}
    )
    assert (changed["name"], changed["events"], changed["on"]) == ("b", ["infraction.ended"], False)
    assert (changed["url"], changed["switched_off_why"]) == (receiver.url, "by hand")

    await ok(scene, "DELETE", f"/{hook['id']}")

    assert (await call(scene, "GET", f"/{hook['id']}")).status_code == 404
    assert (await call(scene, "DELETE", f"/{hook['id']}")).status_code == 404
    assert (await ok(scene, "GET"))["items"] == []


async def test_deliveries_come_in_pages(scene: Scene, receiver: Receiver) -> None:
    hook = await adds(scene, receiver)
    for n in range(3):
        await scene.types(f"warn <@{scene.raider}> {n}")

    page = await ok(scene, "GET", f"/{hook['id']}/deliveries", limit=2)
    assert [each["number"] for each in page["items"]] == [3, 2]
    page = await ok(scene, "GET", f"/{hook['id']}/deliveries", limit=2, cursor=page["next"])
    assert [each["number"] for each in page["items"]] == [1]
    assert page["next"] is None


async def test_a_guild_reaches_no_webhook_of_another(scene: Scene, receiver: Receiver) -> None:
    other = scene.another()
    hook = await adds(other, receiver)
    delivery = await ok(other, "POST", f"/{hook['id']}/test")

    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", f"/deliveries/{delivery['id']}/redeliver"),
    ):
        body = {"name": "mine"} if method == "PATCH" else None
        response = await call(scene, method, f"/{hook['id']}{path}", body)
        assert response.status_code == 404, (method, path)
    mine = await adds(scene, receiver)
    path = f"/{mine['id']}/deliveries/{delivery['id']}/redeliver"
    assert (await call(scene, "POST", path)).status_code == 404


@pytest.mark.parametrize("scope", ["infractions:read", "infractions:write", "keys:write"])
async def test_webhooks_are_managed_only_with_their_own_scope(
    scene: Scene, receiver: Receiver, scope: str
) -> None:
    refused, key = new_key("script", (scope,), created_by=5)
    allowed, other = new_key("script", ("webhooks:write",), created_by=5)
    await scene.keys(key, other)

    assert (await call(scene, "GET", token=refused)).status_code == 403
    assert (await call(scene, "POST", body={}, token=refused)).status_code == 403
    assert (await call(scene, "GET", token=allowed)).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "ftp://example.org/",
        "https://user:password@example.org/",
        "https://",
        "https://exa mple.org/",
        "https://[::ffff:10.0.0.1]/",
        "https://example.org:99999/",
    ],
)
async def test_an_address_that_may_not_be_reached_is_refused(scene: Scene, url: str) -> None:
    response = await call(scene, "POST", body={"name": "a", "url": url})

    assert response.status_code == 400
    assert response.json()["code"] == "bad_url"


async def test_a_guild_has_so_many_webhooks_and_no_more(scene: Scene, receiver: Receiver) -> None:
    for _ in range(MOST_WEBHOOKS):
        await adds(scene, receiver)

    response = await call(scene, "POST", body={"name": "a", "url": receiver.url})

    assert response.status_code == 409


async def test_timestamps_are_of_the_try_not_of_the_event(scene: Scene, receiver: Receiver) -> None:
    """As receivers refuse what was signed long ago."""
    await adds(scene, receiver)
    began = int(datetime.now(UTC).timestamp())

    await scene.types(f"warn <@{scene.raider}> flood")

    [one] = await arrives(receiver, 1)
    assert began - 1 <= int(one.headers["webhook-timestamp"])


async def test_a_webhook_that_just_failed_is_left_alone_for_a_while(
    scene: Scene, receiver: Receiver
) -> None:
    hook = await adds(scene, receiver)
    await scene.rig.db.execute(
        "UPDATE webhooks SET paused_until = now() + interval '1 h' WHERE guild_id = $1", scene.id
    )
    await scene.types(f"warn <@{scene.raider}> flood")

    async def put_off() -> None:
        [timer] = await scene.timers("deliver")
        assert timer["error"] == "the webhook failed just now"

    await eventually(put_off)
    assert not receiver.received
    await hurry(scene)
    await settles(scene, hook, state="delivered")


async def test_only_so_many_receivers_are_waited_for_at_once(
    scene: Scene, receiver: Receiver, elsewhere: Deps
) -> None:
    hook = await adds(scene, receiver)

    async with AsyncExitStack() as places:
        for _ in range(PLACES):
            await places.enter_async_context(elsewhere.courier.place())
        with pytest.raises(Retry):
            await actions.deliver(elsewhere, scene.id, int(hook["id"]))


async def test_old_deliveries_are_forgotten(scene: Scene, receiver: Receiver) -> None:
    hook = await adds(scene, receiver)
    await scene.types(f"warn <@{scene.raider}> flood")
    await settles(scene, hook, state="delivered")
    await scene.rig.db.execute(
        "UPDATE deliveries SET created_at = now() - interval '31 d' WHERE guild_id = $1", scene.id
    )

    await scene.types(f"warn <@{scene.raider}> again")
    await settles(scene, hook, state="delivered", number=2)

    async def forgotten() -> None:
        assert [each["number"] for each in await deliveries(scene, hook)] == [2]

    await eventually(forgotten)
