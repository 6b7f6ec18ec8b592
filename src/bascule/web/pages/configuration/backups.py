"""Configuration > Backups: everything that is kept, in one file; and how to go back to one."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response, StreamingResponse

from bascule.service.archives import BackupPart, FetchBackup, ShowBackups
from bascule.service.permissions import Permission
from bascule.web.visit import Visit, action, page

PATH: Final = "/configuration/backups"


async def backups(visit: Visit) -> Response:
    """List those that there are."""
    return visit.page("backups.html", found=await visit.ask(ShowBackups()))


async def make(visit: Visit) -> Response:
    """Make one of what is kept now, and hand it out."""
    return await _handed_out(visit, FetchBackup(), f"bascule-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.db")


async def download(visit: Visit) -> Response:
    """Hand out one that there is."""
    name = visit.parts["name"][:64]
    found = {row.name for row in (await visit.ask(ShowBackups())).rows}
    return await _handed_out(visit, FetchBackup(name=name), name if name in found else "none")


async def _handed_out(visit: Visit, asked: FetchBackup, name: str) -> Response:
    """Answer with a backup as it comes. Raises OperationFailed where not even its beginning does."""
    parts = visit.follow(asked)
    first = await anext(parts)
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(first.size)}
    return StreamingResponse(_content(first, parts), media_type="application/vnd.sqlite3", headers=headers)


async def _content(first: BackupPart, parts: AsyncIterator[BackupPart]) -> AsyncIterator[bytes]:
    had = len(first.content)
    async with aclosing(parts):  # type: ignore[type-var]  # a generator is one
        yield first.content
        while had < first.size:
            part = await anext(parts)
            had += len(part.content)
            yield part.content


ROUTES: Final = (
    page(PATH, backups),
    action(f"{PATH}/make", make, permission=Permission.ADMINISTER),
    page(f"{PATH}/{{name}}", download, permission=Permission.ADMINISTER),
)
