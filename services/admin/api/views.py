"""What the API of admin answers and takes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.admin.model import Key, Revision
from shared.http import Body, MomentText, Problem, SnowflakeText


class RevisionView(BaseModel):
    """A revision of a configuration, without its text; revision 0 is the empty one."""

    guild_id: SnowflakeText
    revision: int
    note: str = Field(description="What its author said about it.")
    author_id: SnowflakeText
    author_name: str
    created_at: datetime


class ConfigView(RevisionView):
    """A configuration with its text."""

    yaml: str


class RevisionDetail(ConfigView):
    """A revision with its text, and what it changed."""

    diff: str = Field(description="A unified diff from the revision before.")


class RevisionPage(BaseModel):
    """Revisions, newest first."""

    items: list[RevisionView]
    next: str | None = Field(description="The cursor of the following page; none on the last.")


class ConfigChange(Body):
    """A configuration that shall hold."""

    yaml: str
    note: str = Field(default="", max_length=200, description="Why, for the history.")


class InvalidConfig(Problem):
    """Why a configuration is refused, and where in its text; lines and columns count from 1."""

    line: int
    column: int
    path: str


class KeyView(BaseModel):
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_by: SnowflakeText
    created_at: datetime
    expires_at: datetime | None


class KeyRequest(Body):
    """An API key to make."""

    name: str = Field(min_length=1, max_length=60)
    scopes: list[str] = Field(min_length=1)
    expires_at: MomentText | None = None


class NewKey(KeyView):
    """An API key that was made; `key` is never shown again."""

    key: str = Field(description="What scripts send: `Authorization: Bearer flk_...`")


class AccessView(BaseModel):
    """What somebody may do in a guild."""

    guild_id: SnowflakeText
    user_id: SnowflakeText
    level: int
    web: Literal["viewer", "editor", "admin"] | None = Field(
        description="Their role on the dashboard; none when they may not see the guild."
    )
    owner: bool
    operator: bool


class ChoiceView(BaseModel):
    """One of the values that an option may have."""

    name: str
    value: str | int | float


class OptionView(BaseModel):
    """An option of a command."""

    name: str
    description: str
    kind: str
    required: bool
    choices: list[ChoiceView]


class CommandView(BaseModel):
    """A command that a service has announced."""

    name: str
    description: str
    plugin: str
    level: int
    usage: str
    aliases: list[str]
    options: list[OptionView]
    text: bool
    slash: bool
    menu: Literal["user", "message"] | None


def revision_view(revision: Revision) -> RevisionView:
    """Show a revision without its text."""
    return RevisionView.model_validate(revision, from_attributes=True)


def config_view(revision: Revision) -> ConfigView:
    """Show a revision with its text."""
    return ConfigView.model_validate(revision, from_attributes=True)


def key_view(key: Key) -> KeyView:
    """Show a key without its hash."""
    return KeyView.model_validate(key, from_attributes=True)
