"""The stream of figures and events that pages follow, and whether the login behind them stands."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response, StreamingResponse

from bascule.web.attention import LIVE
from bascule.web.picture import MOST
from bascule.web.visit import Visit, page
from bascule.web.watch import Part

_LONGEST: Final = 256
"""Characters of a name that may be asked of (`service.request.Name`)."""


async def live(visit: Visit) -> Response:
    """Answer with what changes, for as long as somebody looks.

    `?relay=NAME` is about one relay or redirect, `?relays=drawn` about those of the overview, `?relays=all` about all.
    Without any it is about none: events, and how it goes on the whole.
    """
    return StreamingResponse(visit.site.hub.messages(visit.bearer, part_of(visit.query)), media_type="text/event-stream")


def part_of(query: Mapping[str, str]) -> Part:
    """Return what a page is about; a name that is longer than any is about none, since it could not be asked of."""
    relay = query.get("relay", "")
    if relay and len(relay) <= _LONGEST:
        return Part(relay=relay)
    return {"all": Part(), "drawn": Part(most=MOST)}.get(query.get("relays", ""), Part(most=0))


async def standing(_: Visit) -> Response:
    """Say that the login stands; whoever has none is told that before."""
    return Response(status_code=204)


ROUTES: Final = (page(LIVE, live), page(f"{LIVE}/login", standing))
