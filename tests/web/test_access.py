"""Who sees what: each role, each page, and that a closed door looks like no door."""

import pytest

from shared.contracts.actions import ActionResult

from .bay import MODERATOR_ROLE, Bay
from .visitors import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ("", "/infractions", "/infractions/1", "/statistics", "/configuration")
PANELS = (
    "/panels/summary",
    "/panels/recent",
    "/panels/infractions",
    "/panels/messages",
    "/panels/members",
    "/panels/configuration",
    "/panels/revisions",
)
AWAY = ActionResult(status="retry", message="Discord is away.")
NOWHERE = "/guilds/123456789012345678"


@pytest.mark.parametrize("name", ["owner", "admin", "moderator"])
async def test_staff_see_their_server_and_all_of_its_pages(visitor: Visitor, name: str) -> None:
    await visitor.logs_in(name)
    assert "Quiet Cove" in (await visitor.gets("/guilds")).text
    for rest in PAGES:
        assert (await visitor.gets(visitor.bay.path(rest))).status_code == 200, rest
    for rest in PANELS:
        response = await visitor.panel(visitor.bay.path(rest))
        assert response.status_code == 200, rest
        assert 'class="notice' not in response.text, rest


@pytest.mark.parametrize("name", ["member", "outsider"])
async def test_for_others_the_server_is_not_there(visitor: Visitor, name: str) -> None:
    await visitor.logs_in(name)
    assert "Quiet Cove" not in (await visitor.gets("/guilds")).text
    for rest in (*PAGES, *PANELS):
        theirs = await visitor.gets(visitor.bay.path(rest))
        nobodys = await visitor.gets(NOWHERE + rest)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.text == nobodys.text
        assert "Quiet Cove" not in theirs.text


async def test_an_operator_sees_every_server_also_without_being_in_it(visitor: Visitor) -> None:
    await visitor.logs_in("operator")
    for rest in PAGES:
        assert (await visitor.gets(visitor.bay.path(rest))).status_code == 200, rest
    for rest in PANELS:
        response = await visitor.panel(visitor.bay.path(rest))
        assert 'class="notice' not in response.text, rest
    assert (await visitor.gets(NOWHERE)).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_pages_are_not_described_as_an_api(visitor: Visitor, path: str) -> None:
    assert (await visitor.gets(path)).status_code == 404


async def test_without_a_login_every_page_leads_to_it(visitor: Visitor) -> None:
    for rest in PAGES:
        response = await visitor.gets(visitor.bay.path(rest))
        assert response.headers["location"] == f"/?next={visitor.bay.path(rest)}"
    for rest in PANELS:
        response = await visitor.panel(visitor.bay.path(rest))
        assert response.headers["hx-redirect"].startswith("/?next=/guilds")
        assert not response.text


async def test_who_loses_the_role_is_out_at_once(visitor: Visitor) -> None:
    bay = visitor.bay
    await visitor.logs_in("moderator")
    assert (await visitor.gets(bay.path())).status_code == 200
    bay.give_roles("moderator")
    try:
        assert (await visitor.gets(bay.path())).status_code == 404
        assert (await visitor.gets(bay.path("/panels/recent"))).status_code == 404
    finally:
        bay.give_roles("moderator", MODERATOR_ROLE)
    assert (await visitor.gets(bay.path())).status_code == 200


async def test_a_viewer_may_look_at_the_configuration_and_not_change_it(visitor: Visitor) -> None:
    await visitor.logs_in("moderator")
    path = visitor.bay.path("/panels/configuration")
    shown = await visitor.panel(path)
    assert "readonly" in shown.text
    assert ">Save<" not in shown.text
    token = await visitor.form_token()
    form = {"form_token": token, "revision": "0", "yaml": "plugins: {}"}
    response = await visitor.client.post(path, data=form, headers={"HX-Request": "true"})
    assert "HX-Redirect" not in response.headers
    assert "config:write" in response.text
    assert "Revision 1" not in (await visitor.panel(path)).text


async def test_a_change_from_another_site_is_refused(visitor: Visitor) -> None:
    await visitor.logs_in("owner")
    path = visitor.bay.path("/panels/configuration")
    response = await visitor.posts(path, revision="0", yaml="plugins: {}")
    assert response.status_code == 403
    assert "Revision 1" not in (await visitor.panel(path)).text


@pytest.mark.parametrize(
    "path",
    ["/guilds/abc", "/guilds/-1", "/guilds/99999999999999999999", "/guilds/1/infractions/x", "/x"],
)
async def test_addresses_that_lead_nowhere_are_pages_too(visitor: Visitor, path: str) -> None:
    await visitor.logs_in("owner")
    response = await visitor.gets(path)
    assert response.status_code == 404
    assert "<h1>Nothing here</h1>" in response.text


async def test_the_gateway_being_away_keeps_nobody_out_who_was_in_lately(
    cove: Bay, visitor: Visitor
) -> None:
    await visitor.logs_in("owner")
    assert (await visitor.gets(cove.path())).status_code == 200
    cove.gateway.refusals["get_guild"] = AWAY
    try:
        assert (await visitor.gets(cove.path())).status_code == 200
        cove.people["newcomer"] = await cove.sandbox.join(cove.guild, "newcomer")
        await visitor.logs_in("newcomer")
        told = await visitor.gets("/guilds")
        assert "connection to Discord doesn&#39;t answer" in told.text
        assert (await visitor.gets(cove.path())).status_code == 503
    finally:
        cove.gateway.refusals.clear()
