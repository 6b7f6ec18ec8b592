"""Network > Client: everything about one address, for whoever has its user on the phone."""

from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from bascule.service.failures import OperationFailed, describe
from bascule.service.operations import AskClient
from bascule.service.results import ClientReport
from bascule.web.pages.network.words import asked
from bascule.web.visit import Visit, page

PATH: Final = "/network/client"
SHOWN: Final = 100
"""Sessions of each kind on a page."""


async def client(visit: Visit) -> Response:
    """Show its host on each service, its sessions, and how near it is to limits."""
    address = visit.query.get("address", "").strip()
    report: ClientReport | None = None
    wrong = ""
    if address:
        request = asked(AskClient, {"address": address})
        try:
            report = None if request is None else await visit.ask(request)
            wrong = "" if report else "that is no address"
        except OperationFailed as failed:
            wrong = describe(failed.failure)
    return visit.page(
        "network/client.html",
        code=422 if wrong else 200,
        address=address,
        report=report,
        most=SHOWN,
        wrong=wrong,
        now=datetime.now(UTC),
    )


ROUTES: Final = (page(PATH, client),)
