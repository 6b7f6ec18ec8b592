"""What every page works with, made once for an application."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from bascule.service.asking import AsyncClient
from bascule.web.live import Hub
from bascule.web.rendering import Renderer
from bascule.web.texts import Texts
from bascule.web.works import Works


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The collaborators of the pages."""

    client: AsyncClient
    renderer: Renderer
    hub: Hub
    texts: Texts
    works: Works


def site_of(connection: HTTPConnection) -> Site:
    """Return what a request's application was made with."""
    site: Site = connection.app.state.site
    return site
