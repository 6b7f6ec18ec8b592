"""The stream of figures and events that pages follow, and whether the login behind them stands."""

from typing import Final

from starlette.responses import Response, StreamingResponse

from bascule.web.attention import LIVE
from bascule.web.picture import MOST
from bascule.web.visit import Visit, page
from bascule.web.watch import Part


async def live(visit: Visit) -> Response:
    """Answer with what changes, for as long as somebody looks.

    `?relay=NAME` is about one relay or redirect, `?relays=drawn` about those of the overview, `?relays=all` about all.
    Without any it is about none: events, and how it goes on the whole.
    """
    return StreamingResponse(visit.site.hub.messages(visit.bearer, _part(visit)), media_type="text/event-stream")


def _part(visit: Visit) -> Part:
    if relay := visit.query.get("relay", ""):
        return Part(relay=relay)
    return {"all": Part(), "drawn": Part(most=MOST)}.get(visit.query.get("relays", ""), Part(most=0))


async def standing(_: Visit) -> Response:
    """Say that the login stands; whoever has none is told that before."""
    return Response(status_code=204)


ROUTES: Final = (page(LIVE, live), page(f"{LIVE}/login", standing))
