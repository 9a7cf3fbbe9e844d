"""Who may do what to whom: the refusal says which rule it was, and nothing is recorded."""

import pytest

from tests.infractions.scene import Scene, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMMANDS = ("warn <@{0}> x", "ban <@{0}>", "tempban <@{0}> 1h", "unban <@{0}>")


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_member_without_the_level_is_refused(scene: Scene, command: str) -> None:
    answer = await scene.types(command.format(scene.raider), by=scene.joins("member"))

    assert "needs level 50, and yours is 0" in answer
    assert await scene.infractions() == []


@pytest.mark.parametrize("command", COMMANDS)
async def test_nobody_acts_on_themselves_the_owner_or_the_bot(scene: Scene, command: str) -> None:
    scene.town.members[scene.owner] = scene.town.members[scene.raider]
    scene.town.members[scene.bot] = scene.town.members[scene.raider]

    assert "to yourself" in await scene.types(command.format(scene.moderator))
    assert "owns this server" in await scene.types(command.format(scene.owner))
    assert "I can't do this to myself" in await scene.types(command.format(scene.bot))
    assert await scene.infractions() == []


async def test_the_bots_own_position_is_checked_first(scene: Scene) -> None:
    admin = scene.joins("admin", "high")

    answer = await scene.types(f"ban <@{admin}>")

    assert "not below mine" in answer
    assert await scene.infractions() == []


async def test_nobody_acts_on_their_equals(scene: Scene) -> None:
    senior = scene.joins("senior", "seniors")

    answer = await scene.types(f"ban <@{senior}>")

    assert "their level is 50, and yours is 50" in answer


async def test_nobody_acts_above_their_own_top_role(scene: Scene) -> None:
    await scene.configures(permissions={scene.moderator: 50})
    senior = scene.joins("senior", "seniors")

    answer = await scene.types(f"ban <@{senior}>")

    assert "highest role is not below yours" in answer
    assert not scene.banned(senior)


async def test_the_owner_may_act_on_everybody_below_the_bot(scene: Scene) -> None:
    answer = await scene.types(f"ban <@{scene.joins('senior', 'seniors')}>", by=scene.owner)

    assert "Banned **senior**" in answer


async def test_a_slash_command_is_refused_for_the_same_reasons(scene: Scene) -> None:
    answer = await scene.runs("ban", user=str(scene.joins("admin", "high")))

    assert "not below mine" in answer.content
    assert answer.ephemeral


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tempban <@{0}> soonish", "not a length of time"),
        ("tempban <@{0}> permanent", "can't be permanent"),
        ("tempban <@{0}> 0s", "no time at all"),
        ("tempban <@{0}> 101y", "longer than 100 years"),
        ("tempban <@{0}>", "`duration` is missing"),
        ("ban", "`user` is missing"),
        ("ban somebody", "not a member"),
        ("ban 99999999999999999999", "not a member"),
        ("ban <@{0}> 8 days", "from 0 to 7"),
        ("infractions info ten", "not a whole number"),
    ],
)
async def test_what_makes_no_sense_is_explained(scene: Scene, line: str, expected: str) -> None:
    answer = await scene.types(line.format(scene.raider))

    assert expected in answer
    assert "Usage:" in answer
    assert await scene.infractions() == []


@pytest.mark.parametrize("number", [0, -1, 2, 2**31, 2**53])
async def test_a_number_that_is_not_there_is_said_to_be_so(scene: Scene, number: int) -> None:
    await scene.types(f"warn <@{scene.raider}> x")

    typed = await scene.types(f"infractions info {number}")
    chosen = await scene.runs("infractions info", number=number)

    assert typed == shown(chosen) == f"There is no infraction #{number} in this server."


@pytest.mark.parametrize("user", ["9" * 19, "9" * 20, "9" * 5000, "somebody"])
@pytest.mark.parametrize("command", ["infractions search", "ban"])
async def test_an_id_that_nobody_can_have_is_refused(scene: Scene, command: str, user: str) -> None:
    answer = await scene.runs(command, user=user)

    assert "is not a member" in answer.content
