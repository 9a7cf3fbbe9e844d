"""What clients send: nothing is taken that has no meaning here, and who misspells is told so."""

from typing import cast

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Body(BaseModel):
    """The body of a request: each field of its own type, and no field that it does not have."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        sent = cast("dict[str, object]", given)
        fields = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = sorted(name for name in sent if name not in fields)
        if unknown:
            raise PydanticCustomError(
                "unknown_field",
                "there is no field `{name}` here; there are {known}",
                {"name": unknown[0], "known": ", ".join(f"`{name}`" for name in fields)},
            )
        return sent
