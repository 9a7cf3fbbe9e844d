"""Completing what FastAPI says of an API in OpenAPI: errors as they are, and who may be refused."""

from typing import Any, Final

from shared.http.problems import MEDIA_TYPE, Problem

# Any below: OpenAPI documents are JSON, as FastAPI declares them.
Json = dict[str, Any]

SCHEMAS: Final = "#/components/schemas/"


def failure(description: str) -> Json:
    """Return the description of an answer that is a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
    return {"description": description, "content": content}


def complete(document: Json) -> None:
    """Describe the errors of each call of an API as they are."""
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    described = Problem.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
    schemas.update(described.pop("$defs"))
    schemas["Problem"] = described
    for calls in document["paths"].values():
        for call in calls.values():
            _complete_call(call)


def _complete_call(call: Json) -> None:
    responses: Json = call["responses"]
    if call.get("parameters") or "requestBody" in call:
        responses.setdefault("400", failure("The request is not right."))
    if "requestBody" in call:
        responses.setdefault("422", failure("A field of the body is not right."))
    if call.get("security"):
        responses.setdefault("401", failure("Nobody knows who is asking."))
        responses.setdefault("403", failure("Who asks may not do this."))
    for status, told in responses.items():
        if not status.startswith("2") and "content" not in told and status != "304":
            told["content"] = failure("")["content"]
