"""What a failure looks like in a browser: a page that says what was wrong, and never a traceback."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from bascule.service.failures import (
    NotLoggedIn,
    OperationFailed,
    describe,
)
from bascule.web.api.answers import problem
from bascule.web.attention import by_script
from bascule.web.cookies import forget_token
from bascule.web.guard import API, BodyRefused
from bascule.web.site import site_of
from bascule.web.statuses import STATUSES
from bascule.web.visit import login_path

_LOG: Final = logging.getLogger(__name__)
_TITLES: Final[Mapping[int, str]] = MappingProxyType(
    {
        403: "You may not do that",
        404: "There is nothing here",
        405: "That cannot be asked here",
        408: "It took too long",
        409: "It was not done",
        413: "That is too much",
        422: "It was not done",
        429: "Not now",
        500: "A fault of Bascule's own",
        503: "Bascule does not answer",
    }
)


async def _failed(request: Request, error: Exception) -> Response:
    """Show why an operation was not done; who is not logged in may log in, and comes back where he looked.

    A script is told so, and keeps what the browser is known by: another page may have logged in meanwhile.
    """
    assert isinstance(error, OperationFailed)
    status = STATUSES[type(error.failure)]
    if isinstance(error.failure, NotLoggedIn) and by_script(request):
        return PlainTextResponse("your login has ended\n", status)
    if isinstance(error.failure, NotLoggedIn):
        response: Response = RedirectResponse(login_path(_looked_at(request)), 303)
        forget_token(response)
        return response
    return shown(request, status, describe(error.failure))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = HTTPStatus(error.status_code).phrase
    response = shown(request, error.status_code, "" if error.detail == known else error.detail)
    response.headers.update(error.headers or {})
    return response


async def _body_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BodyRefused)
    return shown(request, error.status, "what was sent is too long, or came too slowly")


async def _fault(request: Request, error: Exception) -> Response:
    """Show a bug of ours, which the log has whole."""
    _LOG.error("a fault of our own in %s", request.url.path, exc_info=error)
    return shown(request, 500, "the log of Bascule's web process says where")


def shown(request: Request, status: int, words: str) -> Response:
    """Return the page of a failure; a program gets a problem document."""
    if request.url.path.startswith(API):
        return problem(status, words or HTTPStatus(status).phrase)
    values = {"title": _TITLES.get(status, "It was not done"), "words": words, "status": status}
    return HTMLResponse(site_of(request).renderer.render("fault.html", values), status)


def _looked_at(request: Request) -> str:
    """Return the page that somebody wanted to see; none of what was to be done."""
    if request.method != "GET":
        return "/"
    return f"{request.url.path}{f'?{request.url.query}' if request.url.query else ''}"


FAULTS: Final[Mapping[Any, Any]] = MappingProxyType(
    {OperationFailed: _failed, HTTPException: _refused, BodyRefused: _body_refused, Exception: _fault}
)
