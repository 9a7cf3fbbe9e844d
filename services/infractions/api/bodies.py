"""What is sent to order a measure or to change one: each kind with the fields that it has."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from services.infractions.model import LARGEST_NUMBER
from shared.http import Body, SnowflakeGiven

LONGEST_REASON: Final = 6000
LONGEST_SECONDS: Final = 100 * 365 * 86_400
MOST_POINTS: Final = 1000
DELETED_SECONDS: Final = 7 * 86_400
MOST_MEMBERS: Final = 100
MOST_NUMBERS: Final = 500

Reason = Annotated[
    str,
    Field(
        max_length=LONGEST_REASON,
        pattern=r"^[^\x00]*$",
        description="Why; moderators read it, and the member if they are told.",
        examples=["Advertising"],
    ),
]
Needed = Annotated[
    str,
    Field(
        max_length=LONGEST_REASON,
        # Not of blanks alone.
        pattern=r"^[^\x00]*[!-~\u00a1-\u167f\u2100-\u2fff\u3001-\ud7ff\uf900-\ufefe][^\x00]*$",
        description="Why; moderators read it, and the member if they are told.",
        examples=["Advertising"],
    ),
]
Member = Annotated[SnowflakeGiven, Field(description="Whom; also who is not in the server.")]
Role = Annotated[SnowflakeGiven, Field(description="A role below the moderator's and the bot's.")]
Seconds = Annotated[int, Field(ge=1, le=LONGEST_SECONDS, examples=[86_400])]
HowLong = Annotated[
    Seconds | None, Field(description="How long from now, in seconds; for good without.")
]
Deleted = Annotated[
    int,
    Field(
        ge=0,
        le=DELETED_SECONDS,
        description="Their messages of so many seconds before are deleted; seven days at most.",
        examples=[3600],
    ),
]


class NewNote(Body):
    """Something that moderators should know; the member never sees it."""

    kind: Literal["note"]
    user_id: Member
    reason: Needed


class NewWarning(Body):
    """A warning, which the member is told of where the server wants it."""

    kind: Literal["warning"]
    user_id: Member
    reason: Needed
    points: int = Field(default=1, ge=1, le=MOST_POINTS, description="What it counts.")
    duration_seconds: Annotated[
        Seconds | None,
        Field(description="How long it counts; as the server's configuration says without."),
    ] = None


class NewKick(Body):
    """A kick; the member may come back with an invite."""

    kind: Literal["kick"]
    user_id: Member
    reason: Reason = ""


class NewMute(Body):
    """A mute, by Discord's timeout or by a role; of somebody muted it changes how long."""

    kind: Literal["mute"]
    user_id: Member
    reason: Reason = ""
    duration_seconds: HowLong = None
    role_id: Annotated[
        Role | None, Field(description="The role that mutes; the server's own way without.")
    ] = None


class NewBan(Body):
    """A ban, for a time or for good."""

    kind: Literal["ban"]
    user_id: Member
    reason: Reason = ""
    duration_seconds: HowLong = None
    delete_message_seconds: Deleted = 0


class NewSoftban(Body):
    """A kick that deletes messages: a ban that is lifted at once."""

    kind: Literal["softban"]
    user_id: Member
    reason: Reason = ""
    delete_message_seconds: Deleted = 86_400


class NewLift(Body):
    """The end of a ban or a mute before its time."""

    kind: Literal["unban", "unmute"]
    user_id: Member
    reason: Reason = ""


class NewTempRole(Body):
    """A role for a time."""

    kind: Literal["temprole"]
    user_id: Member
    role_id: Role
    duration_seconds: Annotated[Seconds, Field(description="How long from now, in seconds.")]
    reason: Reason = ""


NewInfraction = Annotated[
    NewNote | NewWarning | NewKick | NewMute | NewBan | NewSoftban | NewLift | NewTempRole,
    Field(discriminator="kind"),
]


class Change(Body):
    """What to change about an infraction; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    reason: Annotated[Needed, Field(description="The new reason.")] = ""
    duration_seconds: Annotated[
        Seconds | None, Field(description="How long from now, in seconds; null: for good.")
    ] = None

    @property
    def duration(self) -> timedelta | None:
        """The new duration."""
        seconds = self.duration_seconds
        return None if seconds is None else timedelta(seconds=seconds)


class Lift(Body):
    """Why a measure is ended before its time."""

    reason: Reason = ""


# --- many at once -------------------------------------------------------------------------------

Members = Annotated[
    list[SnowflakeGiven],
    Field(min_length=1, max_length=MOST_MEMBERS, description="Whom; each once."),
]
Numbers = Annotated[
    list[Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]],
    Field(min_length=1, max_length=MOST_NUMBERS, description="Which infractions.", examples=[[7]]),
]
Confirmed = Annotated[
    bool, Field(description="Begin at once; else it is a preview for five minutes.")
]


class NewMassMeasure(Body):
    """A ban or a kick of many members."""

    what: Literal["ban", "kick"]
    user_ids: Members
    reason: Reason = ""
    confirm: Confirmed = False


class NewMassMute(Body):
    """A mute of many members."""

    what: Literal["mute"]
    user_ids: Members
    reason: Reason = ""
    duration_seconds: HowLong = None
    confirm: Confirmed = False


class NewBulkChange(Body):
    """Many infractions to delete, or warnings to pardon."""

    what: Literal["delete", "pardon"]
    numbers: Numbers
    confirm: Confirmed = False


NewMassOrder = Annotated[NewMassMeasure | NewMassMute | NewBulkChange, Field(discriminator="what")]
