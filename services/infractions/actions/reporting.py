"""Reports of members: kept, posted to the moderators, closed when something was done about them."""

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import Report
from shared.contracts.actions import Message, SendMessage
from shared.contracts.ids import ChannelId, GuildId
from shared.contracts.invocations import Invocation
from shared.contracts.topology import INTERACTIVE
from shared.errors import ConflictError, ForbiddenError, NotFoundError, UserError


def channel_of_reports(deps: Deps, guild_id: GuildId) -> ChannelId:
    """Return where reports go. Raises UserError when the server has no such channel."""
    channel = deps.config.get(guild_id).plugins.infractions.modlog_channel
    if channel is None:
        raise UserError(
            "Reports can't be sent here: this server has no channel for them. Ask a moderator."
        )
    return ChannelId(channel)


async def record_report(deps: Deps, by: Invocation) -> Report:
    """Write down what somebody reports. Raises UserError, ConflictError when they did before."""
    channel_of_reports(deps, by.guild_id)
    message = by.message
    if message is None or message.author is None:
        raise NotFoundError("That message is not there any more.")
    if message.author.id == by.user.id:
        raise UserError("This message is your own.")
    kept = await queries.insert_report(deps.db, by, message.author.id, message.author.name)
    if kept is None:
        raise ConflictError("You have reported this message before: the moderators know of it.")
    return kept


async def send_report(deps: Deps, report: Report, message: Message) -> None:
    """Post a report to the moderators, once. Raises UserError when it can't be."""
    channel = channel_of_reports(deps, report.guild_id)
    try:
        await deps.gateway.do(
            SendMessage(channel_id=channel, message=message),
            key=f"report:{report.guild_id}:{report.id}",
            queue=INTERACTIVE,
        )
    except ForbiddenError:
        raise UserError(
            "The report could not be sent: I can't write in this server's channel for reports. "
            "Ask a moderator."
        ) from None
    await queries.report_sent(deps.db, report.id)


async def find_report(deps: Deps, guild_id: GuildId, report_id: int) -> Report:
    """Return a report about which nothing was done yet. Raises NotFoundError, ConflictError."""
    found = await queries.report(deps.db, guild_id, report_id)
    if found is None:
        raise NotFoundError("This report is not known any more.")
    if found.handled:
        raise ConflictError("Somebody has dealt with this report already.")
    return found


async def close_report(deps: Deps, guild_id: GuildId, report_id: int, handled: str) -> Report:
    """Note what was done about a report; the first one counts. Raises NotFoundError."""
    closed = await queries.close_report(deps.db, guild_id, report_id, handled)
    closed = closed or await queries.report(deps.db, guild_id, report_id)
    if closed is None:
        raise NotFoundError("This report is not known any more.")
    return closed
