"""The stream of figures and events that pages follow."""

from typing import Final

from starlette.responses import Response, StreamingResponse

from bascule.web.visit import Visit, page


async def live(visit: Visit) -> Response:
    """Answer with what changes, for as long as somebody looks."""
    return StreamingResponse(visit.site.hub.messages(visit.bearer), media_type="text/event-stream")


ROUTES: Final = (page("/live", live),)
