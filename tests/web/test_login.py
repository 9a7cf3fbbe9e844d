"""Logging in by Discord and out again, and what is refused on the way."""

import re

import asyncpg
import httpx
import msgspec
import pytest

from services.web import app
from services.web.guarding import safe_next

from .bay import Bay
from .visitors import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_somebody_logs_in_and_comes_to_where_they_wanted(visitor: Visitor) -> None:
    wanted = visitor.bay.path("/statistics")
    first = await visitor.gets(wanted)
    assert first.headers["location"] == f"/?next={wanted}"
    back = await visitor.logs_in("owner", wanted)
    assert back.headers["location"] == wanted
    assert "Olga the Owner" in (await visitor.gets(wanted)).text


async def test_only_name_and_servers_are_asked_for(visitor: Visitor) -> None:
    asked = await visitor.goes_to_discord()
    assert asked["scope"] == "identify guilds"
    assert asked["response_type"] == "code"
    assert len(asked["state"]) > 20


async def test_a_login_that_was_begun_in_another_browser_is_refused(visitor: Visitor) -> None:
    asked = await visitor.goes_to_discord()
    brought = await visitor.agrees(asked, visitor.bay.people["owner"])
    visitor.client.cookies.clear()
    response = await visitor.comes_back(brought)
    assert response.status_code == 403
    assert "not begun in this browser" in response.text
    assert "set-cookie" not in response.headers


async def test_a_login_with_another_state_is_refused(visitor: Visitor) -> None:
    asked = await visitor.goes_to_discord()
    brought = await visitor.agrees(asked, visitor.bay.people["owner"])
    response = await visitor.comes_back({**brought, "state": "x" * len(brought["state"])})
    assert response.status_code == 403


async def test_a_code_works_once(visitor: Visitor) -> None:
    asked = await visitor.goes_to_discord()
    brought = await visitor.agrees(asked, visitor.bay.people["owner"])
    assert (await visitor.comes_back(brought)).status_code == 303
    again = await visitor.goes_to_discord()
    response = await visitor.comes_back({**brought, "state": again["state"]})
    assert response.status_code == 403
    assert "no longer valid" in response.text


async def test_who_declines_is_told_so(visitor: Visitor) -> None:
    asked = await visitor.goes_to_discord()
    response = await visitor.comes_back({"error": "access_denied", "state": asked["state"]})
    assert response.status_code == 403
    assert "did not let Flotilla know" in response.text


async def test_the_cookie_is_out_of_reach_and_unknown_to_the_database(visitor: Visitor) -> None:
    response = await visitor.logs_in("owner")
    cookies = response.headers.get_list("set-cookie")
    (session,) = [cookie for cookie in cookies if cookie.startswith("flotilla=")]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    key = visitor.client.cookies["flotilla"]
    db = await asyncpg.connect(visitor.bay.settings.database_url.reveal())
    try:
        rows = await db.fetch("SELECT sessions::text AS row FROM web.sessions")
    finally:
        await db.close()
    assert rows
    assert not any(key in row["row"] for row in rows)


async def test_over_https_cookies_are_kept_to_it(cove: Bay) -> None:
    secure = msgspec.structs.replace(
        cove.settings, public_url="https://flotilla.example", http_port=0
    )
    async with app.run(secure) as port, httpx.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{port}/login")
        assert "Secure" in response.headers["set-cookie"]
        assert "https%3A%2F%2Fflotilla.example" in response.headers["location"]


async def test_a_logout_ends_the_session_for_good(visitor: Visitor) -> None:
    await visitor.logs_in("owner")
    key = visitor.client.cookies["flotilla"]
    response = await visitor.posts("/logout", form_token=await visitor.form_token())
    assert response.headers["location"] == "/"
    visitor.client.cookies.set("flotilla", key)
    assert (await visitor.gets("/guilds")).status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
async def test_a_form_from_elsewhere_is_refused(visitor: Visitor, token: str) -> None:
    await visitor.logs_in("owner")
    assert (await visitor.posts("/logout", form_token=token)).status_code == 403
    assert (await visitor.gets("/guilds")).status_code == 200


async def test_a_form_token_of_somebody_else_is_refused(visitor: Visitor) -> None:
    await visitor.logs_in("moderator")
    theirs = await visitor.form_token()
    await visitor.logs_in("owner")
    assert (await visitor.posts("/logout", form_token=theirs)).status_code == 403


async def test_a_session_ends_after_its_time(visitor: Visitor) -> None:
    await visitor.logs_in("admin")
    db = await asyncpg.connect(visitor.bay.settings.database_url.reveal())
    try:
        await db.execute(
            "UPDATE web.sessions SET expires_at = now() WHERE user_id = $1",
            visitor.bay.people["admin"].id,
        )
    finally:
        await db.close()
    assert (await visitor.gets("/guilds")).headers["location"] == "/?next=/guilds"


async def test_a_made_up_cookie_is_nobody(visitor: Visitor) -> None:
    visitor.client.cookies.set("flotilla", "x" * 43)
    assert (await visitor.gets("/guilds")).status_code == 303


async def test_discord_being_away_is_told(visitor: Visitor) -> None:
    asked = await visitor.goes_to_discord()
    brought = await visitor.agrees(asked, visitor.bay.people["owner"])
    await visitor.bay.sandbox.fault(kind="error", status=503, path="/oauth2/token")
    try:
        response = await visitor.comes_back(brought)
    finally:
        await visitor.bay.sandbox.heal()
    assert "Discord doesn&#39;t answer" in response.text


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("/guilds/5?range=7d", "/guilds/5?range=7d"),
        ("https://evil.example", "/guilds"),
        ("//evil.example", "/guilds"),
        ("/\\evil.example", "/guilds"),
        ("/\t/evil.example", "/guilds"),
        ("javascript:alert(1)", "/guilds"),
        ("", "/guilds"),
    ],
)
async def test_a_login_leads_to_our_own_pages_only(given: str, used: str) -> None:
    assert safe_next(given) == used


async def test_every_answer_tells_the_browser_what_not_to_do(visitor: Visitor) -> None:
    for path in ("/", "/login", "/guilds", "/static/flotilla.css", "/nowhere", "/healthz"):
        response = await visitor.gets(path)
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert (await visitor.gets("/")).headers["cache-control"] == "no-store"
    page = (await visitor.gets("/")).text
    for file in re.findall(r'"(/static/[^"]+)"', page):
        kept = await visitor.gets(file)
        assert kept.status_code == 200, file
        assert "immutable" in kept.headers["cache-control"]
