"""Configuration > History: what was committed, what it changed, and the way back."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.service.deployment import LAST_NUMBER, MAXIMUM_REVISIONS, Compare, ShowRevision, ShowRevisions
from bascule.service.permissions import Permission
from bascule.service.results import RevisionText
from bascule.web.differences import difference
from bascule.web.margins import numbered
from bascule.web.numbers import number_in
from bascule.web.pages.configuration.editor import attached
from bascule.web.visit import Visit, page

PATH: Final = "/configuration/history"
_LATELY: Final = 100
"""Revisions of the first page."""


async def history(visit: Visit) -> Response:
    """List revisions, the newest first."""
    limit = MAXIMUM_REVISIONS if "all" in visit.query else _LATELY
    rows = (await visit.ask(ShowRevisions(limit=limit))).rows
    return visit.page("history.html", rows=rows, more=len(rows) == limit and rows[-1].number > 1)


async def revision(visit: Visit) -> Response:
    """Show one."""
    found = await _revision(visit, visit.parts["number"])
    newest = (await visit.ask(ShowRevisions(limit=1))).rows[0].number
    return visit.page("revision.html", row=found.row, text=found.text, margins=numbered(found.text), newest=newest)


async def download(visit: Visit) -> Response:
    """Hand one out as a file."""
    found = await _revision(visit, visit.parts["number"])
    return attached(found.text, f"revision-{found.row.number}.conf")


async def compare(visit: Visit) -> Response:
    """Show what one changes over another."""
    old, new = await asyncio.gather(*(_revision(visit, visit.query.get(name, "")) for name in ("old", "new")))
    compared = await visit.ask(Compare(old=old.row.number, new=new.row.number))
    text = await asyncio.to_thread(difference, old.text, new.text)
    return visit.page("compare.html", old=old.row, new=new.row, text=text, compared=compared)


async def _revision(visit: Visit, words: str) -> RevisionText:
    """Return a revision. Raises OperationFailed where there is none of that number, HTTPException where it is none."""
    number = number_in(words, 1, LAST_NUMBER)
    if number is None:
        raise HTTPException(404, "there is no such revision")
    return await visit.ask(ShowRevision(number=number))


ROUTES: Final = (
    page(PATH, history),
    page(f"{PATH}/compare", compare, permission=Permission.DEPLOY),
    page(f"{PATH}/{{number}}", revision, permission=Permission.DEPLOY),
    page(f"{PATH}/{{number}}/download", download, permission=Permission.DEPLOY),
)
