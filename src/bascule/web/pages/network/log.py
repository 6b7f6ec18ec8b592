"""Network > Log: what happened, as it happens, and where the configuration has what it is about."""

from asyncio import to_thread
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.service.events import EventKind
from bascule.service.firewall import ShowFirewall
from bascule.service.operations import ShowLog
from bascule.service.permissions import Permission
from bascule.web.network.log import Wanted, line_of_subject, subject
from bascule.web.visit import Visit, page
from bascule.web.working_copy import copy_of

PATH: Final = "/network/log"
SHOWN: Final = 300
"""Events on a page."""

_LOOKED_AT: Final = 5000
"""Events that a filter is held against."""
_LONGEST: Final = 200
_AROUND: Final = 12
"""Lines of the configuration that are shown before and behind the one in question."""


async def log(visit: Visit) -> Response:
    """Show the newest events that are wanted, the newest first."""
    wanted = Wanted(
        kind=_kind(visit.query.get("kind", "")),
        warnings=visit.query.get("grade") == "warning",
        words=visit.query.get("words", "").strip()[:_LONGEST],
    )
    events = (await visit.ask(ShowLog(last=SHOWN + 1 if wanted == Wanted() else _LOOKED_AT))).events
    found = [event for event in reversed(events) if wanted.fits(event)]
    return visit.page(
        "network/log.html",
        rows=[(event, subject(event)) for event in found[:SHOWN]],
        more=max(0, len(found) - SHOWN),
        older=len(events) == _LOOKED_AT,
        wanted=wanted,
        kinds=[(kind.value, kind.value) for kind in EventKind if kind is not EventKind.SESSION],
    )


async def written(visit: Visit) -> Response:
    """Show the lines of the working copy that an event is about."""
    kind, name = visit.query.get("kind", ""), visit.query.get("name", "")[:_LONGEST]
    text = (await copy_of(visit)).text
    walk = (await visit.ask(ShowFirewall())).walk if kind == "rule" else ()
    line = await to_thread(line_of_subject, text, walk, kind, name)
    if line is None:
        raise HTTPException(404, f"your working copy has no {kind or 'place'} {name}")
    lines = list(enumerate(text.splitlines(), 1))[max(0, line - 1 - _AROUND) : line + _AROUND]
    return visit.page("network/written.html", kind=kind, name=name, line=line, lines=lines)


def _kind(word: str) -> EventKind | None:
    return next((kind for kind in EventKind if kind.value == word), None)


ROUTES: Final = (
    page(PATH, log),
    page(f"{PATH}/configuration", written, permission=Permission.DEPLOY),
)
