"""The dashboard in a real browser: what people see, click and are told."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, expect

from tests.support.waiting import eventually

from .bay import Bay
from .visitors import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<img src=x onerror=alert(1)> & <script>alert(2)</script>"


@asynccontextmanager
async def page_of(
    browser: Browser, bay: Bay, name: str, *, phone: bool = False, by_hand: bool = False
) -> AsyncGenerator[Page]:
    """Give the browser of somebody who has logged in, and fail when a page complains."""
    context = await browser.new_context(
        base_url=bay.url,
        timezone_id="Asia/Tokyo",
        locale="en-GB",
        viewport={"width": 360, "height": 740} if phone else {"width": 1280, "height": 800},
        color_scheme="dark" if phone else "light",
    )
    page = await context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    def on_error(error: Error) -> None:
        complaints.append(error.message)

    page.on("console", on_console)
    page.on("pageerror", on_error)
    if by_hand:
        await page.goto("/")
        await page.get_by_role("link", name="Log in with Discord").click()
        await page.locator(f'input[name=user_id][value="{bay.people[name].id}"]').check(force=True)
        await page.get_by_role("button", name="Authorize").click()
        await page.wait_for_url("**/guilds")
    else:
        await context.add_cookies(
            [{"name": "flotilla", "value": await key_of(bay, name), "url": bay.url}]
        )
        await page.goto("/guilds")
    yield page
    assert not complaints
    await context.close()


async def key_of(bay: Bay, name: str) -> str:
    """Return the cookie of somebody who has logged in elsewhere."""
    async with httpx.AsyncClient(base_url=bay.url, timeout=60) as client:
        await Visitor(bay, client).logs_in(name)
        return client.cookies["flotilla"]


async def everything_has_loaded(page: Page) -> None:
    await expect(page.locator("[aria-busy]")).to_have_count(0)


async def test_the_owner_finds_their_server_and_how_it_is_doing(
    browser: Browser, cove: Bay
) -> None:
    await cove.posts(12, hours_ago=1)
    async with page_of(browser, cove, "owner", by_hand=True) as page:
        await page.get_by_role("link", name="Quiet Cove").click()
        await expect(page.get_by_role("heading", name="Quiet Cove")).to_be_visible()
        card = page.locator(".card", has_text="Messages")

        async def twelve() -> bool:
            await page.reload()
            await expect(card.locator(".number")).to_have_text("12", timeout=1000)
            return True

        await eventually(twelve)
        chart = page.locator("[data-chart][data-ready]")
        await expect(chart).to_have_count(1)
        await expect(chart.locator("canvas")).to_be_visible()
        await expect(chart.get_by_role("img")).to_have_attribute(
            "aria-label", "12 messages in the last 24 hours."
        )


async def test_the_table_beside_the_graph_has_the_same_numbers(browser: Browser, cove: Bay) -> None:
    await cove.posts(7, hours_ago=3)
    async with page_of(browser, cove, "moderator") as page:
        await page.goto(cove.path("/statistics?range=24h"))

        async def seven() -> bool:
            await page.reload()
            await everything_has_loaded(page)
            counts = await page.locator(".chart").first.locator("td.number").all_text_contents()
            assert len(counts) == 24
            assert counts.count("7") == 1
            return True

        await eventually(seven)
        await expect(page.locator("[data-ready]")).to_have_count(2)
        await page.get_by_text("The numbers as a table").first.click()
        await expect(page.get_by_role("table").first).to_be_visible()


async def test_infractions_are_found_and_told_as_they_were(browser: Browser, cove: Bay) -> None:
    first = await cove.warns("rude", EVIL)
    await cove.warns("loud", "shouting")
    async with page_of(browser, cove, "moderator") as page:
        await page.goto(cove.path("/infractions"))
        rows = page.locator("table.infractions tbody tr")
        row = page.locator(f'tr[data-number="{first}"]')
        await expect(row).to_contain_text(EVIL)
        everything = await rows.count()
        await row.get_by_role("link", name="rude").click()
        await expect(rows).to_have_count(1)
        await page.get_by_label("Kind").select_option("ban")
        await expect(page.get_by_text("Nothing matches")).to_be_visible()
        assert "kind=ban" in page.url
        await page.reload()
        await expect(page.get_by_text("Nothing matches")).to_be_visible()
        await page.get_by_label("Kind").select_option("")
        await page.get_by_label("Member").fill("")
        await page.get_by_role("button", name="Show").click()
        await expect(rows).to_have_count(everything)
        await row.get_by_role("link", name=f"#{first}").click()
        await expect(page.get_by_role("heading", name=f"Infraction #{first}")).to_be_visible()
        await expect(page.locator("dl.facts")).to_contain_text(EVIL)
        await expect(page.locator("ol.history li").first).to_be_visible()


async def test_the_fields_of_the_filter_stand_in_one_line(browser: Browser, cove: Bay) -> None:
    async with page_of(browser, cove, "moderator") as page:
        await page.goto(cove.path("/infractions"))
        labels = page.locator(".filters label")
        tops = await labels.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert len(tops) == 3
        assert len(set(tops)) == 1


async def test_long_lists_come_in_pages(browser: Browser, cove: Bay) -> None:
    for number in range(27):
        await cove.warns("parrot", f"squawk {number}")
    async with page_of(browser, cove, "moderator") as page:
        await page.goto(cove.path(f"/infractions?user_id={cove.user_id('parrot')}"))
        rows = page.locator("table.infractions tbody tr")
        await expect(rows).to_have_count(25)
        await page.get_by_role("link", name="Older ones").click()
        await expect(rows).to_have_count(2)
        await expect(rows.last).to_contain_text("squawk 0")
        assert "cursor=" in page.url
        await page.go_back()
        await expect(rows).to_have_count(25)


async def test_a_dead_service_costs_its_own_panel_only(browser: Browser, cove: Bay) -> None:
    await cove.warns("seagull", "stole chips")
    async with page_of(browser, cove, "owner") as page:
        await cove.services["stats"].stop()
        try:
            await page.goto(cove.path())
            await everything_has_loaded(page)
            told = page.get_by_text("The statistics service doesn't answer at the moment.")
            await expect(told).to_have_count(2)
            await expect(page.locator("table.infractions")).to_contain_text("stole chips")
        finally:
            await cove.services["stats"].start()
        await page.get_by_role("button", name="Try again").first.click()
        await expect(page.locator(".card")).to_have_count(4)


async def test_a_mistake_in_the_configuration_is_shown_where_it_is(
    browser: Browser, cove: Bay
) -> None:
    async with page_of(browser, cove, "admin") as page:
        await page.goto(cove.path("/configuration"))
        text = page.get_by_label("Configuration in YAML")
        # As who made the field larger by hand.
        await text.evaluate("area => { area.style.height = '400px' }")
        await text.fill("plugins:\n  core:\n    prefx: '?'\n")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("Line 3, column 5")
        await expect(text).to_have_value("plugins:\n  core:\n    prefx: '?'\n")

        async def marked() -> None:
            selected = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
            assert await text.evaluate(selected) == "prefx: '?'"

        await eventually(marked)


async def test_a_saved_configuration_is_a_revision_with_its_author(
    browser: Browser, cove: Bay
) -> None:
    async with (
        page_of(browser, cove, "admin") as page,
        page_of(browser, cove, "owner") as other,
    ):
        await other.goto(cove.path("/configuration"))
        await everything_has_loaded(other)
        await page.goto(cove.path("/configuration"))
        await page.get_by_label("Configuration in YAML").fill(
            "plugins: {stats: {timezone: Asia/Tokyo}}\n"
        )
        await page.get_by_label("What for").fill("we live there")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text("Saved. Revision 1 holds")
        row = page.locator("table.revisions tbody tr").first
        await expect(row).to_contain_text("we live there")
        await expect(row).to_contain_text("admin")

        await page.get_by_label("Configuration in YAML").fill("# nothing\n")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text("Revision 2 holds")
        await page.get_by_text("What changed").last.click()
        await expect(page.locator("pre.diff .added")).to_contain_text("Asia/Tokyo")
        await page.get_by_role("button", name="Go back to revision 1").click()
        await expect(page.get_by_role("status")).to_contain_text("Revision 3 holds")
        text = page.get_by_label("Configuration in YAML")
        await expect(text).to_have_value("plugins: {stats: {timezone: Asia/Tokyo}}\n")

        await other.get_by_label("Configuration in YAML").fill("plugins: {}\n")
        await other.get_by_role("button", name="Save").click()
        await expect(other.get_by_role("alert")).to_contain_text("has changed meanwhile")


async def test_times_are_those_of_the_reader(browser: Browser, cove: Bay) -> None:
    number = await cove.warns("early", "bird")
    async with page_of(browser, cove, "owner") as page:
        await page.goto(cove.path(f"/infractions/{number}"))
        await everything_has_loaded(page)
        shown = page.locator("dl.facts time").first
        told = await shown.evaluate(
            "time => [time.textContent, new Intl.DateTimeFormat('en-GB', {dateStyle: 'medium',"
            " timeStyle: 'short', timeZone: 'Asia/Tokyo'}).format(new Date(time.dateTime))]"
        )
        assert told[0] == told[1]


@pytest.mark.parametrize("rest", ["", "/infractions", "/statistics", "/configuration"])
async def test_pages_fit_a_phone_and_are_usable_by_keyboard(
    browser: Browser, cove: Bay, rest: str
) -> None:
    async with page_of(browser, cove, "owner", phone=True) as page:
        await page.goto(cove.path(rest))
        await everything_has_loaded(page)
        for one in (page.locator("html"), page.get_by_role("navigation", name="Quiet Cove")):
            assert await one.evaluate("one => one.scrollWidth - one.clientWidth") == 0
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        fields = page.locator("input:not([type=hidden]), select, textarea")
        assert await fields.evaluate_all("fields => fields.every(one => one.labels.length)")


async def test_who_logs_out_is_out(browser: Browser, cove: Bay) -> None:
    async with page_of(browser, cove, "owner") as page:
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_role("link", name="Log in with Discord")).to_be_visible()
        await page.goto(cove.path())
        await expect(page.get_by_role("link", name="Log in with Discord")).to_be_visible()


async def test_a_change_of_light_keeps_what_was_typed_and_redraws(
    browser: Browser, cove: Bay
) -> None:
    async with page_of(browser, cove, "owner") as page:
        await page.goto(cove.path("/statistics"))
        charts = page.locator("[data-chart][data-ready]")
        await expect(charts).to_have_count(2)
        before = await charts.first.locator("canvas").evaluate("canvas => canvas.toDataURL()")
        await page.emulate_media(color_scheme="dark")
        await expect(charts).to_have_count(2)
        canvas = charts.first.locator("canvas")
        await expect(canvas).to_have_count(1)

        async def it_is_drawn_anew() -> bool:
            return await canvas.evaluate("canvas => canvas.toDataURL()") != before

        await eventually(it_is_drawn_anew)
