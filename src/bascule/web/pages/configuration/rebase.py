"""A working copy that somebody's commit has passed by: both edits are made one, before anything is deployed."""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from bascule.config.merge import Clash, merged
from bascule.service.deployment import LoadCopy, ShowCopy, ShowRevision
from bascule.service.permissions import Permission
from bascule.web.visit import Visit, action

PATH: Final = "/configuration/rebase"
_MOST: Final = 20
"""Clashes that are shown."""


async def rebase(visit: Visit) -> Response:
    """Keep both edits as the working copy, or show where they change the same lines."""
    copy = await visit.ask(ShowCopy())
    if copy.base == copy.newest:
        return visit.go("/configuration/deploy")
    before, newest = await asyncio.gather(*(_text(visit, number) for number in (copy.base, copy.newest)))
    both = await asyncio.to_thread(merged, before, copy.text, newest)
    if both.clashes:
        return visit.page("clashes.html", code=409, clashes=_shown(both.clashes), copy=copy, count=len(both.clashes))
    await visit.ask(LoadCopy(text=both.text.encode(), base=copy.newest, expected=copy.digest))
    return visit.go("/configuration/deploy", "Both edits are one now. Below is what yours still changes.")


async def _text(visit: Visit, number: int) -> str:
    return (await visit.ask(ShowRevision(number=number))).text if number else ""


def _shown(clashes: Sequence[Clash]) -> list[tuple[int, str, str]]:
    """Return where both change the same lines: the line of one's own, and what stands there in both."""
    return [(each.line, "\n".join(each.mine), "\n".join(each.theirs)) for each in clashes[:_MOST]]


ROUTES: Final = (action(PATH, rebase, permission=Permission.DEPLOY),)
