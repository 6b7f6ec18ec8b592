"""Answers to programs: JSON with an ETag, streams of events, and failures as problem documents (RFC 9457)."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bascule.service.failures import Failure, NotLoggedIn, OperationFailed, Rejected, describe
from bascule.service.result import Result
from bascule.service.results import CopyText, Loaded
from bascule.web.statuses import STATUSES

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
SILENCE: Final = 15.0
"""Seconds of a stream without an answer."""

_CHALLENGE: Final = {"www-authenticate": 'Bearer realm="Bascule"'}


def good(request: Request, result: Result) -> Response:
    """Return an answer; who has it already is told so.

    The tag of a working copy is of its text alone, and empty where there is none: what else is said may be another all the
    same, so it is always told.
    """
    body = msgspec.json.encode(result)
    if isinstance(result, CopyText | Loaded):
        return Response(body, headers={"etag": f'"{result.digest}"', "cache-control": "no-cache"}, media_type=_JSON)
    if request.method not in {"GET", "HEAD"}:
        return Response(body, media_type=_JSON)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
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


def failure_name(failure: Failure | type[Failure] | None) -> str:
    """Return a word for programs: `conflict`, `not-found`; `request` of what never reached the service."""
    return "request" if failure is None else str(failure.__struct_config__.tag)


async def streamed(answers: AsyncIterator[Result], silence: float = SILENCE) -> Response:
    """Return a stream of server-sent events, one for each answer. Raises OperationFailed where none comes.

    A comment comes after `silence` seconds without one, so that whoever is gone without a word does not keep his place.
    """
    first = await anext(answers)
    return StreamingResponse(_events(first, answers, silence), media_type="text/event-stream")


async def _events(first: Result, answers: AsyncIterator[Result], silence: float) -> AsyncIterator[bytes]:
    yield _event(first)
    coming = asyncio.ensure_future(_next(answers))
    try:
        while True:
            await asyncio.wait({coming}, timeout=silence)
            if not coming.done():
                yield b":\n\n"
                continue
            answer = coming.result()
            if answer is None:
                return
            yield _event(answer)
            coming = asyncio.ensure_future(_next(answers))
    except OperationFailed as error:
        yield b"event: failure\ndata: %s\n\n" % msgspec.json.encode({"detail": describe(error.failure)})
    finally:
        coming.cancel()


async def _next(answers: AsyncIterator[Result]) -> Result | None:
    """Return the next answer; None after the last."""
    return await anext(answers, None)


def _event(answer: Result) -> bytes:
    return b"data: %s\n\n" % msgspec.json.encode(answer)
