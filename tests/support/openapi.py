"""Discord's OpenAPI specification: whether an answer of the sandbox is one that it allows."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from msgspec import Struct
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.support.calls import Json

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT.parent / "shared" / "discord" / "openapi.json"
SPEC = "urn:discord"
METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\{[^}]*\}")
SUCCESS = range(200, 300)
TEXT: Json = {"type": "string"}
FIELD_ERROR: Json = {
    "type": "object",
    "properties": {"code": TEXT, "message": TEXT},
    "required": ["code", "message"],
}


class Operation(Struct, frozen=True):
    """A method of a route."""

    method: str
    path: str

    @property
    def shape(self) -> tuple[str, str]:
        """The operation without the names of its parameters."""
        return self.method, PARAMETER.sub("{}", self.path)


def specification() -> Specification | None:
    """Return the specification, if it is on this machine (or where DISCORD_OPENAPI says)."""
    place = Path(os.environ.get("DISCORD_OPENAPI", PLACE))
    return Specification(json.loads(place.read_text())) if place.is_file() else None


class Specification:
    """The operations and what each may answer."""

    def __init__(self, document: Json) -> None:
        # The specification says that a field's error code is a number; the API sends a word.
        of_field = document["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]
        of_field["items"] = FIELD_ERROR
        self._document = document
        resource: Resource[Any] = Resource.from_contents(
            document, default_specification=DRAFT202012
        )
        self._registry: Registry[Any] = Registry[Any]().with_resource(SPEC, resource)

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], str]]:
        """The routes; literal ones (`@me`) before those with parameters in the same place."""
        paths = sorted(self._document["paths"], key=lambda path: path.replace("{", "~"))
        return [(re.compile(PARAMETER.sub("[^/]+", path)), path) for path in paths]

    @cached_property
    def shapes(self) -> frozenset[tuple[str, str]]:
        """Every operation without the names of its parameters."""
        return frozenset(
            Operation(method.upper(), path).shape
            for path, item in self._document["paths"].items()
            for method in METHODS
            if method in item
        )

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request is for."""
        for pattern, template in self._routes:
            if pattern.fullmatch(path) and method.lower() in self._document["paths"][template]:
                return Operation(method, template)
        return None

    def problems(self, operation: Operation, status: int, body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
        """Yield what is wrong with an answer."""
        item = self._document["paths"][operation.path][operation.method.lower()]
        responses: dict[str, Json] = item["responses"]
        found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        if found is None:
            yield f"{status} is not among {', '.join(responses)}"
            return
        pointer = f"/paths/{_escaped(operation.path)}/{operation.method.lower()}/responses"
        pointer += f"/{status if str(status) in responses else f'{status // 100}XX'}"
        if "$ref" in found:
            pointer = found["$ref"].removeprefix("#")
            found = self._document["components"]["responses"][pointer.rpartition("/")[2]]
        if "content" not in found:
            if body is not None:
                yield "there should be no body"
            return
        yield from self._against(f"{pointer}/content/application~1json/schema", body)

    def _against(self, pointer: str, body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
        schema = {"$ref": f"{SPEC}#{pointer}"}
        validator = Draft202012Validator(schema, registry=self._registry)
        errors: Iterator[ValidationError] = validator.iter_errors(body)  # pyright: ignore[reportUnknownMemberType] - its second parameter has no type
        yield from map(_told, errors)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _told(error: ValidationError) -> str:
    """Say what is wrong; of several allowed shapes, for the one that fits best."""
    while error.context:
        error = max(error.context, key=lambda one: len(one.absolute_path))
    where = "/".join(str(part) for part in error.absolute_path)
    return f"at {where or 'the top'}: {error.message[:300]}"
