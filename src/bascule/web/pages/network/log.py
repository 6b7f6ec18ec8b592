"""Network > Log: what happened, as it happens, and where the configuration has what it is about."""

from asyncio import to_thread
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.service.deployment import ShowRevision
from bascule.service.events import EventKind
from bascule.service.firewall import ShowFirewall
from bascule.service.operations import ShowLog
from bascule.service.permissions import Permission
from bascule.web.network.log import Wanted, Written, passage, subject
from bascule.web.pages.configuration.editor import PATH as EDITOR
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
    """Lead to the line that an event is about: in the editor where the working copy has it as what runs does.

    Where it is another there, what runs is shown; while what runs is tested and is no revision yet, the working copy.
    """
    kind, name = visit.query.get("kind", ""), visit.query.get("name", "")[:_LONGEST]
    copy = await copy_of(visit)
    tested = visit.login.pending_until is not None
    runs = None if tested or not copy.newest else await visit.ask(ShowRevision(number=copy.newest))
    walk = (await visit.ask(ShowFirewall())).walk if kind == "rule" else ()

    def find() -> Written:
        running = None if runs is None else passage(runs.text, walk, kind, name)
        return Written(running, passage(copy.text, walk, kind, name))

    found = await to_thread(find)
    if found.alike and found.copy is not None:
        return visit.go(f"{EDITOR}#L{found.copy.line}")
    at = found.running or found.copy
    if at is None:
        raise HTTPException(404, f"the configuration has no {kind or 'place'} {name} any more")
    revision = None if runs is None or found.running is None else runs.row.number
    text = copy.text if runs is None or found.running is None else runs.text
    lines = list(enumerate(text.splitlines(), 1))[max(0, at.line - 1 - _AROUND) : at.line + _AROUND]
    return visit.page(
        "network/written.html",
        kind=kind,
        name=name,
        line=at.line,
        lines=lines,
        revision=revision,
        copy=found.copy,
        tested=tested,
        editor=EDITOR,
    )


def _kind(word: str) -> EventKind | None:
    return next((kind for kind in EventKind if kind.value == word), None)


ROUTES: Final = (
    page(PATH, log),
    page(f"{PATH}/configuration", written, permission=Permission.DEPLOY),
)
