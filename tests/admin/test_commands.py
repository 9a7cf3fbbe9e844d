"""The commands of admin, run as the gateway hands them over."""

import tomllib
from pathlib import Path

import httpx
import pytest

from shared.bus import Delivery, QueueSpec
from shared.contracts.actions import ActionResult, Autocomplete, SetOwnNick
from shared.contracts.codec import decode
from shared.contracts.discord import ADMINISTRATOR
from shared.contracts.domain import ConfigChanged, ConfigWanted, GuildKeysChanged
from shared.contracts.invocations import (
    CommandsAnnounced,
    CommandSpec,
    Invocation,
    OptionSpec,
    OptionType,
)
from shared.contracts.topology import FLOTILLA_EVENTS, autocomplete_key
from tests.admin.conftest import ADMIN_ID, ADMINS, MODERATORS, OPERATOR_ID, Admin
from tests.support.invoking import (
    MODERATOR_ID,
    OWNER_ID,
    RAIDER_ID,
    by_interaction,
    by_text,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEMPBAN = CommandSpec(
    name="tempban",
    description="Ban somebody for a time",
    plugin="infractions",
    level=50,
    options=(OptionSpec(name="member", description="Who", type=OptionType.USER, kind="user"),),
)
MBAN = CommandSpec(name="mban", description="Ban many", plugin="infractions", level=100)


def by_owner(command: str, text: str = "") -> Invocation:
    return by_text(command, text, user_id=OWNER_ID, permissions=0)


def by_admin(command: str, text: str = "") -> Invocation:
    return by_text(command, text, user_id=ADMIN_ID, permissions=ADMINISTRATOR, roles=(ADMINS,))


async def announce(admin: Admin, *specs: CommandSpec, service: str = "infractions") -> None:
    event = CommandsAnnounced(service=service, commands=specs)
    await admin.bus.publish(
        FLOTILLA_EVENTS,
        CommandsAnnounced.KEY,
        event,
        message_id=service,
        type=CommandsAnnounced.KEY,
    )

    async def known() -> bool:
        listed = (await admin.http.get("/commands")).json()
        names = {command["name"] for command in listed}
        return {spec.name for spec in specs} | {"ping"} <= names

    await eventually(known)


async def test_ping_tells_both_ways(admin: Admin) -> None:
    said = await admin.said(by_text("ping"))

    assert said.startswith("Pong! This came here in ")
    assert said.endswith(" ms.")


async def test_about_links_to_the_dashboard_of_the_server(admin: Admin) -> None:
    message = await admin.message(by_text("about"))

    values = [field.value for field in message.embeds[0].fields]
    assert f"https://flotilla.example/guilds/{admin.guild_id}" in values


async def test_about_tells_the_version_of_the_project(admin: Admin) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    message = await admin.message(by_text("about"))

    assert message.embeds[0].fields[0].value == project["project"]["version"]


async def test_help_lists_what_the_caller_may_use_and_nothing_else(admin: Admin) -> None:
    await announce(admin, TEMPBAN, MBAN)

    for_member = await admin.said(by_text("help", permissions=0))
    for_moderator = await admin.said(by_text("help"))
    for_owner = await admin.said(by_owner("help"))

    assert "`ping`" in for_member
    assert "`tempban`" not in for_member
    assert "`tempban`" in for_moderator
    assert "`mban`" not in for_moderator
    assert "`mban`" in for_owner


async def test_help_lists_what_only_a_menu_has_by_its_way_there(admin: Admin) -> None:
    report = CommandSpec(
        name="report",
        plugin="infractions",
        description="Report a message to the moderators",
        level=0,
        text=False,
        slash=False,
        menu="message",
        menu_name="Report",
    )
    await announce(admin, TEMPBAN, report)

    said = await admin.said(by_text("help"))

    assert "`tempban`, `Apps → Report`" in said
    explained = await admin.said(by_text("help", "report"))
    assert explained.endswith("In the menu of a message.")


async def test_help_explains_one_command_as_it_is_written_here(admin: Admin) -> None:
    await announce(admin, TEMPBAN)

    assert "`!tempban <member>`" in await admin.said(by_text("help", "tempban"))
    options = {"command": "/tempban"}
    assert "`/tempban <member>`" in await admin.said(by_interaction("help", options=options))
    guess = await admin.said(by_text("help", "tempbam"))
    assert "Did you mean `tempban`?" in guess


async def test_help_lists_a_group(admin: Admin) -> None:
    await announce(admin, TEMPBAN)

    said = await admin.said(by_owner("help", "config"))

    assert "`!config set <path> <value>`: Change one value of the configuration." in said


async def test_help_completes_commands(admin: Admin) -> None:
    await announce(admin, TEMPBAN, MBAN)
    typing = by_interaction(
        "help", source="autocomplete", focused="command", options={"command": "ban"}
    )

    offered = await admin.run(typing, autocomplete_key("help"))

    assert isinstance(offered, Autocomplete)
    assert [choice.value for choice in offered.choices] == ["tempban"]


async def test_a_value_is_set_shown_and_kept(admin: Admin) -> None:
    said = await admin.said(by_owner("config set", "plugins.infractions.notify_user true"))
    shown = await admin.said(by_owner("config show"))

    assert said == "`plugins.infractions.notify_user` is now `true`. Revision 1."
    assert "notify_user: true" in shown
    assert admin.deps.config.get(admin.guild_id).plugins.infractions.notify_user


async def test_a_command_that_comes_twice_saves_once(admin: Admin) -> None:
    by = by_owner("config set", "plugins.infractions.notify_user true")
    await admin.said(by)
    admin.gateway.requests.clear()

    assert await admin.said(by) == "It is so already, in revision 1."


async def test_a_mistake_in_a_value_is_explained(admin: Admin) -> None:
    said = await admin.said(by_owner("config set", "plugins.infractions.notify_usr true"))

    assert "Did you mean `notify_user`?" in said
    assert admin.deps.config.revision(admin.guild_id) == 0


async def test_members_and_moderators_can_not_see_the_configuration(admin: Admin) -> None:
    assert "needs level 100" in await admin.said(by_text("config show"))
    assert "needs level 100" in await admin.said(by_text("config set", "a b"))


async def test_a_rollback_is_a_new_revision_with_the_old_text(admin: Admin) -> None:
    await admin.said(by_owner("config set", "plugins.core.prefix ?"))
    await admin.said(by_owner("config set", "plugins.core.prefix $"))

    said = await admin.said(by_owner("config rollback", "1"))
    history = await admin.said(by_owner("config history"))

    assert said.endswith("Revision 3.")
    assert admin.deps.config.get(admin.guild_id).plugins.core.prefix == "?"
    assert "back to revision 1" in history.splitlines()[0]
    assert len(history.splitlines()) == 3


async def test_rolling_back_to_what_never_was_is_refused(admin: Admin) -> None:
    assert "no revision 7" in await admin.said(by_owner("config rollback", "7"))


async def test_unsetting_brings_the_default_back(admin: Admin) -> None:
    await admin.said(by_owner("config set", "plugins.core.prefix ?"))

    await admin.said(by_owner("config unset", "plugins.core.prefix"))

    assert admin.deps.config.get(admin.guild_id).plugins.core.prefix == "!"


async def test_the_nickname_of_the_configuration_is_set_on_discord(admin: Admin) -> None:
    await admin.said(by_owner("config set", "plugins.core.nickname Harbourmaster"))

    request = await admin.gateway.heard(f"nickname:{admin.guild_id}:1")

    assert request.action == SetOwnNick(guild_id=admin.guild_id, nick="Harbourmaster")


async def test_a_nickname_that_discord_refuses_is_not_tried_for_ever(admin: Admin) -> None:
    refused = ActionResult(status="refused", code=50013, message="Missing Permissions")
    admin.gateway.refusals["set_own_nick"] = refused

    await admin.said(by_owner("config set", "plugins.core.nickname Harbourmaster"))
    await admin.gateway.heard(f"nickname:{admin.guild_id}:1")

    async def no_jobs() -> bool:
        return await admin.deps.db.fetchval("SELECT count(*) FROM timer") == 0

    await eventually(no_jobs)


async def test_nobody_raises_their_own_level(admin: Admin) -> None:
    said = await admin.said(by_admin("config set", f"permissions.{ADMIN_ID}.level 200"))

    assert said.startswith("This would raise your own level from 100 to 200")


async def test_who_takes_their_own_level_is_told_so(admin: Admin) -> None:
    said = await admin.said(by_admin("config set", f"permissions.{MODERATORS}.level 50"))

    assert "Mind that your own level fell from 100 to 0." in said


async def test_an_override_changes_who_may_use_a_command(admin: Admin) -> None:
    await announce(admin, TEMPBAN, MBAN)
    explained = by_text("permissions explain", "tempban")

    await admin.said(by_owner("config set", "commands.{command:tempban}.level 100"))
    said = await admin.said(explained)

    assert "`tempban` needs level 100, by `{command: tempban}`." in said
    assert "may ban, kick or moderate members in Discord" in said
    assert said.endswith(f"So <@{MODERATOR_ID}> may not use it.")


async def test_permissions_of_somebody_else_are_explained_by_their_roles(admin: Admin) -> None:
    await announce(admin, TEMPBAN)
    entry = f"permissions.{MODERATORS}.level 70"
    await admin.said(by_owner("config set", entry))

    said = await admin.said(by_owner("permissions explain", f"tempban <@{MODERATOR_ID}>"))
    of_member = await admin.said(by_owner("permissions explain", f"tempban {RAIDER_ID}"))

    assert f"<@{MODERATOR_ID}> has level 70: the entry of <@&{MODERATORS}>" in said
    assert of_member.endswith("may not use it.")


async def test_an_operator_may_use_everything_everywhere(admin: Admin) -> None:
    by = by_text("config show", user_id=OPERATOR_ID, permissions=0)

    assert "is empty" in await admin.said(by)


async def test_an_api_key_is_shown_once_and_opens_the_api(admin: Admin) -> None:
    by = by_interaction(
        "apikey create",
        options={"name": "reports", "scopes": "config:read"},
        user_id=OWNER_ID,
    )

    message = await admin.message(by)

    key = message.content.split("```")[1].strip()
    assert message.ephemeral
    assert key.startswith("flk_")

    async def opens() -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {key}"}
        response = await admin.http.get(admin.url("/config"), headers=headers)
        return response if response.status_code == 200 else None

    await eventually(opens)
    listed = by_interaction("apikey list", user_id=OWNER_ID)
    assert "**reports** (`config:read`)" in await admin.said(listed)


async def test_a_key_that_is_asked_for_twice_by_one_command_is_one_key(admin: Admin) -> None:
    by = by_interaction("apikey create", options={"name": "reports"}, user_id=OWNER_ID)

    first = await admin.said(by)
    admin.gateway.requests.clear()
    again = await admin.said(by)

    assert first == again
    sql = "SELECT count(*) FROM api_keys WHERE guild_id = $1"
    assert await admin.deps.db.fetchval(sql, admin.guild_id) == 1


async def test_a_revoked_key_opens_nothing(admin: Admin) -> None:
    by = by_interaction("apikey create", options={"name": "reports"}, user_id=OWNER_ID)
    key = (await admin.said(by)).split("```")[1].strip()
    headers = {"Authorization": f"Bearer {key}"}

    async def status() -> int:
        return (await admin.http.get(admin.url("/config"), headers=headers)).status_code

    async def opens() -> bool:
        return await status() == 200

    async def is_closed() -> bool:
        return await status() == 401

    await eventually(opens)
    revoke = by_interaction("apikey revoke", options={"key": key.split("_")[1]}, user_id=OWNER_ID)
    await admin.said(revoke)
    await eventually(is_closed)


async def test_moderators_get_no_api_keys(admin: Admin) -> None:
    by = by_interaction("apikey create", options={"name": "reports"})

    assert "needs level 100" in await admin.said(by)


async def test_a_service_without_configurations_is_sent_all_of_them(admin: Admin) -> None:
    await admin.said(by_owner("config set", "plugins.core.prefix ?"))
    await admin.said(by_interaction("apikey create", options={"name": "reports"}, user_id=OWNER_ID))
    seen: list[ConfigChanged | GuildKeysChanged] = []

    async def see(delivery: Delivery) -> None:
        type_ = ConfigChanged if delivery.type == ConfigChanged.KEY else GuildKeysChanged
        if delivery.guild_id == admin.guild_id:
            seen.append(decode(delivery.body, type_))

    keys = tuple((FLOTILLA_EVENTS, key) for key in (ConfigChanged.KEY, GuildKeysChanged.KEY))

    async def nothing_waits() -> bool:
        return await admin.deps.db.fetchval("SELECT count(*) FROM outbox") == 0

    await eventually(nothing_waits)
    await admin.bus.consume(QueueSpec("stats.domain", keys), see)
    await admin.bus.publish(
        FLOTILLA_EVENTS,
        ConfigWanted.KEY,
        ConfigWanted(service="stats"),
        message_id="1",
        type=ConfigWanted.KEY,
    )

    await eventually(lambda: len(seen) == 2)
    config, keys_changed = seen
    assert isinstance(config, ConfigChanged)
    assert config.document.plugins.core.prefix == "?"
    assert config.revision == 1
    assert isinstance(keys_changed, GuildKeysChanged)
    assert [key.name for key in keys_changed.keys] == ["reports"]


async def test_commands_are_counted_by_what_came_of_them(admin: Admin) -> None:
    async def counted(command: str, outcome: str) -> float:
        name = f'commands_total{{command="{command}",outcome="{outcome}",source="text"}}'
        lines = (await admin.http.get("/metrics")).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    done, refused = await counted("ping", "done"), await counted("config show", "refused")
    await admin.said(by_text("ping"))
    await admin.said(by_text("config show"))

    async def both_are_counted() -> bool:
        now = (await counted("ping", "done"), await counted("config show", "refused"))
        return now == (done + 1, refused + 1)

    await eventually(both_are_counted)
