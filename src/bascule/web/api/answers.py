"""Answers to programs: JSON with an ETag, streams of events, and failures as problem documents (RFC 9457)."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bascule.service.failures import Failure, NotLoggedIn, OperationFailed, Rejected, describe
from bascule.service.result import Result
from bascule.service.results import CopyText
from bascule.web.statuses import STATUSES

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_CHALLENGE: Final = {"www-authenticate": 'Bearer realm="Bascule"'}


def good(request: Request, result: Result) -> Response:
    """Return an answer; who has it already is told so."""
    body = msgspec.json.encode(result)
    if request.method != "GET":
        return Response(body, media_type=_JSON)
    tag = result.digest if isinstance(result, CopyText) else sha256(body).hexdigest()[:32]
    headers = {"etag": f'"{tag}"', "cache-control": "no-cache"}
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=_JSON)


def problem(status: int, detail: str, failure: Failure | None = None) -> Response:
    """Return why it was not done."""
    told: dict[str, Any] = {"title": failure_name(failure), "status": status, "detail": detail}
    if isinstance(failure, Rejected):
        told["diagnostics"] = failure.diagnostics
    headers = _CHALLENGE if status == STATUSES[NotLoggedIn] else None
    return Response(msgspec.json.encode(told), status, headers, _PROBLEM)


def failed(error: OperationFailed) -> Response:
    """Return why an operation was not done."""
    return problem(STATUSES[type(error.failure)], describe(error.failure), error.failure)


def failure_name(failure: Failure | None) -> str:
    """Return a word for programs: `conflict`, `not-found`; `request` of what never reached the service."""
    return "request" if failure is None else str(failure.__struct_config__.tag)


async def streamed(answers: AsyncIterator[Result]) -> Response:
    """Return a stream of server-sent events, one for each answer. Raises OperationFailed where none comes."""
    first = await anext(answers)
    return StreamingResponse(_events(first, answers), media_type="text/event-stream")


async def _events(first: Result, answers: AsyncIterator[Result]) -> AsyncIterator[bytes]:
    yield _event(first)
    try:
        async for answer in answers:
            yield _event(answer)
    except OperationFailed as error:
        yield b"event: failure\ndata: %s\n\n" % msgspec.json.encode({"detail": describe(error.failure)})


def _event(answer: Result) -> bytes:
    return b"data: %s\n\n" % msgspec.json.encode(answer)
