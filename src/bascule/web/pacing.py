"""Stands before the pages and the REST interface: nobody asks more often than a bound, neither a source nor a login.

The bounds are far from what an administrator with ten tabs comes to: each asks every few seconds, and a page that is
opened asks for some ten things at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bascule.service.failures import Busy
from bascule.service.logins import LONGEST_TOKEN
from bascule.service.sources import place
from bascule.web.api.answers import problem
from bascule.web.cookies import token_of
from bascule.web.faults import shown
from bascule.web.guard import API
from bascule.web.pace import Bound, Pace

OF_SOURCE: Final = Bound(burst=600, rate=60.0)
"""A whole office may come from one address."""

OF_LOGIN: Final = Bound(burst=300, rate=20.0)
"""A browser's, or a program's token."""

_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of each who asks."""

    source: Bound = OF_SOURCE
    login: Bound = OF_LOGIN


class Pacing:
    """Refuses whoever asks too often; `clock` returns seconds that only grow."""

    def __init__(self, app: ASGIApp, bounds: Bounds, clock: Callable[[], float]) -> None:
        self._app = app
        self._sources = Pace(bounds.source, clock)
        self._logins = Pace(bounds.login, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        request = Request(scope)
        refused = self._refusal(request)
        await (self._app if refused is None else refused)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        """Return what says that it is too often; None where it is not. What a source may not is not the login's doing."""
        source = "" if request.client is None else place(request.client.host)
        wait, whose = self._sources.wait(source), f"from {source}"
        if not wait and (token := _token(request)):
            wait, whose = self._logins.wait(token), "by this login"
        if not wait:
            return None
        seconds = max(1, ceil(wait))
        words = f"too many requests {whose}: try again in {seconds} s"
        if request.url.path.startswith(API):
            answer = problem(_TOO_MANY, words, Busy(message=words))
        else:
            answer = shown(request, _TOO_MANY, words)
        answer.headers["retry-after"] = str(seconds)
        return answer


def _token(request: Request) -> str:
    """Return what somebody is known by, as he says; empty where he says nothing that could be one."""
    token = request.headers.get("authorization", "") if request.url.path.startswith(API) else token_of(request)
    return token if len(token) <= 2 * LONGEST_TOKEN else ""
