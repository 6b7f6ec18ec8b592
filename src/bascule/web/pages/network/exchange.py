"""Network > Exchange: what Exchange thinks of itself, and which servers clients meet."""

from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from bascule.service.affinity import AskAffinity
from bascule.service.exchange_health import ShowExchange
from bascule.service.operations import Status
from bascule.web.network.exchange import MOST_SHOWN, bonds, mailboxes, pictures
from bascule.web.visit import Visit, page

PATH: Final = "/network/exchange"


async def exchange(visit: Visit) -> Response:
    """Show the picture of virtual directories and servers."""
    health, status = await visit.ask(ShowExchange()), await visit.ask(Status())
    return visit.page(
        "network/exchange.html",
        pictures=pictures(health.servers, datetime.now(UTC)),
        maintenance=status.maintenance,
        mailboxes=mailboxes(each.message for each in status.findings),
    )


async def affinity(visit: Visit) -> Response:
    """Show how clients are spread, and who is split."""
    report = await visit.ask(AskAffinity())
    return visit.page("network/affinity.html", affinity=report, bonds=bonds(report), most=MOST_SHOWN)


ROUTES: Final = (page(PATH, exchange), page(f"{PATH}/affinity", affinity))
