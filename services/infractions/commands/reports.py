"""Members report a message in its menu; the moderators answer with a button below the report."""

from datetime import timedelta
from typing import Final

from services.infractions import actions
from services.infractions.commands.declared import (
    GREY,
    RED,
    Why,
    commands,
    moderator_of,
    order_of,
    row,
)
from services.infractions.commands.menus import LONGEST_INPUT, REASON
from services.infractions.deps import Deps
from services.infractions.model import Kind, Report
from services.infractions.targets import find_target
from services.infractions.wording import LONGEST_IN_CARD, LONGEST_NAME, on_one_line, shown
from shared.commands import Duration, Modal, Reply, timestamp
from shared.commands.reply import to_message
from shared.contracts.actions import ActionRow, Button, Embed, EmbedField, TextInput
from shared.contracts.ids import MessageId
from shared.contracts.invocations import Invocation
from shared.permissions import MODERATOR

ORANGE: Final = 0xF0B232
HOW_LONG: Final = TextInput(
    custom_id="duration", label="Duration", required=False, placeholder="30m, 7d; for good without"
)
WHY: Final = TextInput(
    custom_id="reason", label="Reason", style=2, required=False, max_length=LONGEST_INPUT
)


@commands.command(
    "report", text=False, slash=False, ephemeral=True, menu="message", menu_name="Report"
)
async def report(deps: Deps, by: Invocation, message: MessageId) -> Reply:
    """Report a message to the moderators."""
    kept = await actions.record_report(deps, by)
    shown_to_moderators = Reply(embeds=(_embed(kept),), components=_buttons(kept))
    await actions.send_report(deps, kept, to_message(shown_to_moderators))
    return Reply("The moderators have your report. Thank you.", ephemeral=True)


def _embed(kept: Report) -> Embed:
    place = f"{kept.guild_id}/{kept.channel_id}/{kept.message_id}"
    fields = [
        EmbedField(name="Author", value=_named(kept.author_name, kept.author_id), inline=True),
        EmbedField(
            name="Reported by", value=_named(kept.reporter_name, kept.reporter_id), inline=True
        ),
        EmbedField(
            name="Where",
            value=f"<#{kept.channel_id}>, [the message](https://discord.com/channels/{place})",
        ),
        EmbedField(name="When", value=timestamp(kept.reported_at)),
    ]
    if kept.handled:
        fields.append(EmbedField(name="Dealt with", value=kept.handled))
    return Embed(
        title="A message was reported",
        description=shown(kept.content, LONGEST_IN_CARD) or "*No text.*",
        color=ORANGE,
        fields=tuple(fields),
    )


def _named(name: str, user_id: int) -> str:
    return f"**{on_one_line(name, LONGEST_NAME)}** (<@{user_id}>)"


def _buttons(kept: Report) -> tuple[ActionRow, ...]:
    def button(label: str, component: str, style: int) -> Button:
        return Button(label=label, custom_id=commands.custom_id(component, kept.id), style=style)

    return row(
        button("Warn author", "report-warn", RED),
        button("Mute author", "report-mute", RED),
        button("Dismiss", "report-dismiss", GREY),
    )


# --- what moderators do about it ----------------------------------------------------------------


@commands.component("report-warn", of="warn")
async def ask_to_warn(deps: Deps, by: Invocation, report: int) -> Modal:
    """Ask why the author is warned."""
    await actions.find_report(deps, by.guild_id, report)
    return Modal(commands.custom_id("report-warned", report), "Warn author", (REASON,))


@commands.component("report-mute", of="mute")
async def ask_to_mute(deps: Deps, by: Invocation, report: int) -> Modal:
    """Ask for how long the author is muted, and why."""
    await actions.find_report(deps, by.guild_id, report)
    return Modal(commands.custom_id("report-muted", report), "Mute author", (HOW_LONG, WHY))


@commands.component("report-warned", of="warn")
async def warned(deps: Deps, by: Invocation, report: int, reason: Why) -> Reply:
    """Warn the author of a reported message."""
    return await _act(deps, by, report, Kind.WARNING, reason)


@commands.component("report-muted", of="mute")
async def muted(
    deps: Deps, by: Invocation, report: int, duration: Duration | None = None, reason: Why = ""
) -> Reply:
    """Mute the author of a reported message."""
    return await _act(deps, by, report, Kind.MUTE, reason, duration)


async def _act(  # what the form carries, and what was filled in
    deps: Deps,
    by: Invocation,
    report_id: int,
    kind: Kind,
    reason: str,
    duration: timedelta | None = None,
) -> Reply:
    """Do it, and say so on the report."""
    kept = await actions.find_report(deps, by.guild_id, report_id)
    target = await find_target(deps, by, kept.author_id)
    what = order_of(by, target, kind, reason, duration, message_id=kept.message_id)
    infraction = await actions.order(deps, what)
    verb = "Warned" if kind is Kind.WARNING else "Muted"
    return await _close(deps, by, report_id, f"{verb}, infraction #{infraction.number}")


@commands.component("report-dismiss", level=MODERATOR)
async def dismiss(deps: Deps, by: Invocation, report: int) -> Reply:
    """Do nothing about it."""
    await actions.find_report(deps, by.guild_id, report)
    return await _close(deps, by, report, "Dismissed")


async def _close(deps: Deps, by: Invocation, report_id: int, what: str) -> Reply:
    who = on_one_line(moderator_of(by).name, LONGEST_NAME)
    kept = await actions.close_report(deps, by.guild_id, report_id, f"{what} by {who}")
    return Reply(embeds=(_embed(kept),), update=True)
