"""What people do beyond commands: fill in forms, use menus, type the beginning of an option."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from shared.contracts.actions import (
    Action,
    ActionRequest,
    Autocomplete,
    Button,
    DeleteResponse,
    EditResponse,
    Message,
    OpenModal,
    TextInput,
)
from shared.contracts.discord import MessageRef
from shared.contracts.ids import ChannelId, MessageId, UserId
from shared.contracts.invocations import Choice, Invocation, OptionValue, Resolved
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene
from tests.support.invoking import by_interaction


def acted(scene: Scene, made: Invocation, by: UserId | None = None) -> Invocation:
    """Return an invocation as one of the scene's guild and people."""
    pattern = scene.slash("ping", by)
    return replace(made, user=pattern.user, guild=pattern.guild, member=pattern.member)


async def opens(scene: Scene, by: Invocation) -> OpenModal:
    """Do something that opens a form, and return the form."""
    await scene.gateway.send(by)
    form = await scene.gateway.reaction(by)
    assert isinstance(form, OpenModal), form
    return form


def inputs(form: OpenModal) -> dict[str, str]:
    """Return what a form asks for, and what is filled in already."""
    each = [found for row in form.rows for found in row.components]
    return {one.custom_id: one.value or "" for one in each if isinstance(one, TextInput)}


def filled(
    scene: Scene, form: OpenModal, by: UserId | None = None, **values: OptionValue
) -> Invocation:
    """Return what a form leads to once it is sent."""
    made = by_interaction(source="modal", custom_id=form.custom_id, options=values)
    return acted(scene, made, by)


async def fills(
    scene: Scene, form: OpenModal, by: UserId | None = None, **values: OptionValue
) -> Message:
    """Fill in a form, and return the message that answers it."""
    return await scene.gateway.run(filled(scene, form, by, **values))


def user_menu(scene: Scene, command: str, user: UserId, by: UserId | None = None) -> Invocation:
    """Return the choice of an entry in a member's menu."""
    resolved = Resolved(
        users={user: scene.gateway.users[user]}, members={user: scene.town.members[user]}
    )
    made = by_interaction(command, source="user_menu", target_id=user, resolved=resolved)
    return acted(scene, made, by)


def message_menu(
    scene: Scene, command: str, message: MessageRef, by: UserId | None = None
) -> Invocation:
    """Return the choice of an entry in a message's menu."""
    made = by_interaction(command, source="message_menu", target_id=message.id)
    return acted(scene, replace(made, message=message), by)


def says(scene: Scene, user: UserId, content: str) -> MessageRef:
    """Return a message that somebody wrote."""
    return MessageRef(
        id=MessageId(new_id()),
        channel_id=ChannelId(new_id()),
        author=scene.gateway.users[user],
        content=content,
    )


async def offers(
    scene: Scene, command: str, option: str, typed: str, by: UserId | None = None
) -> Sequence[Choice]:
    """Type the beginning of an option, and return what is offered."""
    made = by_interaction(command, source="autocomplete", options={option: typed}, focused=option)
    asked = acted(scene, made, by)
    await scene.gateway.send(asked)
    answer = await scene.gateway.reaction(asked)
    assert isinstance(answer, Autocomplete), answer
    return answer.choices


async def edited(scene: Scene, by: Invocation, containing: str) -> Message:
    """Wait until an answer was edited into one that has a text."""

    def matches(request: ActionRequest) -> bool:
        action = request.action
        return (
            isinstance(action, EditResponse)
            and action.to == by.reply_to
            and containing in action.message.content
        )

    found = await scene.gateway.heard(matches)
    assert isinstance(found.action, EditResponse)
    return found.action.message


async def deleted(scene: Scene, by: Invocation) -> Action:
    """Wait until an answer was deleted."""

    def matches(request: ActionRequest) -> bool:
        return isinstance(request.action, DeleteResponse) and request.action.to == by.reply_to

    return (await scene.gateway.heard(matches)).action


async def hurry(scene: Scene, kind: str) -> None:
    """Make the guild's jobs of a kind due now."""
    await scene.rig.db.execute(
        "UPDATE timer SET due = now() WHERE kind = $1 AND key LIKE $2",
        kind,
        f"{scene.id}:%",
    )
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")


async def a_minute_passes(scene: Scene, number: int) -> None:
    """Let an infraction have been ordered more than a minute ago."""
    await scene.rig.db.execute(
        "UPDATE infractions SET created_at = created_at - $3::interval "
        "WHERE guild_id = $1 AND number = $2",
        scene.id,
        number,
        timedelta(seconds=61),
    )


def pressed(scene: Scene, button: Button, by: UserId | None = None) -> Invocation:
    """Return the press of a button."""
    return scene.press(button, by)
