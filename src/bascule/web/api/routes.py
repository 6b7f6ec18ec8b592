"""The routes of the table: who shows a token asks the service by them, and cookies count for nothing here."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from bascule.service.capture import Capture
from bascule.service.failures import OperationFailed
from bascule.service.logins import LONGEST_TOKEN, Bearer, ShowLogin
from bascule.web.api.answers import failed, good, problem, streamed
from bascule.web.api.asking import asked
from bascule.web.api.endpoints import ENDPOINTS, ROOT, Endpoint
from bascule.web.api.openapi import document
from bascule.web.capturing import captured
from bascule.web.guard import LONGEST_OF_STRANGERS
from bascule.web.site import site_of

_SCHEME: Final = "bearer "
_DIGITS: Final = 10
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def routes() -> Sequence[BaseRoute]:
    """Return them all, and what says so of any other path."""
    described = document()

    async def describe(_: Request) -> Response:
        return JSONResponse(described, headers={"cache-control": "no-cache"})

    made = [Route(f"{ROOT}/openapi.json", describe, methods=["GET"])]
    paths = sorted({each.path for each in ENDPOINTS}, key=lambda path: ("{" in path, path))  # the first that fits answers
    made += [_route(path, [each for each in ENDPOINTS if each.path == path]) for path in paths]
    return [*made, Route(f"{ROOT}/{{path:path}}", _nothing, methods=_METHODS)]


def _route(path: str, endpoints: Sequence[Endpoint]) -> Route:
    by_method = {each.method: each for each in endpoints}
    if "GET" in by_method and not by_method["GET"].operation.streams:
        by_method["HEAD"] = by_method["GET"]

    async def answer(request: Request) -> Response:
        endpoint = by_method.get(request.method)
        if endpoint is None:
            return _allowed(sorted(by_method))
        try:
            return await _answer(endpoint, request)
        except OperationFailed as error:
            return failed(error)
        except HTTPException as error:
            return problem(error.status_code, error.detail)

    return _Told(f"{ROOT}{path}", answer, methods=_METHODS)


class _Told(Route):
    """A route by a path as it was sent, not as it is decoded: a name in it may hold anything, a slash too."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is this route's, and which names its path has."""
        if not scope["path"].startswith(ROOT):
            return Match.NONE, {}
        pieces = bytes(scope["raw_path"]).decode("latin-1").split("/")
        sent = "/".join(quote(unquote(piece), safe="") for piece in pieces)
        fits, found = super().matches({**scope, "path": sent})
        if fits is not Match.NONE:
            found["path_params"] = {name: unquote(value) for name, value in found["path_params"].items()}
        return fits, found


async def _answer(endpoint: Endpoint, request: Request) -> Response:
    bearer = _bearer(request)
    client = site_of(request).client
    if _is_long(request):  # nothing long is read of strangers
        await client.call(ShowLogin(), bearer)
    operation = await asked(endpoint, request)
    if isinstance(operation, Capture):
        return await captured(client.stream(operation, bearer))
    if endpoint.operation.streams:
        return await streamed(client.stream(operation, bearer))
    return good(request, await client.call(operation, bearer))


def _is_long(request: Request) -> bool:
    """Tell whether a body is, or may be, longer than what is read of anybody."""
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers:
        return True
    return bool(length) and not (len(length) < _DIGITS and int(length) <= LONGEST_OF_STRANGERS)


def _bearer(request: Request) -> Bearer:
    """Return whose token a program shows. Raises HTTPException where it shows none."""
    header = request.headers.get("authorization", "")
    token = header[len(_SCHEME) :].strip()
    if not header.lower().startswith(_SCHEME) or not token or len(token) > LONGEST_TOKEN:
        raise HTTPException(401, "show a token: Authorization: Bearer …")
    return Bearer(token=token, source="" if request.client is None else request.client.host)


def _allowed(methods: Sequence[str]) -> Response:
    response = problem(405, f"this path takes {' and '.join(methods)}")
    response.headers["allow"] = ", ".join(methods)
    return response


async def _nothing(_: Request) -> Response:
    return problem(404, f"there is no such path: GET {ROOT}/openapi.json lists them all")
