"""The interactions of the last quarter of an hour: open, answered, failed or over."""

import asyncio
import secrets
from datetime import datetime, timedelta

from msgspec import Struct, field

from sandbox.errors import Code, DiscordError
from sandbox.forms import Json
from sandbox.interactions.kinds import Answer, InteractionType
from sandbox.world import World

ANSWER_WITHIN = timedelta(seconds=3)
TOKEN_LIFETIME = timedelta(minutes=15)
_LOOK_EVERY = 0.1  # seconds; the world's clock may jump, so a timer alone would not do


class Interaction(Struct, kw_only=True):
    """What a user did with an application, and what became of it."""

    id: int
    token: str
    type: InteractionType
    application_id: int
    user_id: int
    channel_id: int
    guild_id: int | None
    opened_at: datetime
    nonce: str | None = None
    command_name: str | None = None
    command_type: int | None = None
    source_id: int | None = None  # the message whose component was used
    metadata: Json = field(default_factory=dict[str, object])
    answer: Answer | None = None
    failed: bool = False
    original_id: int | None = None
    is_loading: bool = False
    message_ids: list[int] = field(default_factory=list[int])
    modal: Json | None = None


class Desk:
    """Opens interactions, finds them again, and fails those that nobody answers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._waiting: dict[int, Interaction] = {}
        self._timer: asyncio.TimerHandle | None = None

    def new_token(self) -> str:
        """Return a token that nobody can guess."""
        return secrets.token_urlsafe(96)

    def open(self, interaction: Interaction, payload: Json) -> None:
        """Send an interaction to its application, and tell the user's client so."""
        self._forget_old()
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        self._waiting[interaction.id] = interaction
        self.tell(interaction, "INTERACTION_CREATE")
        self._world.dispatch(
            "INTERACTION_CREATE",
            payload,
            guild_id=interaction.guild_id,
            users=frozenset({interaction.application_id}),
        )
        self._look_later()

    def tell(self, interaction: Interaction, event: str, more: Json | None = None) -> None:
        """Tell the client of the user who began an interaction."""
        data: Json = {"id": str(interaction.id), "nonce": interaction.nonce, **(more or {})}
        users = frozenset({interaction.user_id})
        self._world.dispatch(event, data, guild_id=interaction.guild_id, users=users)

    def to_answer(self, interaction_id: int, token: str) -> Interaction:
        """Return an interaction that waits for its answer: else 10062, or 40060 if it has one."""
        self._fail_late()
        found = self._by_id.get(interaction_id)
        if found is None or found.token != token:
            raise DiscordError.of(Code.UNKNOWN_INTERACTION)
        if found.answer is not None:
            raise DiscordError.of(Code.ALREADY_ACKNOWLEDGED)
        if found.failed:
            raise DiscordError.of(Code.UNKNOWN_INTERACTION)
        return found

    def answered(self, interaction: Interaction, answer: Answer) -> None:
        """Note that an interaction has its answer."""
        interaction.answer = answer
        self._waiting.pop(interaction.id, None)
        if answer != Answer.AUTOCOMPLETE:
            self.tell(interaction, "INTERACTION_SUCCESS")

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Return an answered interaction by its token: 50027 when that is over, 10015 before."""
        found = self._by_token.get(token)
        if found is None or found.application_id != application_id or self._is_over(found):
            raise DiscordError.of(Code.INVALID_WEBHOOK_TOKEN)
        if found.answer in (None, Answer.AUTOCOMPLETE):
            raise DiscordError.of(Code.UNKNOWN_WEBHOOK)
        return found

    def get(self, interaction_id: int) -> Interaction | None:
        """Return an interaction by its id."""
        return self._by_id.get(interaction_id)

    def all(self) -> list[Interaction]:
        """Return the interactions that are remembered, oldest first."""
        return list(self._by_id.values())

    def _is_over(self, interaction: Interaction) -> bool:
        return self._world.clock.now() - interaction.opened_at > TOKEN_LIFETIME

    def _forget_old(self) -> None:
        while self._by_id:
            oldest = next(iter(self._by_id.values()))
            if not self._is_over(oldest):
                return
            del self._by_id[oldest.id]
            self._by_token.pop(oldest.token, None)
            self._waiting.pop(oldest.id, None)

    def _fail_late(self) -> None:
        now = self._world.clock.now()
        late = [one for one in self._waiting.values() if now - one.opened_at > ANSWER_WITHIN]
        for interaction in late:
            del self._waiting[interaction.id]
            interaction.failed = True
            if interaction.type != InteractionType.AUTOCOMPLETE:
                self.tell(interaction, "INTERACTION_FAILURE", {"reason_code": 2})

    def _look_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look)

    def _look(self) -> None:
        self._timer = None
        self._fail_late()
        if self._waiting:
            self._look_later()
