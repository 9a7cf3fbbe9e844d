"""Answers to people: first answers, edits of deferred ones, follow-ups, forms and completion."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

from services.gateway.actions.call import Call
from services.gateway.actions.payloads import (
    Json,
    response_payload,
    rows_payload,
)
from services.gateway.actions.plain import delete_message, edit_message, send_message
from services.gateway.actions.words import EXPIRED, gone, refused, result_of
from services.gateway.metrics import Metrics
from services.gateway.recognition.deferrals import Deferrals
from services.gateway.rest.client import Answer, Request, Rest
from services.gateway.rest.limiter import Priority
from services.gateway.rest.routes import Route, callback, follow_up, of_channel, original
from shared.contracts.actions import (
    EPHEMERAL,
    ActionResult,
    Autocomplete,
    Defer,
    DeleteMessage,
    DeleteResponse,
    EditMessage,
    EditResponse,
    FollowUp,
    Message,
    OpenModal,
    Respond,
    SendMessage,
)
from shared.contracts.ids import MessageId
from shared.contracts.invocations import InteractionTarget, MessageTarget

NEW_MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, FORM = 4, 5, 6, 7, 8, 9
"""Types of callbacks (Discord's reference, "Interaction Callback Type")."""

CALLBACK_LIMIT: Final = 5.0
"""Seconds for the attempts at a first answer; it is due within 3."""

ALREADY_ANSWERED: Final = 40060
LOADING: Final = 1 << 7
"""Flag of a message that says that the bot is thinking."""

NOT_FOR_TEXT: Final = "That can only answer an interaction, not a message."


class Original(Struct, frozen=True):
    """The message that stands as the answer to an interaction."""

    id: int
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms an action is done; `deadline` is of the loop's clock."""

    deadline: float
    key: str | None
    reason: str = ""
    priority: Priority = "interactive"


class Answering:
    """Carries out the actions that answer somebody."""

    def __init__(
        self,
        rest: Rest,
        deferrals: Deferrals,
        answer_of: Callable[[int], Awaitable[MessageId | None]],
        metrics: Metrics,
    ) -> None:
        self._rest = rest
        self._deferrals = deferrals
        self._answer_of = answer_of
        self._metrics = metrics

    async def respond(self, action: Respond, terms: Terms) -> ActionResult:
        """Give the first answer, or fill in the one that was deferred."""
        to = action.to
        if isinstance(to, MessageTarget):
            return await self._reply(to, action.message, terms)
        kind = UPDATE if action.update else NEW_MESSAGE
        payload = response_payload(action.message, whole=action.update)
        answer = await self._call_back(to, kind, payload, action.message, terms)
        if answer.ok or not _may_be_deferred(answer):
            return result_of(answer)
        return await self._fill_in(to, action, answer, terms)

    async def follow_up(self, action: FollowUp, terms: Terms) -> ActionResult:
        """Send a further message."""
        if isinstance(action.to, MessageTarget):
            return await self._reply(action.to, action.message, terms)
        return await self._follow_up(action.to, action.message, terms)

    async def edit_response(self, action: EditResponse, terms: Terms) -> ActionResult:
        """Change the answer."""
        to = action.to
        if isinstance(to, InteractionTarget):
            return result_of(await self._edit_original(to, action.message, terms))
        message_id = await self._answer_of(to.message_id)
        if message_id is None:
            return gone(10008)
        edit = EditMessage(channel_id=to.channel_id, message_id=message_id, message=action.message)
        return result_of(await self._call(edit_message(edit, None), terms))

    async def delete_response(self, action: DeleteResponse, terms: Terms) -> ActionResult:
        """Delete the answer."""
        to = action.to
        if isinstance(to, InteractionTarget):
            return result_of(
                await self._request(original("DELETE", to.application_id, to.token), terms)
            )
        message_id = await self._answer_of(to.message_id)
        if message_id is None:
            return gone(10008)
        delete = DeleteMessage(channel_id=to.channel_id, message_id=message_id)
        return result_of(await self._call(delete_message(delete, None), terms))

    async def defer(self, action: Defer, terms: Terms) -> ActionResult:
        """Say that an answer will come; under a message, as somebody who types."""
        to = action.to
        if isinstance(to, MessageTarget):
            typing = of_channel("POST", to.channel_id, "/typing")
            return result_of(await self._call(Call(typing), terms))
        kind = DEFER_UPDATE if action.update else DEFER
        payload: Json = {} if action.update or not action.ephemeral else {"flags": EPHEMERAL}
        answer = await self._call_back(to, kind, payload, None, terms)
        if answer.error.code == ALREADY_ANSWERED:
            return ActionResult(status="done", code=ALREADY_ANSWERED)
        return result_of(answer)

    async def autocomplete(self, action: Autocomplete, terms: Terms) -> ActionResult:
        """Offer choices."""
        if isinstance(action.to, MessageTarget):
            return refused(NOT_FOR_TEXT)
        choices = [{"name": each.name, "value": each.value} for each in action.choices[:25]]
        payload: Json = {"choices": choices}
        return result_of(await self._call_back(action.to, CHOICES, payload, None, terms))

    async def open_modal(self, action: OpenModal, terms: Terms) -> ActionResult:
        """Show a form."""
        if isinstance(action.to, MessageTarget):
            return refused(NOT_FOR_TEXT)
        payload: Json = {
            "custom_id": action.custom_id,
            "title": action.title,
            "components": rows_payload(action.rows),
        }
        return result_of(await self._call_back(action.to, FORM, payload, None, terms))

    # --- interactions ---------------------------------------------------------------------------

    async def _call_back(
        self,
        to: InteractionTarget,
        kind: int,
        data: Json,
        message: Message | None,
        terms: Terms,
    ) -> Answer:
        """Send the first answer to an interaction."""
        answer = await self._rest.call(
            Request(
                callback(to.id, to.token),
                min(terms.deadline, time.monotonic() + CALLBACK_LIMIT),
                json={"type": kind, "data": data} if data else {"type": kind},
                files=message.files if message else (),
            )
        )
        if answer.ok or answer.error.code == ALREADY_ANSWERED:
            self._deferrals.answered(to.id)
        if answer.error.code in EXPIRED:
            self._metrics.answers_late.labels("person").inc()
        return answer

    async def _fill_in(
        self, to: InteractionTarget, action: Respond, first: Answer, terms: Terms
    ) -> ActionResult:
        """Answer where something stands already: a deferral, or the same answer once more."""
        found = await self._request(original("GET", to.application_id, to.token), terms)
        if not found.ok:
            return result_of(first if first.came_to_nothing else found)
        standing = msgspec.json.decode(found.body, type=Original, strict=False)
        message = action.message
        if standing.id < to.id and not action.update:
            # the message with the component: it stays, the answer stands below
            return await self._follow_up(to, message, terms)
        if standing.flags & LOADING and message.ephemeral and not standing.flags & EPHEMERAL:
            # a deferral that everybody sees can't become an answer for one
            await self._request(original("DELETE", to.application_id, to.token), terms)
            return await self._follow_up(to, message, terms)
        return result_of(await self._edit_original(to, message, terms))

    async def _edit_original(self, to: InteractionTarget, message: Message, terms: Terms) -> Answer:
        route = original("PATCH", to.application_id, to.token)
        call = Call(route, response_payload(message, whole=True), message.files)
        return await self._call(call, terms)

    async def _follow_up(
        self, to: InteractionTarget, message: Message, terms: Terms
    ) -> ActionResult:
        """Post a further message, which Discord would post again if it were asked again."""
        route = follow_up(to.application_id, to.token)
        call = Call(route, response_payload(message), message.files, safe=False)
        return result_of(await self._call(call, terms), safe=False)

    # --- messages -------------------------------------------------------------------------------

    async def _reply(self, to: MessageTarget, message: Message, terms: Terms) -> ActionResult:
        post = SendMessage(channel_id=to.channel_id, message=message, reply_to=to.message_id)
        return result_of(await self._call(send_message(post, terms.key), terms))

    async def _request(self, route: Route, terms: Terms) -> Answer:
        return await self._call(Call(route), terms)

    async def _call(self, call: Call, terms: Terms) -> Answer:
        return await self._rest.call(
            Request(
                call.route,
                terms.deadline,
                json=call.json,
                files=call.files,
                reason=terms.reason,
                priority=terms.priority,
                safe=call.safe,
            )
        )


def _may_be_deferred(answer: Answer) -> bool:
    """Whether something may stand there: Discord says so, or said nothing that could be heard."""
    return answer.error.code == ALREADY_ANSWERED or answer.status in (0, 500, 502, 503, 504)
