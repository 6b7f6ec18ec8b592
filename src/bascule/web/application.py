"""The pages as one application (ASGI 3): routes, what every answer carries, and what a failure looks like."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bascule.service.asking import AsyncClient
from bascule.web.api import routes as api
from bascule.web.faults import FAULTS
from bascule.web.files import Files
from bascule.web.guard import Guard
from bascule.web.live import Hub
from bascule.web.pacing import Bounds, Pacing
from bascule.web.pages import ROUTES
from bascule.web.rendering import Renderer
from bascule.web.site import Site
from bascule.web.texts import Texts
from bascule.web.works import Works

STATIC: Final = Path(__file__).parent / "static"
TEMPLATES: Final = Path(__file__).parent / "templates"


async def healthy(_: Request) -> Response:
    """Say that the pages are there, to whoever asks; pages at another place do, that move here."""
    return PlainTextResponse("ok\n", headers={"cross-origin-resource-policy": "cross-origin"})


def application(client: AsyncClient, *, bounds: Bounds | None = None, clock: Callable[[], float] = monotonic) -> Starlette:
    """Return the application, whose pages ask that client for everything that they show.

    `bounds` say how often anybody may ask, by a `clock` whose seconds only grow.
    """
    files = Files(STATIC)
    made = Starlette(
        routes=[Route("/healthz", healthy), *files.routes(), *api.routes(), *ROUTES],
        middleware=[Middleware(Guard), Middleware(Pacing, bounds or Bounds(), clock)],
        exception_handlers=FAULTS,
    )
    made.router.redirect_slashes = False  # it would lead to whatever a request calls its host
    made.state.site = Site(
        client=client, renderer=Renderer(TEMPLATES, files), hub=Hub(client), texts=Texts(), works=Works()
    )
    return made
