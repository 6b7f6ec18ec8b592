"""From an HTTP request to one of the service: fields gathered from path, query and body, and judged by their types."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bascule.service.deployment import LoadCopy
from bascule.service.request import Request as Operation
from bascule.web.api.endpoints import Endpoint
from bascule.web.origin import origin_of

_ORIGIN: Final = "origin"
_EXPECTED: Final = "expected"
"""What a program says by `If-Match`."""

_HIDDEN: Final = frozenset({"progress", _ORIGIN})
"""Fields that a program does not give: one is for the control socket alone, the other is told by its connection."""


def fields_of(request: type[Operation[Any]]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of a request that a program may give."""
    return tuple(each for each in msgspec.structs.fields(request) if each.encode_name not in _HIDDEN)


def is_text(field: msgspec.structs.FieldInfo) -> bool:
    """Tell whether a field is a configuration: bytes within, a string for programs."""
    return bytes in _types(field.type)


def is_several(field: msgspec.structs.FieldInfo) -> bool:
    """Tell whether a field may be given several times."""
    return any(getattr(each, "__origin__", each) is tuple for each in _types(field.type))


async def asked(endpoint: Endpoint, request: Request) -> Operation[Any]:
    """Return what a program asks. Raises HTTPException where that is not what the endpoint takes."""
    named: dict[str, Any] = dict(request.path_params)
    known = {each.encode_name: each for each in fields_of(endpoint.request) if each.encode_name != _EXPECTED}
    given = dict(await _given(endpoint, request, known))
    wrong = sorted(given.keys() - known.keys())
    if wrong:
        raise HTTPException(422, f"there is no field {wrong[0]!r} here")
    twice = sorted(given.keys() & named.keys())
    if twice:
        raise HTTPException(422, f"the path says {twice[0]} already")
    given |= named
    _require_written(endpoint, given, known)
    for name, value in given.items():
        if is_text(known[name]) and isinstance(value, str):
            given[name] = value.encode()
    if endpoint.request is LoadCopy:
        given[_EXPECTED] = _etag(request)
    if any(each.encode_name == _ORIGIN for each in msgspec.structs.fields(endpoint.request)):
        given[_ORIGIN] = origin_of(request)
    try:
        # In a query everything is written, numbers too; in a path beside a body there are names alone.
        found: Operation[Any] = msgspec.convert(
            given, endpoint.request, strict=not endpoint.by_query, builtin_types=(bytes,)
        )
    except msgspec.ValidationError as error:
        raise HTTPException(422, str(error)) from None
    return found


async def _given(endpoint: Endpoint, request: Request, known: Mapping[str, msgspec.structs.FieldInfo]) -> Mapping[str, Any]:
    """Return the fields from where they belong. Raises HTTPException for those elsewhere, which would change nothing."""
    body = await request.body()
    if endpoint.by_query:
        if body:
            raise HTTPException(422, f"{endpoint.method} takes its fields from the query, and no body")
        return _query(request, known)
    if request.query_params:
        raise HTTPException(422, f"{endpoint.method} takes its fields from the body, and no query")
    return _body(body) if body else {}


def _query(request: Request, known: Mapping[str, msgspec.structs.FieldInfo]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        field = known.get(name)
        if field is not None and is_several(field):
            found.setdefault(name, []).append(value)
        elif name in found:
            raise HTTPException(422, f"{name} is given twice")
        else:
            found[name] = value
    return found


def _require_written(endpoint: Endpoint, given: Mapping[str, Any], known: Mapping[str, msgspec.structs.FieldInfo]) -> None:
    """Raise HTTPException where a path or a query says null, which it would be taken for: what is not said is left out."""
    for name, value in given.items() if endpoint.by_query else ():
        if isinstance(value, str) and value.lower() == "null" and str not in _types(known[name].type):
            raise HTTPException(422, f"{name} is no null: leave it out")


def _body(body: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"the body is no JSON object: {error}") from None
    return {name: _whole(value) for name, value in found.items()}


def _whole(value: Any) -> Any:
    """Return 7 for 7.0, which JSON does not tell apart."""
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _etag(request: Request) -> str | None:
    """Return which working copy a program means to replace, None for any. Raises HTTPException where it does not say."""
    tag = request.headers.get("if-match")
    if tag is None:
        words = "say which working copy this replaces: If-Match with the ETag of GET, or * for whichever there is"
        raise HTTPException(428, words)
    return None if tag.strip() == "*" else tag.strip().strip('"')


def _types(annotation: Any) -> tuple[Any, ...]:
    """Return the types of an annotation, without what is said about them."""
    inner = get_args(annotation)
    if not inner or getattr(annotation, "__origin__", None) is tuple:
        return (annotation,)
    return tuple(each for part in inner for each in _types(part))
