"""The page: what a newcomer sees and does in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from sandbox import seed
from tests.sandbox.harbour_bot import HarbourBot, harbour_bot
from tests.support.browser import browser as started_browser
from tests.support.sandbox import Sandbox, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

XSS = '<img src=x onerror="document.title=\'broken\'"> <script>document.title="broken"</script>'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with started_browser() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def harbour() -> AsyncGenerator[Sandbox]:
    async with running(seed.demo()) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(harbour: Sandbox) -> AsyncGenerator[HarbourBot]:
    async with harbour_bot(harbour) as online:
        yield online


@pytest_asyncio.fixture(loop_scope="module")
async def page(harbour: Sandbox, browser: Browser) -> AsyncGenerator[Page]:
    """Give the moderator's page; a mistake in its scripts fails the test."""
    mistakes = list[str]()
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    opened = await context.new_page()
    opened.on("pageerror", lambda error: mistakes.append(str(error)))
    await visit(opened, harbour, "moderator")
    yield opened
    await context.close()
    assert mistakes == []


async def visit(page: Page, harbour: Sandbox, name: str) -> None:
    await page.goto(f"{harbour.url}/?as={name}")
    await expect(page.get_by_test_id("guild-name")).not_to_be_empty()
    await expect(page.locator("#line")).to_be_hidden()


def last_message(page: Page) -> Locator:
    return page.get_by_test_id("message").last


async def runs(page: Page, *keys: str) -> None:
    """Type a command into the composer, key by key where a list has to open first."""
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially(keys[0])
    await expect(page.get_by_test_id("picker-option").first).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("command-line")).to_be_visible()
    for key in keys[1:]:
        await page.keyboard.type(key)
        await page.keyboard.press("Enter")


async def test_a_newcomer_reads_a_channel(page: Page) -> None:
    await expect(page.get_by_test_id("channel-name")).to_have_text("general")
    reply = page.get_by_test_id("message").filter(has_text="take a breath")
    await expect(reply).to_contain_text("GULLS GULLS")
    await expect(reply.locator("header")).to_contain_text("Bosun Bea")
    await expect(reply.get_by_test_id("reaction").first).to_contain_text("7")

    await page.get_by_test_id("channel").filter(has_text="rules").click()

    await expect(last_message(page).locator("h3")).to_have_text("Rules of the harbour")
    await expect(page).to_have_title("#rules · Harbour")


async def test_a_quote_in_an_embed_stands_close_to_what_is_around_it(
    page: Page, harbour: Sandbox
) -> None:
    token = (await harbour.seed())["application"]["token"]
    channel = (await harbour.seed())["channel_id"]
    body = {"embeds": [{"description": "**#1 warning**\n> be kind"}]}
    await harbour.rest(f"Bot {token}", "POST", f"/channels/{channel}/messages", body)

    quote = last_message(page).get_by_test_id("embed").locator("blockquote")
    await expect(quote).to_have_css("margin-left", "0px")


async def test_who_comes_first_is_the_moderator(browser: Browser, harbour: Sandbox) -> None:
    page = await browser.new_page()
    await page.goto(harbour.url)

    acting = page.get_by_test_id("acting-as").locator("option:checked")
    await expect(acting).to_have_text("moderator · Bosun Bea")
    await page.close()


async def test_what_is_written_appears_on_everybodys_page(
    page: Page, harbour: Sandbox, browser: Browser
) -> None:
    other = await browser.new_page()
    await visit(other, harbour, "member")

    await page.get_by_test_id("composer").fill("Ahoy @raider, **welcome**!")
    await page.keyboard.press("Enter")

    for one in (page, other):
        await expect(last_message(one).get_by_test_id("content")).to_have_text(
            "Ahoy @Captain Crash, welcome!"
        )
    raider = await harbour.person("raider")
    seen = await raider.sees((await harbour.seed())["channel_id"])
    assert seen[-1].content == f"Ahoy {raider}, **welcome**!"
    await other.close()


async def test_people_see_the_channels_that_are_theirs(page: Page) -> None:
    staff = page.get_by_test_id("channel").filter(has_text="mod-log")
    await expect(staff).to_be_visible()

    await page.get_by_test_id("acting-as").select_option(label="member · Pip")

    await expect(staff).to_be_hidden()
    await expect(page.get_by_test_id("guild")).to_have_count(2)
    await page.get_by_test_id("guild").nth(1).click()
    await expect(page.get_by_test_id("guild-name")).to_have_text("Lighthouse Club")


@pytest.mark.usefixtures("bot")
async def test_a_command_is_found_filled_in_and_run_by_keyboard_alone(page: Page) -> None:
    await runs(page, "/temp", "crash", "20s")

    answer = last_message(page)
    await expect(answer.get_by_test_id("used")).to_have_text(re.compile("Bosun Bea used /tempban"))
    await expect(answer.get_by_test_id("embed")).to_contain_text("Infraction #7")
    await expect(answer).to_contain_text("Banned @Captain Crash until 1 January 2100")
    await expect(answer.locator("time[data-relative]")).to_contain_text("in 7")

    await answer.get_by_role("button", name="Lift the ban").click()

    await expect(answer.get_by_test_id("content")).to_contain_text("The ban was lifted.")
    await expect(answer.get_by_test_id("embed")).to_have_count(0)


@pytest.mark.usefixtures("bot")
async def test_an_optional_option_is_added_and_a_missing_one_is_asked_for(page: Page) -> None:
    await runs(page, "/temp", "crash")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("toast")).to_have_text("duration is required.")

    await page.keyboard.type("2d")
    await page.get_by_test_id("more-option").click()
    await page.keyboard.type("spamming all day")
    await page.keyboard.press("Enter")

    await expect(last_message(page).get_by_test_id("embed")).to_contain_text("spamming all day")
    await expect(page.get_by_test_id("composer")).to_have_value("")


@pytest.mark.usefixtures("bot")
async def test_somebody_who_does_not_exist_is_refused_before_anything_is_sent(
    page: Page, harbour: Sandbox
) -> None:
    before = await harbour.requests(method="POST", route="/interactions")

    await runs(page, "/temp", "nobody at all")

    await expect(page.get_by_test_id("toast")).to_contain_text("not a valid member")
    assert await harbour.requests(method="POST", route="/interactions") == before


async def test_a_deferred_answer_thinks_until_it_is_there(page: Page, bot: HarbourBot) -> None:
    await runs(page, "/slow", "")

    await expect(last_message(page).get_by_test_id("thinking")).to_contain_text("is thinking")
    bot.may_answer.set()

    await expect(last_message(page).get_by_test_id("content")).to_have_text(
        "Done, finally.(edited)"
    )
    await expect(page.get_by_test_id("thinking")).to_have_count(0)


@pytest.mark.usefixtures("bot")
async def test_an_answer_for_one_person_says_so_and_nobody_else_sees_it(
    page: Page, harbour: Sandbox, browser: Browser
) -> None:
    other = await browser.new_page()
    await visit(other, harbour, "member")

    await runs(page, "/ping", "")

    await expect(last_message(page)).to_contain_text("Only you can see this")
    await expect(other.get_by_text("Pong!")).to_have_count(0)
    await last_message(page).get_by_role("button", name="Dismiss message").click()
    await expect(page.get_by_text("Pong!")).to_have_count(0)
    await other.close()


@pytest.mark.usefixtures("bot")
async def test_an_application_that_says_nothing_is_shown_to_have_failed(
    page: Page, harbour: Sandbox
) -> None:
    await runs(page, "/silent", "")
    await expect(last_message(page)).to_contain_text("Sending command")

    await harbour.advance(4)

    await expect(page.get_by_test_id("failed")).to_have_text("The application did not respond.")


@pytest.mark.usefixtures("bot")
async def test_suggestions_come_from_the_application(page: Page) -> None:
    await runs(page, "/infractions i")
    await expect(page.get_by_test_id("picker-option")).to_have_text("Ban #7 of raider")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

    await expect(last_message(page).get_by_test_id("content")).to_have_text("Infraction 7")


@pytest.mark.usefixtures("bot")
async def test_a_modal_is_filled_in_and_a_menu_chosen_from(page: Page) -> None:
    await runs(page, "/note", "")
    dialog = page.get_by_role("dialog", name="A note")
    await dialog.get_by_label("Text").fill("was warned")
    await page.keyboard.press("Enter")
    await expect(last_message(page).get_by_test_id("content")).to_have_text("Noted: was warned")
    await expect(dialog).to_be_hidden()

    await runs(page, "/pick", "")
    await last_message(page).get_by_test_id("component-select").select_option(label="Warning #2")
    await expect(last_message(page).get_by_test_id("content")).to_have_text("Chosen: warning")


@pytest.mark.usefixtures("bot")
async def test_context_menus_hold_the_applications_commands(page: Page, harbour: Sandbox) -> None:
    raider = await harbour.person("raider")
    row = page.locator(f'[data-testid="member"][data-user="{raider.id}"]')

    await row.click(button="right")
    await page.get_by_role("menuitem", name="Show infractions").click()
    await expect(last_message(page)).to_contain_text(f"Show infractions: {raider.id}")

    target = page.get_by_test_id("message").filter(has_text="GULLS GULLS").first
    message_id = await target.get_attribute("data-message")
    await target.click(button="right")
    await page.get_by_role("menuitem", name="Report message").click()
    await expect(last_message(page)).to_contain_text(f"Report message: {message_id}")


async def test_a_ban_by_hand_moves_somebody_to_the_banned(page: Page, harbour: Sandbox) -> None:
    raider = await harbour.person("raider")
    guild_id = int((await harbour.seed())["guild_id"])
    row = page.locator(f'[data-testid="member"][data-user="{raider.id}"]')

    await row.click()
    await page.get_by_role("menuitem", name="Ban Captain Crash").click()
    await page.get_by_label("Reason").fill("spamming")
    await page.keyboard.press("Enter")

    await expect(row).to_have_attribute("data-state", "banned")
    assert await harbour.banned(guild_id, raider)
    await row.click()
    await page.get_by_role("menuitem", name="Unban").click()
    await expect(row).to_have_attribute("data-state", "absent")
    await harbour.join(guild_id, raider)


async def test_what_one_may_not_do_is_said_in_discords_words(page: Page, harbour: Sandbox) -> None:
    await page.get_by_test_id("acting-as").select_option(label="member · Pip")
    await page.get_by_test_id("channel").filter(has_text="rules").click()
    await expect(page.locator("#composer-slot")).to_contain_text("do not have permission")

    await page.get_by_test_id("channel").filter(has_text="general").click()
    await harbour.fault(
        method="POST",
        route="/channels/*/messages",
        status=403,
        code=50013,
        message="Missing Permissions",
        times=1,
    )
    await page.get_by_test_id("composer").fill("Ahoy!")
    await page.keyboard.press("Enter")

    await expect(page.get_by_test_id("toast")).to_have_text("Missing Permissions (50013)")
    await expect(page.get_by_test_id("composer")).to_have_value("Ahoy!")


async def test_one_replies_reacts_edits_and_deletes(page: Page) -> None:
    target = page.get_by_test_id("message").filter(has_text="Wear the vest!")
    await target.hover()
    await target.get_by_role("button", name="Reply").click()
    await page.get_by_test_id("composer").fill("Always.")
    await page.keyboard.press("Enter")
    mine = last_message(page)
    await expect(mine).to_contain_text("Wear the vest!")

    await mine.hover()
    await mine.get_by_role("button", name="Add a reaction").click()
    await page.get_by_role("menuitem", name="⚓").click()
    await expect(mine.get_by_test_id("reaction")).to_have_attribute("aria-pressed", "true")

    await page.get_by_test_id("composer").press("ArrowUp")
    await page.get_by_label("Edit message").fill("Nearly always.")
    await page.keyboard.press("Enter")
    await expect(mine.get_by_test_id("content")).to_have_text("Nearly always.(edited)")

    await mine.click(button="right")
    await page.get_by_role("menuitem", name="Delete message").click()
    await expect(page.get_by_text("Nearly always.")).to_have_count(0)


async def test_nothing_that_people_write_is_run(page: Page, harbour: Sandbox) -> None:
    member = await harbour.person("member")
    channel = (await harbour.seed())["channel_id"]

    await member.says(channel, XSS)
    await member.says(channel, "[x](javascript:alert(1)) `<b>` ||**secret**||")

    await expect(last_message(page)).to_contain_text("[x](javascript:alert(1)) <b>")
    await expect(page.get_by_test_id("message").filter(has_text="onerror")).to_be_visible()
    assert await page.title() != "broken"
    assert await page.locator("#messages a[href^=javascript]").count() == 0


async def test_a_file_is_attached_and_shown(page: Page) -> None:
    await page.get_by_test_id("file-input").set_input_files(
        {"name": "tides.txt", "mimeType": "text/plain", "buffer": b"high at noon"}
    )
    await page.get_by_test_id("composer").fill("The tides")
    await page.keyboard.press("Enter")

    await expect(last_message(page).get_by_role("link")).to_contain_text("tides.txt")


async def test_the_page_comes_back_after_its_line_broke(page: Page, harbour: Sandbox) -> None:
    member = await harbour.person("member")
    await harbour.fault(gateway="close", user="moderator")
    await member.says((await harbour.seed())["channel_id"], "Still there?")

    await expect(last_message(page)).to_contain_text("Still there?")
    await expect(page.locator("#line")).to_be_hidden()


async def test_a_click_lands_while_people_come_and_go(page: Page, harbour: Sandbox) -> None:
    club = page.get_by_test_id("guild").nth(1)
    await page.get_by_test_id("acting-as").select_option(label="member · Pip")
    await expect(club).to_be_visible()
    await club.hover()
    await page.mouse.down()
    async with page.expect_response("**/view"):
        await harbour.join(int((await harbour.seed())["guild_id"]), "newcomer")
    await page.mouse.up()

    await expect(page.get_by_test_id("guild-name")).to_have_text("Lighthouse Club")
    await page.get_by_test_id("guild").first.click()
    await expect(page.get_by_test_id("member").filter(has_text="newcomer")).to_be_visible()


async def test_on_a_phone_everything_is_in_reach(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 780})

    await page.get_by_role("button", name="Channels").click()
    await page.get_by_test_id("channel").filter(has_text="boats").click()
    await expect(last_message(page)).to_contain_text("spanner")
    await page.get_by_role("button", name="Members", exact=True).click()
    await expect(page.get_by_test_id("member").first).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.usefixtures("bot")
async def test_everything_that_can_be_pressed_has_a_name(page: Page) -> None:
    await runs(page, "/temp", "crash", "20s")
    await page.get_by_test_id("open-panel").click()
    await expect(page.get_by_role("dialog", name="Sandbox")).to_be_visible()

    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, textarea, summary")]
            .filter((one) => !one.hidden && !(one.ariaLabel || one.textContent.trim()
                || one.labels?.[0]?.textContent.trim() || one.title))
            .map((one) => one.outerHTML)"""
    )

    assert nameless == []


@pytest.mark.usefixtures("bot")
async def test_the_panel_lets_people_talk_and_shows_what_bots_asked(page: Page) -> None:
    await page.get_by_test_id("open-panel").click()
    panel = page.get_by_role("dialog", name="Sandbox")
    await expect(panel.get_by_role("table")).to_contain_text("/gateway/bot")

    await panel.get_by_label("Number of messages").fill("3")
    await panel.get_by_label("Messages per second").fill("0")
    before = await page.get_by_test_id("message").count()
    await panel.get_by_role("button", name="Let them talk").click()

    await expect(page.get_by_test_id("message")).to_have_count(before + 3)


async def test_direct_messages_arrive_with_a_mark_and_are_answered(
    page: Page, harbour: Sandbox, bot: HarbourBot
) -> None:
    moderator = await harbour.person("moderator")
    channel = await bot.bot.rest.create_dm_channel(moderator.id)

    await channel.send("You were warned in Harbour.")

    mark = page.get_by_role("button", name="Direct messages")
    await expect(mark).to_have_class(re.compile("unread"))
    await mark.click()
    await expect(page.get_by_test_id("channel")).to_have_text(["Flotilla"])
    await expect(last_message(page).get_by_test_id("content")).to_have_text(
        "You were warned in Harbour."
    )
    await expect(mark).not_to_have_class(re.compile("unread"))
    await page.get_by_test_id("composer").fill("Understood.")
    await page.keyboard.press("Enter")
    await expect(last_message(page).get_by_test_id("content")).to_have_text("Understood.")
