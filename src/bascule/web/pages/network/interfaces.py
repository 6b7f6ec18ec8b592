"""Network > Interfaces: what they have, and what they shall have."""

from typing import Final

from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.deleting import delete
from bascule.config.editing.edited import Edited
from bascule.config.editing.network import WrittenInterface, interfaces_of
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from bascule.service.network import ShowInterfaces
from bascule.service.permissions import Permission
from bascule.web.network.addresses import network_of
from bascule.web.pages.network.words import kept
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, edit

PATH: Final = "/network/interfaces"


async def interfaces(visit: Visit) -> Response:
    """Show each with its addresses, and those that the working copy gives it."""
    return await _shown(visit)


async def add_address(visit: Visit) -> Response:
    """Put an address into the working copy."""
    interface, address = visit.form.one("interface"), visit.form.one("address")
    virtual = ("virtual",) if visit.form.one("kind") == "virtual" else ()
    words = from_arguments(("interface", interface, "address", address, *virtual))
    outcome = await edit(visit, lambda text: put(text, words))
    if outcome.refused:
        return await _shown(visit, wrong=outcome.refused)
    return visit.go(PATH, kept(outcome, f"{address} was added to {interface}"))


async def remove_address(visit: Visit) -> Response:
    """Take one out of the working copy."""
    interface, address = visit.form.one("interface"), visit.form.one("address")

    def without(text: str) -> Edited:
        return delete(text, from_arguments(("interface", interface, "address", address.partition(" ")[0])))

    outcome = await edit(visit, without)
    if outcome.refused:
        return await _shown(visit, wrong=outcome.refused)
    return visit.go(PATH, kept(outcome, f"{address.partition(' ')[0]} was taken from {interface}"))


async def _shown(visit: Visit, wrong: tuple[Diagnostic, ...] = ()) -> Response:
    rows = (await visit.ask(ShowInterfaces())).interfaces
    written: tuple[WrittenInterface, ...] | None = None
    if visit.may(Permission.DEPLOY):
        written = await visit.site.texts.read(interfaces_of, (await copy_of(visit)).text)
    return visit.page(
        "network/interfaces.html",
        code=422 if wrong else 200,
        interfaces=network_of(rows, written),
        wrong=wrong,
        form=visit.form,
    )


ROUTES: Final = (
    page(PATH, interfaces),
    action(f"{PATH}/add", add_address, permission=Permission.DEPLOY),
    action(f"{PATH}/remove", remove_address, permission=Permission.DEPLOY),
)
