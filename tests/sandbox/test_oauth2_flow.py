"""OAuth2 from the authorize page to the token and what it opens."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from sandbox import seed
from sandbox.models import Application, User
from sandbox.permissions import Permission
from tests.support.sandbox import Sandbox, running

Json = dict[str, Any]
BACK = "http://dashboard.test/callback"


class Flow:
    """An application with a browser in front of the page."""

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.http = http
        self.user: User = sandbox.world.create_user("member", global_name="Member")
        self.application: Application = sandbox.world.create_application(
            "Dashboard", redirect_uris=[BACK]
        )

    def query(self, **more: str) -> dict[str, str]:
        return {
            "client_id": str(self.application.id),
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "identify guilds",
            "state": "s t&ate",
        } | more

    async def page(self, **more: str) -> tuple[int, str]:
        url = f"{self.sandbox.url}/oauth2/authorize"
        async with self.http.get(url, params=self.query(**more)) as response:
            return response.status, await response.text()

    async def decide(self, decision: str = "authorize", **more: str) -> str:
        """Send the form as a browser does; returns where it is sent to."""
        form = {"decision": decision, "user_id": str(self.user.id)}
        form |= {"guild_id": more.pop("guild_id")} if "guild_id" in more else {}
        url = f"{self.sandbox.url}/oauth2/authorize"
        asked = self.http.post(url, params=self.query(**more), data=form, allow_redirects=False)
        async with asked as response:
            assert response.status == 303, await response.text()
            return response.headers["Location"]

    async def code(self, **more: str) -> str:
        return parse_qs(urlsplit(await self.decide(**more)).query)["code"][0]

    @property
    def basic(self) -> dict[str, str]:
        login = aiohttp.encode_basic_auth(str(self.application.id), self.application.secret)
        return {"Authorization": login}

    async def exchange(self, form: dict[str, str], *, basic: bool = True) -> tuple[int, Json]:
        """Call the token endpoint as the application."""
        url = f"{self.sandbox.api_url}/oauth2/token"
        headers = self.basic if basic else {}
        async with self.http.post(url, data=form, headers=headers) as response:
            return response.status, await response.json()

    async def by_code(self, code: str, **more: str) -> tuple[int, Json]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return await self.exchange(form | more)

    async def token(self, **more: str) -> Json:
        status, token = await self.by_code(await self.code(**more))
        assert status == 200, token
        return token

    async def get(self, path: str, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(f"{self.sandbox.api_url}{path}", headers=headers) as response:
            return response.status, await response.json()


@pytest.fixture
async def flow(sandbox: Sandbox) -> AsyncIterator[Flow]:
    async with aiohttp.ClientSession() as http:
        yield Flow(sandbox, http)


async def test_the_page_shows_who_asks_and_who_may_answer(flow: Flow) -> None:
    status, page = await flow.page()

    assert status == 200
    assert "<strong>Dashboard</strong>" in page
    assert "Know which servers you are in" in page
    assert f'value="{flow.user.id}"' in page
    assert "dashboard.test" in page


async def test_the_page_says_who_of_the_demo_is_what() -> None:
    async with running(seed.demo()) as sandbox, aiohttp.ClientSession() as http:
        _, page = await Flow(sandbox, http).page()

    assert "<b>Marina</b><small>owner · @marina</small>" in page
    assert "<b>Member</b><small>@member</small>" in page


async def test_names_on_the_page_are_escaped(flow: Flow) -> None:
    flow.user.global_name = "<script>alert(1)</script>"
    flow.application.name = "<b>Bold</b>"
    _, page = await flow.page()

    assert "<script>" not in page
    assert "<b>Bold" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "1"},
        {"client_id": "x"},
        {"redirect_uri": "http://evil.test/"},
        {"response_type": "token"},
        {"scope": ""},
        {"scope": "identify everything"},
        {"code_challenge_method": "S1024"},
        {"permissions": "many"},
    ],
)
async def test_a_broken_link_is_explained_and_sends_nobody_anywhere(
    flow: Flow, wrong: dict[str, str]
) -> None:
    status, page = await flow.page(**wrong)

    assert status == 400
    assert 'class="told"' in page
    assert "<form" not in page


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("http://127.0.0.1:54321/callback", 200),
        ("http://127.0.0.1:54321/elsewhere", 400),
        ("https://127.0.0.1:54321/callback", 400),
    ],
)
async def test_a_redirect_to_this_machine_may_name_any_port(
    flow: Flow, wanted: str, status: int
) -> None:
    flow.application.redirect_uris = ["http://127.0.0.1/callback"]

    assert (await flow.page(redirect_uri=wanted))[0] == status


async def test_agreeing_sends_the_browser_back_with_a_code_and_the_state(flow: Flow) -> None:
    location = await flow.decide()

    assert location.startswith(BACK + "?")
    answer = parse_qs(urlsplit(location).query)
    assert answer["state"] == ["s t&ate"]
    assert answer["code"]


async def test_declining_sends_the_browser_back_with_a_no(flow: Flow) -> None:
    answer = parse_qs(urlsplit(await flow.decide("cancel")).query)

    assert answer["error"] == ["access_denied"]
    assert answer["state"] == ["s t&ate"]
    assert "code" not in answer


@pytest.mark.parametrize("basic", [True, False])
async def test_a_code_becomes_a_token(flow: Flow, *, basic: bool) -> None:
    form = {"grant_type": "authorization_code", "code": await flow.code(), "redirect_uri": BACK}
    if not basic:
        form |= {
            "client_id": str(flow.application.id),
            "client_secret": flow.application.secret,
        }
    status, token = await flow.exchange(form, basic=basic)

    assert status == 200
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "identify guilds"
    assert token["expires_in"] == 604_800
    assert token["refresh_token"] != token["access_token"]


async def test_a_token_tells_who_somebody_is_and_where(flow: Flow) -> None:
    world = flow.sandbox.world
    guild = world.create_guild("Harbour", flow.user)
    token = (await flow.token())["access_token"]

    _, me = await flow.get("/users/@me", token)
    _, guilds = await flow.get("/users/@me/guilds", token)
    _, about = await flow.get("/oauth2/@me", token)

    assert (me["id"], me["username"]) == (str(flow.user.id), "member")
    assert "email" not in me
    assert [(one["id"], one["owner"]) for one in guilds] == [(str(guild.id), True)]
    assert about["scopes"] == ["identify", "guilds"]
    assert about["application"]["id"] == str(flow.application.id)
    assert about["user"]["id"] == str(flow.user.id)


async def test_scopes_limit_what_a_token_opens(flow: Flow) -> None:
    guild = flow.sandbox.world.create_guild("Harbour", flow.user)
    narrow = (await flow.token(scope="identify email"))["access_token"]
    wide = (await flow.token(scope="guilds guilds.members.read"))["access_token"]
    member = f"/users/@me/guilds/{guild.id}/member"

    assert (await flow.get("/users/@me", narrow))[1]["email"] == "member@example.com"
    assert (await flow.get("/users/@me/guilds", narrow))[0] == 403
    assert (await flow.get(member, narrow))[0] == 403
    assert (await flow.get("/users/@me/guilds", wide))[0] == 200
    assert (await flow.get(member, wide))[1]["user"]["username"] == "member"
    assert "user" not in (await flow.get("/oauth2/@me", wide))[1]


async def test_a_code_is_good_for_one_use(flow: Flow) -> None:
    code = await flow.code()
    await flow.by_code(code)
    status, error = await flow.by_code(code)

    assert (status, error["error"]) == (400, "invalid_grant")


async def test_a_code_does_not_keep(flow: Flow) -> None:
    code = await flow.code()
    flow.sandbox.world.clock.advance(timedelta(minutes=2))

    assert (await flow.by_code(code))[1]["error"] == "invalid_grant"


async def test_a_code_belongs_to_its_redirect_and_application(flow: Flow) -> None:
    assert (await flow.by_code(await flow.code(), redirect_uri="x"))[1]["error"] == "invalid_grant"
    code = await flow.code()
    flow.application = flow.sandbox.world.create_application("Thief", redirect_uris=[BACK])

    assert (await flow.by_code(code))[1]["error"] == "invalid_grant"


async def test_a_wrong_secret_is_an_invalid_client(flow: Flow) -> None:
    code = await flow.code()
    wrong = {"client_id": str(flow.application.id), "client_secret": "wrong"}
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    status, error = await flow.exchange(form | wrong, basic=False)

    assert (status, error["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "invalid_scope"),
    ],
)
async def test_errors_are_those_of_the_standard(
    flow: Flow, form: dict[str, str], error: str
) -> None:
    status, answer = await flow.exchange(form)

    assert (status, answer["error"]) == (400, error)


async def test_a_token_request_is_a_form(flow: Flow) -> None:
    url = f"{flow.sandbox.api_url}/oauth2/token"
    async with flow.http.post(url, json={"grant_type": "refresh_token"}) as response:
        assert response.status == 400
        assert (await response.json())["error"] == "invalid_request"


async def test_refreshing_gives_new_tokens_and_voids_the_old(flow: Flow) -> None:
    first = await flow.token()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    status, second = await flow.exchange(form)

    assert status == 200
    assert second["scope"] == first["scope"]
    assert (await flow.get("/users/@me", second["access_token"]))[0] == 200
    assert (await flow.get("/users/@me", first["access_token"]))[0] == 401
    assert (await flow.exchange(form))[1]["error"] == "invalid_grant"


async def test_a_token_lapses_after_a_week_but_can_be_refreshed(flow: Flow) -> None:
    token = await flow.token()
    flow.sandbox.world.clock.advance(timedelta(days=8))

    assert (await flow.get("/users/@me", token["access_token"]))[0] == 401
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert (await flow.exchange(form))[0] == 200


async def test_revoking_one_token_voids_all_of_the_authorization(flow: Flow) -> None:
    first, second = await flow.token(), await flow.token()
    url = f"{flow.sandbox.api_url}/oauth2/token/revoke"
    form = {"token": first["access_token"]}
    async with flow.http.post(url, data=form, headers=flow.basic) as response:
        assert response.status == 200

    assert (await flow.get("/users/@me", second["access_token"]))[0] == 401


async def test_an_application_gets_a_token_of_its_owner_by_its_credentials(flow: Flow) -> None:
    flow.application.owner_id = flow.user.id
    form = {"grant_type": "client_credentials", "scope": "identify"}
    status, token = await flow.exchange(form)

    assert status == 200
    assert "refresh_token" not in token
    _, me = await flow.get("/users/@me", token["access_token"])
    assert me["id"] == str(flow.user.id)


VERIFIER = "correct-horse-battery-staple-0123456789-correct-horse"


@pytest.mark.parametrize(
    ("verifier", "status"), [(VERIFIER, 200), ("wrong" * 10, 400), (None, 400)]
)
async def test_a_code_with_a_challenge_needs_its_verifier(
    flow: Flow, verifier: str | None, status: int
) -> None:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    code = await flow.code(code_challenge=challenge, code_challenge_method="S256")
    more = {} if verifier is None else {"code_verifier": verifier}

    assert (await flow.by_code(code, **more))[0] == status


async def test_a_bot_token_is_no_answer_to_what_a_token_is_for(flow: Flow) -> None:
    headers = {"Authorization": f"Bot {flow.sandbox.world.token_of(flow.application)}"}
    url = f"{flow.sandbox.api_url}/oauth2/@me"
    async with flow.http.get(url, headers=headers) as response:
        assert response.status == 401


# Adding a bot


async def test_a_bot_is_added_to_a_server_with_its_permissions(flow: Flow) -> None:
    guild = flow.sandbox.world.create_guild("Harbour", flow.user)
    wanted = str(int(Permission.BAN_MEMBERS))
    _, page = await flow.page(scope="bot identify", permissions=wanted)
    location = await flow.decide(scope="bot identify", permissions=wanted, guild_id=str(guild.id))
    answer = parse_qs(urlsplit(location).query)
    _, token = await flow.by_code(answer["code"][0])

    assert f'<option value="{guild.id}">Harbour</option>' in page
    assert answer["guild_id"] == [str(guild.id)]
    assert token["guild"]["id"] == str(guild.id)
    member = guild.members[flow.application.id]
    assert any(guild.roles[one].permissions == int(wanted) for one in member.roles)


async def test_a_bot_link_needs_no_code(flow: Flow) -> None:
    guild = flow.sandbox.world.create_guild("Harbour", flow.user)
    query = {"client_id": str(flow.application.id), "scope": "bot applications.commands"}
    form = {"decision": "authorize", "user_id": str(flow.user.id), "guild_id": str(guild.id)}
    url = f"{flow.sandbox.url}/oauth2/authorize"
    async with flow.http.post(url, params=query, data=form) as response:
        assert response.status == 200
        assert "Done" in await response.text()

    assert flow.application.id in guild.members


async def test_a_bot_is_not_added_where_somebody_manages_nothing(flow: Flow) -> None:
    owner = flow.sandbox.world.create_user("owner")
    guild = flow.sandbox.world.create_guild("Harbour", owner)
    flow.sandbox.world.add_member(guild, flow.user)
    form = {"decision": "authorize", "user_id": str(flow.user.id), "guild_id": str(guild.id)}
    url = f"{flow.sandbox.url}/oauth2/authorize"
    async with flow.http.post(url, params=flow.query(scope="bot"), data=form) as response:
        assert response.status == 400

    assert flow.application.id not in guild.members


async def test_a_client_agrees_with_its_user_token(flow: Flow) -> None:
    url = f"{flow.sandbox.api_url}/oauth2/authorize"
    headers = {"Authorization": flow.user.token}
    body = {"authorize": True}
    asked = flow.http.post(url, params=flow.query(), json=body, headers=headers)
    async with asked as response:
        location: str = (await response.json())["location"]
    code = parse_qs(urlsplit(location).query)["code"][0]

    assert (await flow.by_code(code))[0] == 200
