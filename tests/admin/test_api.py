"""The HTTP API of admin: configurations, their history, keys, access, and commands."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.contracts.ids import UserId
from shared.http.tokens import Role
from tests.admin.conftest import ADMIN_ID, ADMINS, MODERATORS, OPERATOR_ID, Admin
from tests.support.invoking import MODERATOR_ID, OWNER_ID, RAIDER_ID
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

EDITORS = f"permissions:\n  {MODERATORS}: {{level: 50, web: editor}}\n"


async def test_a_guild_begins_with_the_empty_configuration(admin: Admin) -> None:
    response = await admin.http.get(admin.url("/config"), headers=admin.as_(OWNER_ID, "admin"))

    assert response.headers["ETag"] == '"0"'
    assert response.json()["yaml"] == ""
    assert response.json()["revision"] == 0


async def test_a_configuration_is_kept_as_it_was_written(admin: Admin) -> None:
    yaml = "# ours\nplugins:\n  core: {prefix: '?'}   # like before\n"

    saved = await admin.save(yaml)
    read = await admin.http.get(admin.url("/config"), headers=admin.as_(OWNER_ID, "viewer"))

    assert saved.status_code == 200
    assert saved.headers["ETag"] == read.headers["ETag"] == '"1"'
    assert read.json()["yaml"] == yaml
    assert read.json()["author_id"] == str(OWNER_ID)
    assert admin.deps.config.get(admin.guild_id).plugins.core.prefix == "?"


async def test_a_broken_configuration_is_refused_with_its_place(admin: Admin) -> None:
    response = await admin.save("plugins:\n  core:\n    prefx: '?'\n")

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["line"], problem["column"], problem["path"]) == (3, 5, "plugins.core")
    assert "Did you mean `prefix`?" in problem["detail"]


async def test_who_read_an_older_revision_does_not_overwrite_a_newer_one(admin: Admin) -> None:
    await admin.save("plugins: {core: {prefix: '?'}}")
    headers = {**admin.as_(OWNER_ID, "admin"), "If-Match": '"0"'}

    response = await admin.http.put(admin.url("/config"), json={"yaml": ""}, headers=headers)

    assert response.status_code == 412
    assert "revision 1 holds" in response.json()["detail"]
    assert admin.deps.config.revision(admin.guild_id) == 1


async def test_saving_without_saying_what_is_replaced_is_refused(admin: Admin) -> None:
    response = await admin.http.put(
        admin.url("/config"), json={"yaml": ""}, headers=admin.as_(OWNER_ID, "admin")
    )

    assert response.status_code == 428


async def test_saving_the_same_again_makes_no_revision(admin: Admin) -> None:
    await admin.save("plugins: {}")

    assert (await admin.save("plugins: {}")).json()["revision"] == 1


async def test_revisions_are_listed_in_pages_and_told_apart_by_their_diff(admin: Admin) -> None:
    for prefix in "?$%":
        await admin.save(f"plugins:\n  core:\n    prefix: '{prefix}'\n")
    headers = admin.as_(OWNER_ID, "viewer")

    first = (await admin.http.get(admin.url("/config/revisions?limit=2"), headers=headers)).json()
    query = f"?limit=2&cursor={first['next']}"
    second = (await admin.http.get(admin.url(f"/config/revisions{query}"), headers=headers)).json()
    detail = (await admin.http.get(admin.url("/config/revisions/2"), headers=headers)).json()

    assert [each["revision"] for each in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next"] is None
    assert "-    prefix: '?'" in detail["diff"].splitlines()
    assert "+    prefix: '$'" in detail["diff"].splitlines()


async def test_a_rollback_saves_the_old_text_anew(admin: Admin) -> None:
    await admin.save("plugins: {core: {prefix: '?'}}")
    await admin.save("plugins: {core: {prefix: '$'}}")

    response = await admin.http.post(
        admin.url("/config/revisions/1/rollback"), headers=admin.as_(OWNER_ID, "admin")
    )

    assert response.json()["revision"] == 3
    assert response.json()["note"] == "back to revision 1"
    assert admin.deps.config.get(admin.guild_id).plugins.core.prefix == "?"


async def test_a_revision_that_never_was_is_not_found(admin: Admin) -> None:
    headers = admin.as_(OWNER_ID, "admin")

    response = await admin.http.get(admin.url("/config/revisions/7"), headers=headers)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("user_id", "role"),
    [(MODERATOR_ID, "viewer"), (RAIDER_ID, "viewer")],
)
async def test_viewers_can_not_save(admin: Admin, user_id: UserId, role: Role) -> None:
    headers = {**admin.as_(user_id, role), "If-Match": "*"}

    response = await admin.http.put(
        admin.url("/config"), json={"yaml": "plugins: {}"}, headers=headers
    )

    assert response.status_code == 403
    assert admin.deps.config.revision(admin.guild_id) == 0


async def test_a_token_that_says_more_than_the_configuration_does_is_refused(admin: Admin) -> None:
    response = await admin.save("plugins: {}", MODERATOR_ID)

    assert response.status_code == 403
    assert "web role editor" in response.json()["detail"]


async def test_nobody_gets_in_without_a_token_or_with_one_of_another_guild(admin: Admin) -> None:
    other = f"/guilds/{admin.guild_id + 1}/config"

    assert (await admin.http.get(admin.url("/config"))).status_code == 401
    foreign = await admin.http.get(other, headers=admin.as_(OWNER_ID, "admin"))
    assert foreign.status_code == 403


# --- nobody raises themselves -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (f"{MODERATORS}: {{level: 100, web: editor}}", "raise your own level from 50 to 100"),
        (f"{MODERATORS}: {{level: 50, web: admin}}", "raise your own web role"),
        (f"{MODERATORS}: {{level: 50, web: editor}}\n  {RAIDER_ID}: {{level: 60}}", "level 60"),
        (
            f"{MODERATORS}: {{level: 50, web: editor}}\n  {RAIDER_ID}: {{web: admin}}",
            "web role above your own",
        ),
        (f"{MODERATOR_ID}: {{level: 51, web: editor}}", "raise your own level from 50 to 51"),
    ],
)
async def test_an_editor_can_not_raise_anybody_above_themselves(
    admin: Admin, entry: str, why: str
) -> None:
    await admin.save(EDITORS)

    response = await admin.save(f"permissions:\n  {entry}\n", MODERATOR_ID)

    assert response.status_code == 403
    assert why in response.json()["detail"]
    assert admin.deps.config.revision(admin.guild_id) == 1


async def test_an_editor_can_not_take_the_entry_of_somebody_above_them(admin: Admin) -> None:
    await admin.save(f"{EDITORS}  {ADMINS}: {{level: 100, web: admin}}\n")

    response = await admin.save(EDITORS, MODERATOR_ID)

    assert response.status_code == 403
    assert f"The entry of {ADMINS} is about level 100" in response.json()["detail"]


async def test_an_editor_can_not_hand_the_decision_back_to_discord(admin: Admin) -> None:
    await admin.save(EDITORS)

    assert (await admin.save("", MODERATOR_ID)).status_code == 403


async def test_an_editor_can_not_lower_what_a_command_above_them_needs(admin: Admin) -> None:
    await admin.save(EDITORS)

    async def commands_are_known() -> bool:
        return len((await admin.http.get("/commands")).json()) > 0

    await eventually(commands_are_known)
    lowered = await admin.save(
        f"{EDITORS}commands:\n  {{command: config.set}}: {{level: 50}}\n", MODERATOR_ID
    )

    assert lowered.status_code == 403
    assert "`config set` is about level 100" in lowered.json()["detail"]


async def test_an_editor_may_change_what_is_theirs(admin: Admin) -> None:
    await admin.save(EDITORS)

    response = await admin.save(f"{EDITORS}plugins: {{stats: {{enabled: false}}}}\n", MODERATOR_ID)

    assert response.status_code == 200
    assert response.json()["author_id"] == str(MODERATOR_ID)


# --- keys ---------------------------------------------------------------------------------------


async def make_key(admin: Admin, scopes: list[str], **more: str) -> dict[str, str]:
    """Make a key and return the headers by which it opens the API, once it does."""
    response = await admin.http.post(
        admin.url("/keys"),
        json={"name": "script", "scopes": scopes, **more},
        headers=admin.as_(OWNER_ID, "admin"),
    )
    assert response.status_code == 201, response.text
    headers = {"Authorization": f"Bearer {response.json()['key']}"}

    async def opens() -> bool:
        return (await admin.http.get(admin.url("/keys"), headers=headers)).status_code != 401

    await eventually(opens)
    return headers


async def test_a_key_does_what_its_scopes_say(admin: Admin) -> None:
    headers = await make_key(admin, ["config:read"])

    read = await admin.http.get(admin.url("/config"), headers=headers)
    write = await admin.http.put(
        admin.url("/config"), json={"yaml": "plugins: {}"}, headers={**headers, "If-Match": "*"}
    )

    assert read.status_code == 200
    assert write.status_code == 403


async def test_a_key_writes_in_the_name_of_whoever_made_it(admin: Admin) -> None:
    headers = await make_key(admin, ["config:write"])

    response = await admin.http.put(
        admin.url("/config"), json={"yaml": "plugins: {}"}, headers={**headers, "If-Match": "*"}
    )

    assert response.json()["author_id"] == str(OWNER_ID)
    assert response.json()["author_name"] == "script"


async def test_a_key_can_not_make_one_that_may_more(admin: Admin) -> None:
    headers = await make_key(admin, ["keys:write"])

    response = await admin.http.post(
        admin.url("/keys"), json={"name": "more", "scopes": ["config:write"]}, headers=headers
    )

    assert response.status_code == 403


async def test_the_list_of_keys_shows_no_secrets(admin: Admin) -> None:
    headers = await make_key(admin, ["keys:write"])

    response = await admin.http.get(admin.url("/keys"), headers=headers)

    secret = headers["Authorization"].split("_")[2]
    assert [key["name"] for key in response.json()] == ["script"]
    assert secret not in response.text
    assert "sha256" not in response.text


async def test_an_expired_key_is_neither_listed_nor_valid(admin: Admin) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    body = {"name": "old", "scopes": ["config:read"], "expires_at": past}
    owner = admin.as_(OWNER_ID, "admin")

    made = await admin.http.post(admin.url("/keys"), json=body, headers=owner)
    listed = await admin.http.get(admin.url("/keys"), headers=owner)

    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    assert listed.json() == []
    assert (await admin.http.get(admin.url("/config"), headers=headers)).status_code == 401


async def test_a_deleted_key_is_refused(admin: Admin) -> None:
    headers = await make_key(admin, ["config:read"])
    key_id = headers["Authorization"].split("_")[1]
    owner = admin.as_(OWNER_ID, "admin")

    deleted = await admin.http.delete(admin.url(f"/keys/{key_id}"), headers=owner)
    again = await admin.http.delete(admin.url(f"/keys/{key_id}"), headers=owner)

    async def refused() -> bool:
        return (await admin.http.get(admin.url("/config"), headers=headers)).status_code == 401

    assert (deleted.status_code, again.status_code) == (204, 404)
    await eventually(refused)


@pytest.mark.parametrize("scopes", [["all"], ["operator"], []])
async def test_a_key_with_scopes_that_there_are_not_is_refused(
    admin: Admin, scopes: list[str]
) -> None:
    response = await admin.http.post(
        admin.url("/keys"),
        json={"name": "x", "scopes": scopes},
        headers=admin.as_(OWNER_ID, "admin"),
    )

    assert response.status_code == (400 if scopes else 422)


async def test_editors_get_no_keys(admin: Admin) -> None:
    await admin.save(EDITORS)
    body = {"name": "x", "scopes": ["config:read"]}

    by_editor = await admin.http.post(
        admin.url("/keys"), json=body, headers=admin.as_(MODERATOR_ID, "editor")
    )
    by_liar = await admin.http.post(
        admin.url("/keys"), json=body, headers=admin.as_(MODERATOR_ID, "admin")
    )

    assert by_editor.status_code == 403
    assert by_liar.status_code == 403


# --- access and commands ------------------------------------------------------------------------


async def access(admin: Admin, user_id: UserId, query: str = "") -> httpx.Response:
    return await admin.http.get(
        admin.url(f"/access/{user_id}{query}"), headers=admin.as_(user_id, "viewer")
    )


@pytest.mark.parametrize(
    ("user_id", "level", "web"),
    [
        (OWNER_ID, 500, "admin"),
        (ADMIN_ID, 100, "admin"),
        (MODERATOR_ID, 50, "viewer"),
        (RAIDER_ID, 0, None),
        (OPERATOR_ID, 1000, "admin"),
    ],
)
async def test_without_a_configuration_discord_decides_who_sees_the_guild(
    admin: Admin, user_id: UserId, level: int, web: str | None
) -> None:
    seen = (await access(admin, user_id)).json()

    assert (seen["level"], seen["web"]) == (level, web)
    assert seen["owner"] == (user_id == OWNER_ID)


async def test_with_a_configuration_its_entries_decide_who_sees_the_guild(admin: Admin) -> None:
    await admin.save(EDITORS)

    assert (await access(admin, MODERATOR_ID)).json()["web"] == "editor"
    assert (await access(admin, ADMIN_ID)).json()["web"] is None
    assert (await access(admin, RAIDER_ID)).json()["web"] is None


async def test_roles_may_be_given_instead_of_asked_for(admin: Admin) -> None:
    await admin.save(EDITORS)

    assert (await access(admin, RAIDER_ID, f"?roles={MODERATORS}")).json()["web"] == "editor"
    assert (await access(admin, RAIDER_ID, "?roles=1&roles=2")).json()["web"] is None


async def test_access_to_a_guild_without_the_bot_is_not_found(admin: Admin) -> None:
    del admin.gateway.guilds[admin.guild_id]

    assert (await access(admin, OWNER_ID)).status_code == 404


async def test_the_description_of_the_api_names_every_route(admin: Admin) -> None:
    document = (await admin.http.get("/openapi.json")).json()

    assert {"/guilds/{guild_id}/config", "/guilds/{guild_id}/keys", "/commands"} <= set(
        document["paths"]
    )
    for path in document["paths"].values():
        assert all("description" in operation for operation in path.values())


async def test_admin_says_what_it_waits_for(admin: Admin) -> None:
    response = await admin.http.get("/readyz")

    assert response.json()["dependencies"] == {"postgres": True, "rabbitmq": True}
