"""Which roles a moderator may have the bot give: none above either, none with further powers."""

import pytest

from services.infractions.deps import Deps
from services.infractions.targets import check_role, may_give
from shared.contracts.discord import BAN_MEMBERS, MANAGE_GUILD, GuildSnapshot, Role
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.errors import ForbiddenError, NotFoundError
from shared.permissions import Person
from tests.infractions.scene import Scene

GUILD = GuildSnapshot(
    id=GuildId(1),
    roles=(
        Role(id=RoleId(1), name="@everyone", permissions=1),
        Role(id=RoleId(2), position=1, permissions=1),
        Role(id=RoleId(3), position=2, permissions=MANAGE_GUILD),
        Role(id=RoleId(4), position=3, permissions=1, managed=True),
        Role(id=RoleId(5), position=4, permissions=BAN_MEMBERS),
        Role(id=RoleId(6), position=5),
        Role(id=RoleId(7), position=6),
    ),
    bot_roles=(RoleId(7),),
)
MODERATOR = Person(id=UserId(10), roles=(RoleId(5),))
OWNER = Person(id=UserId(11), owner=True)


def test_a_role_below_both_without_further_powers_is_given() -> None:
    assert may_give(MODERATOR, RoleId(2), GUILD).id == 2


@pytest.mark.parametrize(
    ("role", "why"),
    [
        (1, "Everybody has that role"),
        (3, "has permissions that you don't have"),
        (4, "belongs to an integration"),
        (5, "You can't give that role: it is not below your highest role"),
        (6, "You can't give that role: it is not below your highest role"),
        (7, "I can't give that role: it is not below my highest role"),
    ],
)
def test_every_other_role_is_refused_with_the_rule(role: int, why: str) -> None:
    with pytest.raises(ForbiddenError, match=why):
        may_give(MODERATOR, RoleId(role), GUILD)


def test_the_owner_and_operators_give_whatever_the_bot_can() -> None:
    operator = Person(id=UserId(12))

    assert may_give(OWNER, RoleId(3), GUILD).id == 3
    assert may_give(operator, RoleId(6), GUILD, operators=(12,)).id == 6
    with pytest.raises(ForbiddenError, match="my highest role"):
        may_give(OWNER, RoleId(7), GUILD)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_role_of_a_command_is_looked_up_in_its_server(
    scene: Scene, elsewhere: Deps
) -> None:
    by = scene.text("temprole")

    assert (await check_role(elsewhere, by, scene.roles["low"])).name == "low"
    with pytest.raises(NotFoundError, match="no such role"):
        await check_role(elsewhere, by, RoleId(1))
