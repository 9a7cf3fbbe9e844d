"""Evidence: messages and files that are kept with an infraction, by hand or with the measure."""

import hashlib
from collections.abc import Sequence

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.evidence_model import LARGEST_FILE, MOST_FILES
from services.infractions.fetching import check_origin
from shared.contracts.actions import ActionResult, Message
from shared.contracts.codec import encode
from shared.contracts.config import InfractionsPlugin
from shared.contracts.discord import Attachment, MessageRef, Overwrite, User
from shared.contracts.ids import MessageId, UserId
from shared.errors import UserError
from tests.infractions.file_server import FileServer
from tests.infractions.rig import Json, new_id
from tests.infractions.scene import Scene, shown
from tests.infractions.test_api import key, token
from tests.support.answering_gateway import BUSY, FORBIDDEN
from tests.support.invoking import CHANNEL
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

READS = (1 << 10) | (1 << 16)


def says(scene: Scene, content: str, *files: Attachment, by: UserId | None = None) -> MessageRef:
    """Return a message; the raider's if unsaid."""
    author = scene.gateway.users[by or scene.raider]
    return MessageRef(
        id=MessageId(new_id()),
        channel_id=CHANNEL,
        author=User(id=author.id, username=author.username),
        content=content,
        attachments=files,
    )


def done(data: object) -> ActionResult:
    """Return what Discord answers."""
    return ActionResult(status="done", data=msgspec.Raw(encode(data)))


def hears(scene: Scene, *messages: MessageRef) -> None:
    """Answer the next question for a channel's messages, newest first as Discord does."""
    scene.gateway.answers(CHANNEL, "list_messages", done(list(reversed(messages))))


def links(scene: Scene, message: MessageRef, **place: object) -> str:
    """Answer the next questions about a message, and return its link."""
    nowhere: dict[str, object] = {"id": CHANNEL, "guild_id": scene.id}
    channel = nowhere | place
    scene.gateway.answers(CHANNEL, "get_channel", done(channel))
    scene.gateway.answers(CHANNEL, "get_message", done(message))
    return f"https://discord.com/channels/{scene.id}/{CHANNEL}/{message.id}"


def everyone_reads(scene: Scene, *, but_not: Sequence[int] = ()) -> dict[str, object]:
    """Return what makes a channel readable for all, but for some roles."""
    overwrites = [Overwrite(id=scene.id, allow=READS)]
    overwrites += [Overwrite(id=role, deny=READS) for role in but_not]
    return {"permission_overwrites": overwrites}


async def warned(scene: Scene, messages: int = 0, retention: str | None = "90d") -> None:
    """Configure and warn the raider."""
    await scene.sets(InfractionsPlugin(evidence_messages=messages, evidence_retention=retention))
    assert "Warned" in await scene.types(f"warn <@{scene.raider}> spam")


async def listed(scene: Scene) -> list[Json]:
    """Return the evidence of the first infraction."""
    answer = await asks(scene, "GET", "")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def asks(
    scene: Scene, method: str, path: str, text: str | None = None, body: Json = None
) -> httpx.Response:
    """Ask the API about the evidence of the first infraction, as an admin if unsaid."""
    return await scene.rig.http.request(
        method,
        f"/guilds/{scene.id}/infractions/1/evidence{path}",
        headers={"Authorization": f"Bearer {text or token(scene, 'admin')}"},
        json=body,
    )


async def until_states(scene: Scene, *states: str) -> list[Json]:
    """Wait until the evidence of the first infraction is in these states."""

    async def arrived() -> list[Json]:
        found = await listed(scene)
        assert [each["state"] for each in found] == list(states), found
        return found

    return await eventually(arrived, 30)


async def attaches(scene: Scene, *files: Attachment) -> Message:
    """Attach files to the command that adds evidence, one command each."""
    answer = Message()
    for file in files:
        by = scene.text("infractions evidence add 1")
        assert by.message is not None
        answer = await scene.gateway.run(
            replace(by, message=replace(by.message, attachments=(file,)))
        )
    return answer


async def hurry(scene: Scene, kind: str) -> None:
    """Make the jobs of a kind due now."""
    await scene.rig.db.execute(
        "UPDATE timer SET due = now() WHERE kind = $1 AND payload->'guild_id' = $2", kind, scene.id
    )
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")


# --- with a measure -----------------------------------------------------------------------------


async def test_the_last_messages_of_a_warned_member_are_kept(
    scene: Scene, files: FileServer
) -> None:
    picture = files.puts(new_id(), "picture.png", b"<script>")
    hears(
        scene,
        says(scene, "first"),
        says(scene, "hello", by=scene.moderator),
        says(scene, "second"),
        says(scene, "third", picture),
    )

    await warned(scene, messages=2)

    found = await until_states(scene, "kept", "kept", "kept")
    assert [each["content"] for each in found] == ["second", "third", ""]
    assert found[0]["sha256"] == hashlib.sha256(b"second").hexdigest()
    assert (found[2]["name"], found[2]["size"]) == ("picture.png", 8)
    assert found[2]["sha256"] == hashlib.sha256(b"<script>").hexdigest()
    history = (await scene.infraction(1))["history"]
    assert history[-1]["detail"] == "taken: 2 messages, 1 file"


async def test_messages_are_taken_before_a_ban_deletes_them(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(evidence_messages=5))
    hears(scene, says(scene, "bad words"))

    await scene.types(f"ban <@{scene.raider}> 1 spam")

    steps = [step["change"] for step in (await scene.infraction(1))["history"]]
    assert steps == ["created", "evidence", "active"]
    assert len(await listed(scene)) == 1


async def test_a_gateway_that_is_away_delays_evidence_and_stops_no_measure(scene: Scene) -> None:
    scene.gateway.answers(CHANNEL, "list_messages", BUSY)
    hears(scene, says(scene, "later"))

    await warned(scene, messages=5)

    [piece] = await until_states(scene, "kept")
    assert piece["content"] == "later"


async def test_a_channel_that_the_bot_may_not_read_is_noted(scene: Scene) -> None:
    scene.gateway.answers(CHANNEL, "list_messages", FORBIDDEN)

    await warned(scene, messages=5)

    async def noted() -> None:
        last = (await scene.infraction(1))["history"][-1]
        assert last["detail"] == f"taken: 0 messages, 0 files; {FORBIDDEN.message}"

    await eventually(noted, 30)


async def test_evidence_is_taken_once(scene: Scene, elsewhere: Deps) -> None:
    hears(scene, says(scene, "once"))
    await warned(scene, messages=5)
    await until_states(scene, "kept")
    hears(scene, says(scene, "twice"))

    await actions.take_evidence(elsewhere, scene.id, 1)

    assert len(await listed(scene)) == 1
    scene.gateway.unscript(CHANNEL, "list_messages")


# --- by hand ------------------------------------------------------------------------------------


async def test_a_message_is_kept_by_its_link(scene: Scene) -> None:
    await warned(scene)
    link = links(scene, says(scene, "look"), **everyone_reads(scene))

    answer = await scene.types(f"infractions evidence add 1 {link}")

    assert answer == "Kept with infraction #1: message 1."
    [piece] = await listed(scene)
    assert (piece["content"], piece["link"]) == ("look", link)
    last = (await scene.infraction(1))["history"][-1]
    assert (last["change"], last["detail"]) == ("evidence", "added message 1")
    assert last["actor"]["name"] == "moderator"
    said = shown(await scene.types_for("infractions evidence list 1"))
    assert "message of raider: look" in said


async def test_the_same_message_is_kept_once(scene: Scene) -> None:
    await warned(scene)
    message = says(scene, "look")
    await scene.types(f"infractions evidence add 1 {links(scene, message)}", scene.owner)

    link = links(scene, message, **everyone_reads(scene))
    answer = await scene.types(f"infractions evidence add 1 {link}")

    assert answer == "Infraction #1 has that already."
    assert len(await listed(scene)) == 1


async def test_messages_of_another_server_are_nobodys_here(scene: Scene) -> None:
    await warned(scene)
    other = scene.another()
    link = links(scene, says(scene, "secret"), guild_id=other.id)

    answer = await scene.types(f"infractions evidence add 1 {link}")
    foreign = await scene.types(
        f"infractions evidence add 1 https://discord.com/channels/{other.id}/1/1"
    )

    assert answer == foreign == "That message is not in this server, or not there any more."
    assert not await listed(scene)
    scene.gateway.unscript(CHANNEL, "get_message")


async def test_moderators_are_not_shown_a_channel_that_discord_hides_from_them(
    scene: Scene,
) -> None:
    await warned(scene)
    hidden = everyone_reads(scene, but_not=[scene.roles["moderators"]])
    link = links(scene, says(scene, "secret"), **hidden)

    answer = await scene.types(f"infractions evidence add 1 {link}")

    assert answer == "You can't read that channel yourself."
    scene.gateway.unscript(CHANNEL, "get_message")


async def test_what_is_no_link_is_refused_with_a_hint(scene: Scene) -> None:
    await warned(scene)

    answer = await scene.types("infractions evidence add 1 https://evil.example/channels/1/2/3")

    assert "Copy Message Link" in answer


async def test_a_file_that_is_too_large_is_refused(scene: Scene, files: FileServer) -> None:
    await warned(scene)

    told = await attaches(scene, files.puts(new_id(), "film.mp4", b"", size=LARGEST_FILE + 1))

    assert told.content == "The file has 8.0 MiB: 8.0 MiB is the most."


async def test_a_file_that_is_larger_than_discord_said_is_not_kept(
    scene: Scene, files: FileServer
) -> None:
    await warned(scene)

    await attaches(scene, files.puts(new_id(), "film.mp4", bytes(LARGEST_FILE + 1), size=10))

    [piece] = await until_states(scene, "failed")
    assert piece["failure"] == f"The file is larger than {LARGEST_FILE} bytes."
    assert "not kept file 1" in (await scene.infraction(1))["history"][-1]["detail"]


async def test_an_infraction_has_so_many_files_at_most(scene: Scene, files: FileServer) -> None:
    await warned(scene)
    many = tuple(files.puts(new_id(), f"{at}.txt", b"x") for at in range(MOST_FILES))
    link = links(scene, says(scene, "files", *many), **everyone_reads(scene))
    await scene.types(f"infractions evidence add 1 {link}")

    told = await attaches(scene, files.puts(new_id(), "one-more.txt", b"x"))

    assert told.content == "An infraction has 25 files at most: remove some first."


async def test_a_file_server_that_is_broken_is_asked_again(scene: Scene, files: FileServer) -> None:
    await warned(scene)
    file = files.puts(new_id(), "log.txt", b"a log")
    files.broken[f"/attachments/{file.id}/log.txt"] = 2

    await attaches(scene, file)

    async def kept() -> None:
        await hurry(scene, "fetch_evidence")
        assert [each["state"] for each in await listed(scene)] == ["kept"]

    await eventually(kept, 30)


async def test_redirects_are_not_followed(scene: Scene, files: FileServer) -> None:
    await warned(scene)
    file = files.puts(new_id(), "a.txt", b"")
    elsewhere = files.puts(new_id(), "secret.txt", b"secret")
    files.leads[f"/attachments/{file.id}/a.txt"] = elsewhere.url

    await attaches(scene, file)

    [piece] = await until_states(scene, "failed")
    assert piece["failure"] == "Discord's file server says 302."
    assert files.asked[f"/attachments/{elsewhere.id}/secret.txt"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/a",
        "https://cdn.discordapp.com.evil.example/a",
        "https://cdn.discordapp.com@evil.example/a",
        "https://me@cdn.discordapp.com/a",
        "https://cdn.discordapp.com:8443/a",
        "file:///etc/passwd",
        "https://[",
    ],
)
async def test_only_discords_file_servers_are_asked(url: str) -> None:
    with pytest.raises(UserError):
        check_origin(url, ("https://cdn.discordapp.com",))


async def test_a_file_of_discords_is_fine() -> None:
    check_origin(
        "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", ["https://cdn.discordapp.com"]
    )


# --- reading, removing, expiring ----------------------------------------------------------------


async def test_a_file_is_served_to_staff_only_and_never_as_a_page(
    scene: Scene, files: FileServer
) -> None:
    await warned(scene)
    await attaches(scene, files.puts(new_id(), "päge.html", b"<script>alert(1)</script>"))
    await until_states(scene, "kept")
    text, kept = key("infractions:read")
    allowed, also = key("evidence:read")
    await scene.keys(kept, also)

    answer = await asks(scene, "GET", "/1/content", allowed)

    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''p%C3%A4ge.html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await asks(scene, "GET", "/1/content", text)).status_code == 403
    assert (await asks(scene, "GET", "/1/content", "flk_wrong")).status_code == 401
    other = scene.another()
    assert (await asks(scene, "GET", "/1/content", token(other, "admin"))).status_code == 403


async def test_the_same_file_is_stored_once_and_dropped_with_its_last_mention(
    scene: Scene, files: FileServer
) -> None:
    await warned(scene)
    body = str(new_id()).encode()
    await attaches(scene, files.puts(new_id(), "a.txt", body), files.puts(new_id(), "b.txt", body))
    await until_states(scene, "kept", "kept")

    async def stored() -> int:
        sql = "SELECT count(*) FROM evidence_files WHERE guild_id = $1"
        return await scene.rig.db.fetchval(sql, scene.id)

    assert await stored() == 1
    assert await scene.types("infractions evidence remove 1 1") == (
        "Evidence 1 of infraction #1 is removed."
    )
    assert await stored() == 1
    assert (await asks(scene, "DELETE", "/2")).json()["state"] == "removed"
    assert await stored() == 0
    digest = hashlib.sha256(body).hexdigest()
    assert [each["sha256"] for each in await listed(scene)] == [digest, digest]
    last = (await scene.infraction(1))["history"][-1]
    assert last["detail"] == f"removed file 2 (SHA-256 {digest})"
    assert (await asks(scene, "GET", "/2/content")).status_code == 404


async def test_what_others_added_needs_level_100(scene: Scene, files: FileServer) -> None:
    await warned(scene)
    await attaches(scene, files.puts(new_id(), "a.txt", b"x"))
    colleague = scene.joins("colleague", "moderators")

    refused = await scene.types("infractions evidence remove 1 1", colleague)
    done_ = await scene.types("infractions evidence remove 1 1", scene.owner)

    assert refused == "Only level 100 can remove what others added."
    assert done_ == "Evidence 1 of infraction #1 is removed."


async def test_evidence_goes_when_its_retention_time_is_over(scene: Scene) -> None:
    hears(scene, says(scene, "soon gone"))
    await warned(scene, messages=1, retention="2d")
    [piece] = await until_states(scene, "kept")
    assert piece["expires_at"] is not None

    await hurry(scene, "expire_evidence")

    [piece] = await until_states(scene, "expired")
    assert piece["content"] == ""
    assert piece["sha256"] == hashlib.sha256(b"soon gone").hexdigest()


async def test_without_a_retention_time_evidence_stays(scene: Scene) -> None:
    hears(scene, says(scene, "for ever"))
    await warned(scene, messages=1, retention=None)

    [piece] = await until_states(scene, "kept")

    assert piece["expires_at"] is None
    assert not await scene.timers("expire_evidence")


async def test_a_link_is_added_over_the_api(scene: Scene) -> None:
    await warned(scene)
    text, kept = key("infractions:write")
    await scene.keys(kept)
    link = links(scene, says(scene, "look"))

    answer = await asks(scene, "POST", "", text, {"link": link})

    assert answer.status_code == 201
    assert answer.json()["items"][0]["content"] == "look"
    assert (await asks(scene, "POST", "", text, {"link": "x"})).status_code == 400
