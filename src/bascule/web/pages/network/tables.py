"""Network > Firewall > Address tables: what is in them, put in and taken out while everything runs."""

from typing import Final

from starlette.responses import Response

from bascule.service.failures import OperationFailed, describe
from bascule.service.permissions import Permission
from bascule.service.tables import ChangeTable, ShowTables
from bascule.web.pages.network.words import asked
from bascule.web.visit import Visit, action, page

PATH: Final = "/network/firewall/tables"
SHOWN: Final = 300
"""Addresses on a page."""

_TIMES: Final = (
    ("", "as long as the table says"),
    ("3600", "an hour"),
    ("86400", "a day"),
    ("604800", "a week"),
    ("31536000", "a year"),
)


async def tables(visit: Visit) -> Response:
    """Show them."""
    return await _shown(visit)


async def change(visit: Visit) -> Response:
    """Put an address in, or take one out."""
    form = visit.form
    order = "remove" if form.one("order") == "remove" else "add"
    values = {name: form.one(name) for name in ("name", "seconds", "reason")}
    address = form.one("address")
    given = {**values, order: (address,) if address else (), "force": form.has("force"), "origin": visit.origin}
    request = asked(ChangeTable, given)
    if request is None:
        return await _shown(visit, "an address has at most 64 characters, and a reason 256")
    try:
        changed = await visit.ask(request)
    except OperationFailed as failed:
        return await _shown(visit, describe(failed.failure))
    return visit.go(PATH, ". ".join((changed.sentence, *changed.warnings)))


async def _shown(visit: Visit, wrong: str = "") -> Response:
    found = await visit.ask(ShowTables())
    return visit.page(
        "network/tables.html",
        code=422 if wrong else 200,
        tables=found.tables,
        entries=found.entries[:SHOWN],
        more=max(0, len(found.entries) - SHOWN),
        times=_TIMES,
        wrong=wrong,
        form=visit.form,
    )


ROUTES: Final = (
    page(PATH, tables),
    action(PATH, change, permission=Permission.OPERATE),
)
