"""Is mail flowing? One sentence, one picture, and what needs an eye."""

import asyncio
from typing import Final

from starlette.responses import Response

from bascule.service.operations import ShowRelays, Status
from bascule.web.picture import picture
from bascule.web.visit import Visit, page


async def overview(visit: Visit) -> Response:
    """Show how it goes."""
    status, relays = await asyncio.gather(visit.ask(Status()), visit.ask(ShowRelays()))
    drawn = picture(relays, sum(relay.sessions for relay in relays.relays))
    return visit.page("overview.html", status=status, relays=relays, picture=drawn)


ROUTES: Final = (page("/", overview),)
