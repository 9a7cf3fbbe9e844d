"""What bots and people do with Discord's API, so that every served route is used at least once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
from yarl import URL

from sandbox.world import voice as connections
from tests.sandbox.audit import Audit
from tests.support.calls import Json

Scenario = Callable[[Audit], Awaitable[None]]

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
WAVE = "%F0%9F%8C%8A"
TEMPBAN: Json = {
    "name": "tempban",
    "description": "Ban somebody for a time.",
    "options": [
        {"type": 6, "name": "member", "description": "Whom", "required": True},
        {"type": 3, "name": "duration", "description": "How long", "required": True},
        {"type": 3, "name": "reason", "description": "Why", "autocomplete": True},
    ],
}
BUTTONS: list[Json] = [
    {
        "type": 1,
        "components": [
            {"type": 2, "style": 1, "label": "Lift", "custom_id": "lift"},
            {"type": 2, "style": 5, "label": "Web", "url": "https://example.com"},
        ],
    },
    {
        "type": 1,
        "components": [
            {"type": 3, "custom_id": "pick", "options": [{"label": "One", "value": "1"}]}
        ],
    },
]
LAYOUT: list[Json] = [
    {
        "type": 17,
        "accent_color": 0x1F7A8C,
        "components": [
            {"type": 10, "content": "**Infractions**"},
            {"type": 14, "divider": True, "spacing": 1},
            {
                "type": 9,
                "components": [{"type": 10, "content": "one"}],
                "accessory": {"type": 2, "style": 2, "label": "More", "custom_id": "more"},
            },
        ],
    }
]
EMBED: Json = {
    "title": "Infraction #1",
    "description": "Banned",
    "color": 0xD8434B,
    "fields": [{"name": "Reason", "value": "spamming", "inline": True}],
    "footer": {"text": "Harbourmaster"},
    "author": {"name": "Harbour"},
    "timestamp": "2026-03-02T09:00:00+00:00",
}
V2 = 1 << 15
LOGIN_SCOPES = "identify email guilds guilds.join guilds.members.read connections"


async def applications(audit: Audit) -> None:
    """A bot looks at itself and where its gateway is."""
    await audit.bot("GET", "/applications/@me")
    await audit.bot("PATCH", "/applications/@me", {"description": "Keeps order."})
    await audit.bot("GET", "/oauth2/applications/@me")
    await audit.bot("GET", "/gateway")
    await audit.bot("GET", "/gateway/bot")
    await audit.bot("GET", "/voice/regions")


async def users(audit: Audit) -> None:
    """People and bots look at themselves and at each other."""
    await audit.bot("GET", "/users/@me")
    await audit.by(audit.member, "GET", "/users/@me")
    await audit.bot("GET", f"/users/{audit.member.id}")
    await audit.bot("PATCH", "/users/@me", {"username": "Flotilla"})
    await audit.bot("GET", "/users/@me/guilds?with_counts=true")
    await audit.bot("POST", "/users/@me/channels", {"recipient_id": str(audit.member.id)})
    await audit.refused("GET", "/users/123456789012345678")
    elsewhere = audit.world.create_guild("Elsewhere", audit.owner)
    audit.world.add_member(elsewhere, audit.world.users[audit.application.id])
    await audit.bot("DELETE", f"/users/@me/guilds/{elsewhere.id}")


async def logins(audit: Audit) -> None:
    """A website acts in somebody's name."""
    redirect = "http://localhost/callback"
    audit.application.redirect_uris = [redirect]
    asked = {"client_id": str(audit.application.id), "redirect_uri": redirect}
    page = URL(f"{audit.url}/oauth2/authorize").with_query(
        asked
        | {
            "response_type": "code",
            "scope": LOGIN_SCOPES,
        }
    )
    async with aiohttp.ClientSession() as http:
        form = {"decision": "authorize", "user_id": str(audit.member.id)}
        async with http.post(page, data=form, allow_redirects=False) as response:
            code = URL(response.headers["Location"]).query["code"]
        proof = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        login = aiohttp.encode_basic_auth(str(audit.application.id), audit.application.secret)
        token_url = f"{audit.api_url}/oauth2/token"
        headers = {"Authorization": login}
        async with http.post(token_url, data=proof, headers=headers) as response:
            access = (await response.json())["access_token"]
    token = f"Bearer {access}"
    for path in ("/oauth2/@me", "/users/@me", "/users/@me/guilds", "/users/@me/connections"):
        await audit.rest(token, "GET", path)
    await audit.rest(token, "GET", f"/users/@me/guilds/{audit.guild.id}/member")
    audit.world.remove_member(audit.guild, audit.member)
    joined = f"{audit.there}/members/{audit.member.id}"
    await audit.bot("PUT", joined, {"access_token": access})


async def messages(audit: Audit) -> None:
    """Messages with all that can be in them are posted, changed, pinned and deleted."""
    said = await audit.says("Ahoy <@1>!", embeds=[EMBED], components=BUTTONS)
    await audit.bot("POST", f"{audit.here}/messages", {"flags": V2, "components": LAYOUT})
    await audit.says("An answer", message_reference={"message_id": said["id"]})
    await audit.by(
        audit.member, "POST", f"{audit.here}/messages", {"content": f"<@{audit.owner.id}> hi"}
    )
    one = f"{audit.here}/messages/{said['id']}"
    await audit.bot("GET", one)
    await audit.bot("PATCH", one, {"content": "Ahoy again!", "embeds": []})
    await audit.bot("GET", f"{audit.here}/messages?limit=10")
    await audit.bot("POST", f"{audit.here}/typing")
    for pins, listed in (("/messages/pins", "/messages/pins"), ("/pins", "/pins")):
        await audit.bot("PUT", f"{audit.here}{pins}/{said['id']}")
        await audit.bot("GET", f"{audit.here}{listed}")
        await audit.bot("DELETE", f"{audit.here}{pins}/{said['id']}")
    spam = [(await audit.says(f"spam {number}"))["id"] for number in range(3)]
    await audit.bot("POST", f"{audit.here}/messages/bulk-delete", {"messages": spam})
    await audit.bot("DELETE", one)
    await audit.refused("GET", one)
    await audit.refused("POST", f"{audit.here}/messages", {"content": "x" * 2001})
    await audit.refused("POST", f"{audit.here}/messages", {"embeds": [{"title": "x" * 300}]})
    news = audit.world.create_channel(audit.guild, "news", type=5)
    told = await audit.bot("POST", f"/channels/{news.id}/messages", {"content": "News!"})
    await audit.bot("POST", f"/channels/{news.id}/messages/{told['id']}/crosspost")


async def reactions(audit: Audit) -> None:
    """Reactions are put under a message and taken away in all the ways there are."""
    said = await audit.says()
    under = f"{audit.here}/messages/{said['id']}/reactions"
    await audit.bot("PUT", f"{under}/{WAVE}/@me")
    await audit.by(audit.member, "PUT", f"{under}/{WAVE}/@me")
    await audit.bot("GET", f"{under}/{WAVE}")
    await audit.bot("GET", f"{audit.here}/messages/{said['id']}")
    await audit.bot("DELETE", f"{under}/{WAVE}/{audit.member.id}")
    await audit.bot("DELETE", f"{under}/{WAVE}/@me")
    for path in (f"{under}/{WAVE}", under):
        await audit.bot("PUT", f"{under}/{WAVE}/@me")
        await audit.bot("DELETE", path)


async def channels(audit: Audit) -> None:
    """Channels are opened, changed, closed to some, moved and deleted."""
    for kind, name in ((0, "boats"), (2, "deck"), (4, "quay"), (5, "news"), (15, "ideas")):
        made = await audit.bot("POST", f"{audit.there}/channels", {"name": name, "type": kind})
        await audit.bot("GET", f"/channels/{made['id']}")
    await audit.bot("GET", f"{audit.there}/channels")
    await audit.bot("PATCH", audit.here, {"topic": "Tides", "rate_limit_per_user": 5})
    await audit.bot(
        "PATCH", f"{audit.there}/channels", [{"id": str(audit.channel.id), "position": 3}]
    )
    place = f"{audit.here}/permissions/{audit.role.id}"
    await audit.bot("PUT", place, {"type": 0, "deny": "2048", "allow": "0"})
    await audit.bot("GET", audit.here)
    await audit.bot("DELETE", place)
    await audit.bot("DELETE", f"/channels/{made['id']}")
    await audit.refused("GET", f"/channels/{made['id']}")


async def threads(audit: Audit) -> None:
    """Threads are started, joined, listed, archived."""
    said = await audit.says()
    thread = await audit.bot(
        "POST", f"{audit.here}/messages/{said['id']}/threads", {"name": "Talk"}
    )
    private = await audit.bot("POST", f"{audit.here}/threads", {"name": "Plans", "type": 12})
    inside = f"/channels/{thread['id']}"
    await audit.bot("POST", f"{inside}/messages", {"content": "In here."})
    await audit.by(audit.member, "PUT", f"{inside}/thread-members/@me")
    await audit.bot("PUT", f"{inside}/thread-members/{audit.raider.id}")
    await audit.bot("GET", f"{inside}/thread-members")
    await audit.bot("GET", f"{inside}/thread-members?with_member=true")
    await audit.bot("GET", f"{inside}/thread-members/{audit.member.id}")
    await audit.bot("DELETE", f"{inside}/thread-members/{audit.raider.id}")
    await audit.by(audit.member, "DELETE", f"{inside}/thread-members/@me")
    await audit.bot("GET", f"{audit.there}/threads/active")
    for one in (thread, private):
        await audit.bot("PATCH", f"/channels/{one['id']}", {"archived": True})
    await audit.bot("GET", f"{audit.here}/threads/archived/public")
    await audit.bot("GET", f"{audit.here}/threads/archived/private")
    await audit.bot("GET", f"{audit.here}/users/@me/threads/archived/private")


async def guilds(audit: Audit) -> None:
    """A guild is looked at from all sides and changed."""
    await audit.bot("GET", audit.there)
    await audit.bot("GET", f"{audit.there}?with_counts=true")
    await audit.bot("PATCH", audit.there, {"description": "Boats.", "verification_level": 1})
    await audit.bot("GET", f"{audit.there}/preview")
    await audit.bot("GET", f"{audit.there}/regions")
    await audit.bot("GET", f"{audit.there}/integrations")
    for empty in ("emojis", "stickers", "scheduled-events", "auto-moderation/rules"):
        await audit.bot("GET", f"{audit.there}/{empty}")
    await audit.refused("GET", "/guilds/123456789012345678")


async def roles(audit: Audit) -> None:
    """Roles are made, changed, moved, given, taken and deleted."""
    made = await audit.bot(
        "POST", f"{audit.there}/roles", {"name": "Night watch", "color": 0x9B7BD8}
    )
    one = f"{audit.there}/roles/{made['id']}"
    await audit.bot("GET", one)
    await audit.bot("GET", f"{audit.there}/roles")
    await audit.bot("PATCH", one, {"hoist": True, "mentionable": True})
    await audit.bot("PATCH", f"{audit.there}/roles", [{"id": made["id"], "position": 2}])
    given = f"{audit.there}/members/{audit.member.id}/roles/{made['id']}"
    await audit.bot("PUT", given)
    await audit.bot("GET", f"{audit.there}/roles/member-counts")
    await audit.bot("DELETE", given)
    await audit.bot("DELETE", one)
    await audit.refused("PATCH", one, {"name": "x"})


async def members(audit: Audit) -> None:
    """Members are found, renamed, timed out, kicked and pruned."""
    one = f"{audit.there}/members/{audit.member.id}"
    await audit.bot("GET", one)
    await audit.bot("GET", f"{audit.there}/members?limit=100")
    await audit.bot("GET", f"{audit.there}/members/search?query=mem")
    until = audit.world.clock.now() + timedelta(days=40)
    error = await audit.refused("PATCH", one, {"communication_disabled_until": until.isoformat()})
    assert error.status == 400
    soon = audit.world.clock.now().isoformat()
    await audit.bot("PATCH", one, {"nick": "Pip", "communication_disabled_until": soon})
    await audit.bot("PATCH", f"{audit.there}/members/@me", {"nick": "Harbourmaster"})
    await audit.bot("GET", f"{audit.there}/prune?days=7")
    await audit.bot("POST", f"{audit.there}/prune", {"days": 7})
    await audit.bot("DELETE", f"{audit.there}/members/{audit.raider.id}")
    await audit.refused("GET", f"{audit.there}/members/{audit.raider.id}")


async def bans(audit: Audit) -> None:
    """People are banned and let in again, and the audit log tells of it."""
    ban = f"{audit.there}/bans/{audit.raider.id}"
    await audit.bot("PUT", ban, {"delete_message_seconds": 60})
    await audit.bot("GET", ban)
    await audit.bot("GET", f"{audit.there}/bans")
    await audit.bot("DELETE", ban)
    await audit.refused("GET", ban)
    await audit.bot("POST", f"{audit.there}/bulk-ban", {"user_ids": [str(audit.raider.id)]})
    await audit.bot("PATCH", audit.there, {"name": "Harbour of ours"})
    await audit.bot("PUT", f"{audit.there}/members/{audit.member.id}/roles/{audit.role.id}")
    await audit.bot("GET", f"{audit.there}/audit-logs")


async def invites(audit: Audit) -> None:
    """Invites are made, looked at and taken back."""
    made = await audit.bot("POST", f"{audit.here}/invites", {"max_age": 0})
    await audit.bot("GET", f"{audit.here}/invites")
    await audit.bot("GET", f"{audit.there}/invites")
    await audit.bot("GET", f"/invites/{made['code']}?with_counts=true")
    await audit.bot("DELETE", f"/invites/{made['code']}")
    await audit.refused("GET", f"/invites/{made['code']}")


async def voice(audit: Audit) -> None:
    """Somebody is in a stage channel."""
    stage = audit.world.create_channel(audit.guild, "stage", type=13)
    connections.connect(audit.world, audit.guild, audit.member.id, stage)
    state = f"{audit.there}/voice-states/{audit.member.id}"
    await audit.bot("GET", state)
    await audit.bot("PATCH", state, {"channel_id": str(stage.id), "suppress": False})


async def webhooks(audit: Audit) -> None:
    """A webhook posts, changes and takes back."""
    made = await audit.bot("POST", f"{audit.here}/webhooks", {"name": "Lighthouse"})
    by_id, by_token = f"/webhooks/{made['id']}", f"/webhooks/{made['id']}/{made['token']}"
    await audit.bot("GET", f"{audit.here}/webhooks")
    await audit.bot("GET", f"{audit.there}/webhooks")
    await audit.bot("GET", by_id)
    await audit.bot("PATCH", by_id, {"name": "Lamp"})
    await audit.anonymous("GET", by_token)
    await audit.anonymous("PATCH", by_token, {"name": "Foghorn"})
    await audit.anonymous("POST", by_token, {"content": "Unseen"})
    said = await audit.anonymous(
        "POST", f"{by_token}?wait=true", {"content": "Toot", "embeds": [EMBED]}
    )
    await audit.anonymous("GET", f"{by_token}/messages/{said['id']}")
    await audit.anonymous("PATCH", f"{by_token}/messages/{said['id']}", {"content": "Toot toot"})
    await audit.anonymous("DELETE", f"{by_token}/messages/{said['id']}")
    await audit.anonymous("DELETE", by_token)
    other = await audit.bot("POST", f"{audit.here}/webhooks", {"name": "Other"})
    await audit.bot("DELETE", f"/webhooks/{other['id']}")


async def commands(audit: Audit) -> None:
    """Commands are registered, for everybody and for one guild."""
    base = f"/applications/{audit.application.id}"
    for scope in (f"{base}/commands", f"{base}/guilds/{audit.guild.id}/commands"):
        menu: Json = {"name": "Show infractions", "type": 2}
        listed = await audit.bot("PUT", scope, [TEMPBAN, menu])
        await audit.bot("GET", scope)
        await audit.bot("GET", f"{scope}?with_localizations=true")
        await audit.bot("GET", f"{scope}/{listed[0]['id']}")
        await audit.bot("PATCH", f"{scope}/{listed[0]['id']}", {"description": "Ban for a time"})
        made = await audit.bot("POST", scope, {"name": "ping", "description": "Ping."})
        await audit.bot("DELETE", f"{scope}/{made['id']}")
        await audit.refused("GET", f"{scope}/{made['id']}")
        await audit.refused("POST", scope, {"name": "Not Lower", "description": ""})
    permissions = f"{base}/guilds/{audit.guild.id}/commands/permissions"
    await audit.bot("GET", permissions)
    one = f"{base}/guilds/{audit.guild.id}/commands/{listed[0]['id']}/permissions"
    rights = {"permissions": [{"id": str(audit.role.id), "type": 1, "permission": True}]}
    await audit.refused("PUT", one, rights, always=True)
    await audit.refused("GET", one, always=True)


async def interactions(audit: Audit) -> None:
    """Commands, components, autocomplete and modals are answered in all ways."""
    scope = f"/applications/{audit.application.id}/guilds/{audit.guild.id}/commands"
    tempban = (await audit.bot("PUT", scope, [TEMPBAN]))[0]
    options = [
        {"type": 6, "name": "member", "value": str(audit.raider.id)},
        {"type": 3, "name": "duration", "value": "20s"},
    ]
    data = {"id": tempban["id"], "name": "tempban", "type": 1, "version": tempban["version"]}

    async def used(answer: Json, kind: int = COMMAND, extra: Json | None = None) -> str:
        last = [*options, *([extra] if extra else [])]
        interaction = await audit.interact(kind, {**data, "options": last})
        callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
        await audit.anonymous("POST", f"{callback}?with_response=true", answer)
        error = await audit.refused("POST", callback, answer)
        assert error.code == 40060
        return f"/webhooks/{audit.application.id}/{interaction.token}"

    token = await used({"type": MESSAGE, "data": {"content": "Banned", "components": BUTTONS}})
    await audit.anonymous("GET", f"{token}/messages/@original")
    await audit.anonymous("PATCH", f"{token}/messages/@original", {"embeds": [EMBED]})
    more = await audit.anonymous("POST", token, {"content": "And more", "flags": 64})
    await audit.anonymous("GET", f"{token}/messages/{more['id']}")
    await audit.anonymous("DELETE", f"{token}/messages/{more['id']}")
    await audit.anonymous("DELETE", f"{token}/messages/@original")
    token = await used({"type": DEFERRED, "data": {"flags": 64}})
    await audit.anonymous("PATCH", f"{token}/messages/@original", {"content": "Done"})
    focused = {"type": 3, "name": "reason", "value": "sp", "focused": True}
    choices = {"choices": [{"name": "spamming", "value": "spamming"}]}
    await used({"type": CHOICES, "data": choices}, AUTOCOMPLETE, focused)
    row = {"type": 1, "components": [{"type": 4, "custom_id": "text", "style": 1, "label": "Text"}]}
    await used({"type": MODAL, "data": {"custom_id": "note", "title": "Note", "components": [row]}})
    await _press(audit, {"type": DEFERRED_UPDATE})
    await _press(audit, {"type": UPDATE, "data": {"content": "Lifted", "components": []}})


async def _press(audit: Audit, answer: Json) -> None:
    said = await audit.says("Press", components=BUTTONS)
    data: Json = {"component_type": 2, "custom_id": "lift"}
    interaction = await audit.interact(COMPONENT, data, message_id=said["id"], message_flags=0)
    callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await audit.anonymous("POST", f"{callback}?with_response=true", answer)


SCENARIOS: tuple[Scenario, ...] = (
    applications,
    users,
    logins,
    messages,
    reactions,
    channels,
    threads,
    guilds,
    roles,
    members,
    bans,
    invites,
    voice,
    webhooks,
    commands,
    interactions,
)
