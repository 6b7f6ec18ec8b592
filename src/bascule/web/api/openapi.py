"""The OpenAPI 3.1 document, made of the table of endpoints and the types of requests and results."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from bascule import __version__
from bascule.config.diagnostics import Diagnostic
from bascule.service.capture import Capture
from bascule.service.deployment import LoadCopy
from bascule.web.api.answers import failure_name
from bascule.web.api.asking import fields_of, is_text
from bascule.web.api.endpoints import ENDPOINTS, ROOT, Endpoint
from bascule.web.capturing import PCAPNG
from bascule.web.statuses import STATUSES

_REFERENCE: Final = "#/components/schemas/{name}"
_PROBLEMS: Final[Mapping[str, str]] = {
    "400": "The body is no JSON object; or, in plain text, this is no HTTP, or its head is too long: 32 KiB never are.",
    "401": "No token, or one that is worth nothing.",
    "403": "Whose token it is may not do that.",
    "404": "There is nothing of that name.",
    "408": "The body came too slowly.",
    "409": "Somebody changed the matter meanwhile, or it cannot be.",
    "413": "The body is too long.",
    "422": "A field is missing, unknown or wrong; or the text has mistakes.",
    "429": "Something else must end first; or too many requests came: Retry-After says for how many seconds to wait.",
    "503": "The machine would not, or Bascule does not answer.",
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"enum": [failure_name(None), *(failure_name(kind) for kind in STATUSES)], "description": "For programs."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people."},
        "diagnostics": {
            "type": "array",
            "items": {"$ref": _REFERENCE.format(name=Diagnostic.__name__)},
            "description": "What is wrong with a text, where it was rejected.",
        },
    },
}


def document() -> Mapping[str, Any]:
    """Return the document, as JSON has it."""
    results = [endpoint.operation.result for endpoint in ENDPOINTS]
    fields = [field.type for endpoint in ENDPOINTS for field in fields_of(endpoint.request)]
    _, components = msgspec.json.schema_components([*dict.fromkeys(results), *fields], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _described(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bascule", "version": __version__, "description": _ABOUT},
        "servers": [{"url": ROOT}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_ABOUT: Final = (
    "What `bascule` does on the command line, for programs. Each request shows a token; what its owner may not do, it may "
    "not either. Changes of the working copy say with If-Match which one they replace. Failures are problem documents."
)


def _described(endpoint: Endpoint) -> Mapping[str, Any]:
    operation = endpoint.operation
    about: dict[str, Any] = {
        "operationId": operation.method,
        "summary": f"{operation.summary[:1].upper()}{operation.summary[1:]}",
        "description": f"Needs the permission `{operation.permission}`.",
        "parameters": [*_parameters(endpoint)],
        "responses": {**_answered(endpoint), **_refused(endpoint)},
    }
    if not endpoint.by_query and (body := _body(endpoint)) is not None:
        about["requestBody"] = body
    return about


def _parameters(endpoint: Endpoint) -> Iterator[Mapping[str, Any]]:
    for field in fields_of(endpoint.request):
        inside = field.encode_name in endpoint.in_path
        if inside or endpoint.by_query:
            yield {
                "name": field.encode_name,
                "in": "path" if inside else "query",
                "required": inside or field.required,
                "schema": _written(_schema(field)),
            }
    if endpoint.request is LoadCopy:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The ETag of the working copy that this replaces; empty quotes where there is none, * for any.",
            "schema": {"type": "string"},
        }


def _body(endpoint: Endpoint) -> Mapping[str, Any] | None:
    fields = [each for each in fields_of(endpoint.request) if each.encode_name not in endpoint.in_path]
    if endpoint.request is LoadCopy:
        fields = [each for each in fields if each.encode_name != "expected"]
    if not fields:
        return None
    required = [field.encode_name for field in fields if field.required]
    schema = {
        "type": "object",
        "properties": {field.encode_name: _schema(field) for field in fields},
        "required": required,
        "additionalProperties": False,
    }
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _schema(field: msgspec.structs.FieldInfo) -> Mapping[str, Any]:
    if is_text(field):
        return {"type": "string"} if field.required else {"anyOf": [{"type": "string"}, {"type": "null"}]}
    (schema,), _ = msgspec.json.schema_components([field.type], ref_template=_REFERENCE)
    return schema


def _written(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a path or a query may say of a field: nothing is null there, it is left out."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if not kinds:
        return schema
    return kinds[0] if len(kinds) == 1 else {**schema, "anyOf": kinds}


def _answered(endpoint: Endpoint) -> Mapping[str, Any]:
    name = endpoint.operation.result.__name__
    if endpoint.request is Capture:
        return {"200": {"description": "A pcapng file, while it is made.", "content": {PCAPNG: {}}}}
    if endpoint.operation.streams:
        words = "Server-sent events, each with such a value."
        return {"200": {"description": words, "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
    schema = {"$ref": _REFERENCE.format(name=name)}
    found: dict[str, Any] = {"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}}
    if endpoint.method == "GET":
        found["304"] = {"description": "It is as If-None-Match says."}
    return found


def _refused(endpoint: Endpoint) -> Mapping[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    statuses: Sequence[tuple[str, str]] = [*_PROBLEMS.items()]
    if endpoint.request is LoadCopy:
        statuses = [*statuses, ("428", "If-Match is missing.")]
    refused: dict[str, Any] = {status: {"description": words, "content": content} for status, words in statuses}
    refused["429"]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
    refused["400"] |= {"content": {**content, "text/plain": {"schema": {"type": "string"}}}}
    return refused
