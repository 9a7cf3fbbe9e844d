"""Rules that act after so many points of warnings in so long, and their dry runs."""

import pytest
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.contracts.config import EscalationRule, InfractionsPlugin
from tests.infractions.rig import Json
from tests.infractions.scene import Scene
from tests.infractions.test_api import token
from tests.support.answering_gateway import BUSY, FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

MUTE = EscalationRule(points=2, within="30d", action="mute", duration="12h")


async def rules(scene: Scene, *wanted: EscalationRule, expiry: str | None = None) -> None:
    """Give the guild rules."""
    await scene.sets(InfractionsPlugin(escalation=wanted, warning_expiry=expiry))


async def warn(scene: Scene, times: int = 1) -> None:
    """Warn the raider."""
    for _ in range(times):
        assert "Warned" in await scene.types(f"warn <@{scene.raider}> spam")


async def noted(scene: Scene, number: int, change: str) -> str:
    """Wait for a step of an infraction's history, and return its detail."""

    async def found() -> str:
        steps = (await scene.infraction(number))["history"]
        return next(step["detail"] for step in steps if step["change"] == change) or "-"

    async def there() -> str:
        try:
            return await found()
        except (StopIteration, RuntimeError):
            raise AssertionError(f"#{number} is not {change} yet") from None

    return await eventually(there, 30)


async def judged(scene: Scene) -> None:
    """Wait until the rules have looked at every warning of the guild."""

    async def all_done() -> bool:
        return not await scene.timers("escalate")

    await eventually(all_done, 30)


async def test_so_many_points_lead_to_a_measure_that_names_its_warnings(scene: Scene) -> None:
    await rules(scene, MUTE)

    await warn(scene, 2)

    mute = await scene.until(3, "active")
    assert (mute["kind"], mute["source"], mute["moderator"]) == ("mute", "rule", None)
    assert mute["reason"] == (
        "Rule “2 points in 1mo: mute for 12h” after warning #2 (2 points by #1, #2)"
    )
    assert scene.done() == ["timeout"]
    assert await noted(scene, 2, "escalated") == "mute #3"


async def test_a_rule_acts_once_for_a_crossing(scene: Scene, elsewhere: Deps) -> None:
    await rules(scene, MUTE)
    await warn(scene, 2)
    await noted(scene, 2, "escalated")

    await actions.escalate(elsewhere, scene.id, 2)
    await warn(scene)
    await judged(scene)

    assert [each["kind"] for each in (await scene.get()).json()["items"]].count("mute") == 1
    steps = [step["change"] for step in (await scene.infraction(2))["history"]]
    assert steps.count("escalated") == 1


async def test_of_two_rules_that_are_set_off_the_one_of_more_points_acts(
    scene: Scene, elsewhere: Deps
) -> None:
    kick = EscalationRule(points=3, action="kick")
    await rules(scene, MUTE, kick)

    what = replace(scene.order(Kind.WARNING), points=3)
    await actions.order(elsewhere, what)

    assert (await scene.until(2, "done"))["kind"] == "kick"
    assert scene.done() == ["kick"]


async def test_a_warning_counts_as_many_points_as_it_was_given(scene: Scene) -> None:
    await rules(scene, EscalationRule(points=4, action="kick"))

    first = await scene.types(f"warn <@{scene.raider}> points:3 3 strikes are enough")
    second = await scene.runs("warn", user=str(scene.raider), reason="more", points=2)

    assert first.startswith("Warned **raider**")
    assert "(3 points). Infraction #1. Reason: 3 strikes are enough" in first
    assert "(2 points). Infraction #2. Reason: more" in second.content
    assert (await scene.until(3, "done"))["kind"] == "kick"
    shown = await scene.types_for("infractions info 1", scene.moderator)
    assert shown.embeds[0].title == "#1: warning (3 points)"


@pytest.mark.parametrize("points", ["0", "101", "-1", "many"])
async def test_a_warning_has_from_1_to_100_points(scene: Scene, points: str) -> None:
    refused = await scene.types(f"warn <@{scene.raider}> points:{points} spam")

    assert "from 1 to 100" in refused or "not a whole number" in refused
    assert await scene.infractions() == []


async def test_pardoned_deleted_and_expired_warnings_do_not_count(scene: Scene) -> None:
    await rules(scene, EscalationRule(points=2, action="kick"))
    await warn(scene)
    await scene.types("infractions pardon 1", scene.owner)
    await warn(scene)
    await judged(scene)
    await scene.types("infractions delete 2", scene.owner)
    await warn(scene)
    await judged(scene)
    await scene.rig.db.execute(
        "UPDATE infractions SET counts_until = now() WHERE guild_id = $1 AND number = 3", scene.id
    )

    await warn(scene)
    await judged(scene)

    assert not scene.done()
    told = await scene.types(f"infractions escalation <@{scene.raider}>")
    assert "would get: **kick**." in told
    assert "Warning #1, 1 point: does not count, pardoned" in told
    assert "Warning #2, 1 point: does not count, deleted" in told
    assert "Warning #3, 1 point: does not count, expired" in told
    assert "Warning #4, 1 point: counts" in told


async def test_a_warning_expires_as_configured_and_stays_in_the_record(scene: Scene) -> None:
    await rules(scene, expiry="90d")
    await warn(scene)
    await scene.rig.db.execute(
        "UPDATE infractions SET counts_until = counts_until - interval '90 d' WHERE guild_id = $1",
        scene.id,
    )

    shown = await scene.types_for(f"infractions search <@{scene.raider}>")

    assert " · expired <t:" in (shown.embeds[0].description or "")


async def test_a_weaker_measure_does_not_take_the_place_of_a_stronger_one(scene: Scene) -> None:
    await rules(scene, EscalationRule(points=1, action="mute", duration="1h"))
    await scene.types(f"ban <@{scene.raider}>")

    await warn(scene)

    said = await noted(scene, 2, "not escalated")
    assert said == "1 point: mute for 1h: ban #1 is in force and not weaker"
    assert scene.done() == ["ban"]


async def test_a_longer_mute_stays_and_a_shorter_one_gives_way(scene: Scene) -> None:
    await rules(scene, EscalationRule(points=1, action="mute", duration="2h"))
    await scene.types(f"mute <@{scene.raider}> 1h")

    await warn(scene)

    await scene.until(3, "active")
    assert await scene.state(1) == "lifted"
    await scene.types(f"mute <@{scene.raider}> 5h")
    await rules(scene, EscalationRule(points=2, action="mute", duration="2h"))
    await warn(scene)
    assert "mute #4 is in force" in await noted(scene, 5, "not escalated")


async def test_a_rule_never_acts_on_somebody_above_the_bot(scene: Scene, elsewhere: Deps) -> None:
    await rules(scene, EscalationRule(points=1, action="ban"))
    admin = scene.joins("admin", "high")

    await actions.order(elsewhere, scene.order(Kind.WARNING, on=admin))

    failed = await scene.until(2, "failed")
    assert "their highest role is not below mine" in failed["failure"]
    assert (failed["kind"], failed["moderator"]) == ("ban", None)
    assert not scene.done()
    assert await noted(scene, 1, "escalated") == "ban #2"


async def test_a_rule_waits_for_a_gateway_that_is_away(scene: Scene) -> None:
    await rules(scene, EscalationRule(points=1, action="kick"))
    scene.gateway.answers(scene.id, "kick", BUSY)

    await warn(scene)
    assert await noted(scene, 1, "escalated") == "kick #2"
    await scene.hurry("finish_pending", 2)

    await scene.until(2, "done")
    assert scene.done() == ["kick"]


async def test_what_discord_refuses_is_recorded_as_failed(scene: Scene) -> None:
    await rules(scene, EscalationRule(points=1, action="kick"))
    scene.gateway.answers(scene.id, "kick", FORBIDDEN)

    await warn(scene)

    failed = await scene.until(2, "failed")
    assert failed["failure"] == FORBIDDEN.message
    assert await noted(scene, 1, "escalated") == "kick #2"


async def test_without_rules_nothing_is_said_to_happen(scene: Scene) -> None:
    await rules(scene)

    told = await scene.types(f"infractions escalation <@{scene.raider}>")

    assert told.startswith("This server has no rules of escalation")


async def test_the_api_says_what_one_more_warning_would_do(scene: Scene) -> None:
    await rules(scene, MUTE)
    await warn(scene)

    run = await asked(scene, user_id=str(scene.raider), points="1")

    [rule] = run["rules"]
    assert (rule["points_now"], rule["points_then"], rule["acts"]) == (1, 2, True)
    assert rule["counted"] == [1]
    assert [each["counts"] for each in run["warnings"]] == [True]
    assert run["held_back"] == ""


async def asked(scene: Scene, **params: str) -> Json:
    """Ask for a dry run."""
    answer = await scene.rig.http.get(
        f"/guilds/{scene.id}/escalation", params=params, headers=bearer(scene)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(scene: Scene) -> dict[str, str]:
    """Return the headers of a viewer of the dashboard."""
    return {"Authorization": f"Bearer {token(scene, 'viewer')}"}


async def tries(scene: Scene, body: Json) -> Json:
    """Try rules on the past."""
    answer = await scene.rig.http.post(
        f"/guilds/{scene.id}/escalation/trial", json=body, headers=bearer(scene)
    )
    return answer.json() | {"code": answer.status_code}


async def test_rules_are_tried_on_the_past_without_doing_anything(scene: Scene) -> None:
    await warn(scene, 4)
    await scene.rig.db.execute(
        "UPDATE infractions SET created_at = now() - (10 - number) * interval '5 d'"
        " WHERE guild_id = $1",
        scene.id,
    )
    body = {"rules": [{"points": 2, "within": "7d"}, {"points": 3, "action": "ban"}], "days": 60}

    trial = await tries(scene, body)

    assert trial["warnings"] == 4
    assert [(each["fired"], each["people"]) for each in trial["rules"]] == [(2, 1), (1, 1)]
    assert [one["number"] for one in trial["rules"][1]["examples"]] == [3]
    assert not scene.done()
    assert (await tries(scene, {**body, "days": 32}))["rules"][0]["fired"] == 1


async def test_a_rule_that_can_not_be_read_is_named(scene: Scene) -> None:
    answer = await tries(scene, {"rules": [{"points": 2, "within": "soon"}]})

    assert answer["code"] == 422
    assert "within" in answer["detail"]
