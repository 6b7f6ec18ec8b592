"""Network > Routes: where packets leave to."""

from typing import Final

from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.deleting import delete
from bascule.config.editing.network import WrittenInterface, interfaces_of
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from bascule.service.network import ShowInterfaces, ShowRoutes
from bascule.service.permissions import Permission
from bascule.web.pages.network.words import kept
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, edit

PATH: Final = "/network/routes"


async def routes(visit: Visit) -> Response:
    """Show those of the main table, and those that the working copy names."""
    return await _shown(visit)


async def add_route(visit: Visit) -> Response:
    """Put a route into the working copy."""
    interface, to, gateway = (visit.form.one(name) for name in ("interface", "destination", "gateway"))
    words = from_arguments(("interface", interface, "route", to or "default", gateway))
    outcome = await edit(visit, lambda text: put(text, words))
    if outcome.refused:
        return await _shown(visit, wrong=outcome.refused)
    return visit.go(PATH, kept(outcome, f"the route to {to or 'everywhere else'} was added"))


async def remove_route(visit: Visit) -> Response:
    """Take one out of the working copy."""
    interface, route = visit.form.one("interface"), visit.form.one("route")
    words = from_arguments(("interface", interface, "route", *route.split()))
    outcome = await edit(visit, lambda text: delete(text, words))
    if outcome.refused:
        return await _shown(visit, wrong=outcome.refused)
    return visit.go(PATH, kept(outcome, f"the route {route} was taken out"))


async def _shown(visit: Visit, wrong: tuple[Diagnostic, ...] = ()) -> Response:
    rows = (await visit.ask(ShowRoutes())).routes
    written: tuple[WrittenInterface, ...] = ()
    names: list[str] = []
    if visit.may(Permission.DEPLOY):
        written = await visit.site.texts.read(interfaces_of, (await copy_of(visit)).text)
        there = (await visit.ask(ShowInterfaces())).interfaces
        names = list(dict.fromkeys([*(one.name for one in written), *(row.name for row in there)]))
    return visit.page(
        "network/routes.html",
        code=422 if wrong else 200,
        routes=rows,
        written=[(one.name, route) for one in written for route in one.routes],
        names=[name for name in names if name != "lo"],
        wrong=wrong,
        form=visit.form,
    )


ROUTES: Final = (
    page(PATH, routes),
    action(f"{PATH}/add", add_route, permission=Permission.DEPLOY),
    action(f"{PATH}/remove", remove_route, permission=Permission.DEPLOY),
)
