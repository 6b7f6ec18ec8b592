"""Is mail flowing? One sentence, one picture, and what needs an eye."""

import asyncio
from typing import Final

from starlette.responses import Response

from bascule.service.deployment import ShowCopy
from bascule.service.operations import ShowRelays, Status
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.picture import MOST, picture
from bascule.web.visit import Visit, page


async def overview(visit: Visit) -> Response:
    """Show how it goes."""
    drawn = ShowRelays(most=MOST, recent=True)
    status, relays, copy = await asyncio.gather(visit.ask(Status()), visit.ask(drawn), _copy(visit))
    return visit.page("overview.html", status=status, relays=relays, picture=picture(relays), copy=copy)


async def _copy(visit: Visit) -> CopyText | None:
    """Return the working copy of whoever visits; None where he may have none."""
    return await visit.ask(ShowCopy()) if visit.may(Permission.DEPLOY) else None


ROUTES: Final = (page("/", overview),)
