"""Messages as somebody sees them, and the answers that applications give."""

from __future__ import annotations

from msgspec import Struct, field

from tests.support.calls import Json

EPHEMERAL, LOADING = 1 << 6, 1 << 7
BUTTON = 2


class InteractionFailed(AssertionError):  # noqa: N818 - what the client shows, in its words
    """The application did not answer in time, or not at all."""


class Message(Struct):
    """A message as somebody sees it; `raw` is Discord's JSON."""

    id: int
    channel_id: int
    author_id: int
    content: str
    raw: Json
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.raw.get("flags", 0) & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """Whether it only says that the answer is on its way."""
        return bool(self.raw.get("flags", 0) & LOADING)

    @property
    def text(self) -> str:
        """All that can be read in it: content, embeds and text components."""
        parts = [self.content, *_embed_texts(self.embeds), *_component_texts(self.components)]
        return "\n".join(part for part in parts if part)

    def buttons(self) -> list[Json]:
        """Return its buttons."""
        return [one for one in walk(self.components) if one["type"] == BUTTON]


class Answer(Message, kw_only=True):
    """What came back to an interaction: a message, or a modal to fill in."""

    modal: Json | None = None


def read_message(raw: Json) -> Message:
    """Return a message from Discord's JSON."""
    return Message(
        int(raw["id"]),
        int(raw["channel_id"]),
        int(raw["author"]["id"]),
        raw.get("content", ""),
        raw,
        raw.get("embeds", []),
        raw.get("components", []),
    )


def walk(components: list[Json]) -> list[Json]:
    """Return components with all that are inside them."""
    below = [one for component in components for one in walk(component.get("components", []))]
    accessories = [component["accessory"] for component in components if "accessory" in component]
    return [*components, *below, *accessories]


def _component_texts(components: list[Json]) -> list[str]:
    return [one["content"] for one in walk(components) if "content" in one]


def _embed_texts(embeds: list[Json]) -> list[str]:
    texts: list[str] = []
    for embed in embeds:
        texts += [str(embed.get("title", "")), str(embed.get("description", ""))]
        texts += [f"{one['name']}: {one['value']}" for one in embed.get("fields", [])]
        footer: Json = embed.get("footer") or {}
        texts.append(str(footer.get("text", "")))
    return [text for text in texts if text]


class Waiting:
    """Puts an answer together from the events that follow an interaction."""

    def __init__(self, nonce: str, message_id: str | None) -> None:
        self._nonce = nonce
        self._interaction_id: str | None = None
        self._changed_id = message_id
        self._answer: Json | None = None
        self._modal: Json | None = None
        self._accepted = False

    def take(self, event: Json) -> bool:
        """Take an event; say whether the answer is complete."""
        name, data = event["name"], event["data"]
        if str(data.get("nonce")) == self._nonce and name.startswith("INTERACTION_"):
            self._take_own(name, data)
        elif name == "MESSAGE_CREATE" and _metadata_id(data) == self._interaction_id:
            self._answer = data
        elif name == "MESSAGE_UPDATE" and data["id"] in self._ids():
            self._answer = {**(self._answer or {}), **data}
        loading = self._answer is not None and self._answer.get("flags", 0) & LOADING
        return self._modal is not None or (self._answer is not None and not loading)

    def answer(self) -> Answer:
        """Return the complete answer."""
        if self._modal is not None:
            channel_id = int(self._modal.get("channel_id") or 0)
            return Answer(0, channel_id, 0, self._modal["title"], self._modal, modal=self._modal)
        assert self._answer is not None
        shown = read_message(self._answer)
        return Answer(
            shown.id,
            shown.channel_id,
            shown.author_id,
            shown.content,
            shown.raw,
            shown.embeds,
            shown.components,
        )

    def _ids(self) -> set[str]:
        known = {self._answer["id"]} if self._answer else set[str]()
        return known | ({self._changed_id} if self._changed_id else set[str]())

    def _take_own(self, name: str, data: Json) -> None:
        self._interaction_id = data["id"] if name == "INTERACTION_CREATE" else self._interaction_id
        if name == "INTERACTION_FAILURE":
            raise InteractionFailed("The application did not respond.")
        if name == "INTERACTION_MODAL_CREATE":
            self._modal = data


def _metadata_id(data: Json) -> str:
    metadata: Json = data.get("interaction_metadata") or {}
    return metadata.get("id", "")
