"""What operators of the service reach over HTTP: its jobs, and its dead letters."""

import pytest

from shared.http import queues_of
from tests.infractions.rig import Json, operator_token
from tests.infractions.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def asked(scene: Scene, path: str) -> Json:
    """Return what the service answers to its operator."""
    headers = {"Authorization": f"Bearer {operator_token()}"}
    response = await scene.rig.http.get(path, headers=headers)
    assert response.status_code == 200
    return response.json()


async def test_the_end_of_a_tempban_is_among_the_jobs(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h spam")

    jobs = (await asked(scene, "/jobs?kind=lift_infraction&limit=100"))["items"]

    [job] = [job for job in jobs if job["payload"]["guild_id"] == str(scene.id)]
    assert (job["state"], job["payload"]["number"]) == ("waiting", 1)


async def test_dead_letters_of_its_queues_are_listed(scene: Scene) -> None:
    assert sorted(await asked(scene, "/dead")) == sorted(queues_of("infractions"))
