"""System > Audit log: who changed what, and who was refused."""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response, StreamingResponse

from bascule.service.audit import AuditLog
from bascule.service.operations import ShowAudit
from bascule.web.asked import asked
from bascule.web.numbers import number_in
from bascule.web.visit import Visit, page

HERE: Final = "/system/audit"
_ON_A_PAGE: Final = 100
_IN_A_PIECE: Final = 2000
"""Lines of a download that are asked for at once."""

_LAST_LINE: Final = 10**18


async def audit(visit: Visit) -> Response:
    """List lines that fit."""
    request = _request(visit, _ON_A_PAGE)
    found = await visit.ask(request)
    chosen = _chosen(request)
    older = f"{HERE}?{urlencode({**chosen, 'before': found.older})}" if found.older else ""
    download = f"{HERE}/audit.jsonl?{urlencode(chosen)}"
    return visit.page("audit.html", found=found, asked=request, filtered=bool(chosen), older=older, download=download)


async def download(visit: Visit) -> Response:
    """Send all lines that fit, each as a line of JSON."""
    request = _request(visit, _IN_A_PIECE)
    first = await visit.ask(request)  # what cannot be had is a page, not half a file
    headers = {"content-disposition": 'attachment; filename="bascule-audit.jsonl"'}
    return StreamingResponse(_lines(visit, request, first), media_type="application/jsonl", headers=headers)


async def _lines(visit: Visit, request: ShowAudit, found: AuditLog) -> AsyncIterator[bytes]:
    while True:
        yield b"".join(msgspec.json.encode(row) + b"\n" for row in found.rows)
        if found.older is None or (request.before is not None and found.older >= request.before):
            return  # nothing is older, or the answer leads nowhere
        request = msgspec.structs.replace(request, before=found.older)
        found = await visit.ask(request)


def _request(visit: Visit, most: int) -> ShowAudit:
    query = visit.query
    found = asked(
        ShowAudit,
        last=most,
        before=number_in(query.get("before", ""), 1, _LAST_LINE),
        user=query.get("user", "").strip()[:256],
        words=query.get("words", "").strip()[:256],
        refused="refused" in query,
    )
    assert isinstance(found, ShowAudit)
    return found


def _chosen(request: ShowAudit) -> dict[str, str]:
    """Return the filters that are set."""
    chosen = {"user": request.user, "words": request.words, "refused": "on" if request.refused else ""}
    return {name: value for name, value in chosen.items() if value}


ROUTES: Final = (page(HERE, audit), page(f"{HERE}/audit.jsonl", download))
