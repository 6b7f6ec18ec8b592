"""Configuration > Backups: everything that is kept, in one file that is made, handed out, or brought along."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response, StreamingResponse

from bascule.service.archives import BackupPart, FetchBackup, ShowBackups
from bascule.service.failures import Conflict, OperationFailed, Unavailable, describe
from bascule.service.permissions import Permission
from bascule.service.restoring import LONGEST_PART, UploadBackup
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action, page

PATH: Final = "/configuration/backups"


async def backups(visit: Visit) -> Response:
    """List those that there are."""
    return await _listed(visit)


async def _listed(visit: Visit, refused: str = "", code: int = 200) -> Response:
    return visit.page("backups.html", found=await visit.ask(ShowBackups()), refused=refused, code=code)


async def make(visit: Visit) -> Response:
    """Make one of what is kept now, and hand it out."""
    return await _handed_out(visit, FetchBackup(), f"bascule-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.db")


async def download(visit: Visit) -> Response:
    """Hand out one that there is."""
    name = visit.parts["name"][:64]
    found = {row.name for row in (await visit.ask(ShowBackups())).rows}
    return await _handed_out(visit, FetchBackup(name=name), name if name in found else "none")


async def upload(visit: Visit) -> Response:
    """Take in one, and show what it holds."""
    content = visit.form.files.get("file", b"")
    try:
        name = await _brought_along(visit, content)
    except OperationFailed as failed:
        return await _listed(visit, describe(failed.failure), STATUSES[type(failed.failure)])
    return visit.go(f"{PATH}/{name}/restore")


async def _brought_along(visit: Visit, content: bytes) -> str:
    """Hand a backup to the service, part by part, and return its name there. Raises OperationFailed."""
    if not content:
        raise OperationFailed(Conflict(message="choose a file"))
    came: str | None = None
    for at in range(0, len(content), LONGEST_PART):
        part, last = content[at : at + LONGEST_PART], at + LONGEST_PART >= len(content)
        uploaded = await visit.ask(UploadBackup(upload=came, content=part, last=last))
        came = uploaded.upload
    return uploaded.name


async def _handed_out(visit: Visit, asked: FetchBackup, name: str) -> Response:
    """Answer with a backup as it comes. Raises OperationFailed where not even its beginning does."""
    parts = visit.follow(asked)
    first = await anext(parts, None)
    if first is None:
        raise OperationFailed(Unavailable(message="Bascule has handed out nothing"))
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(first.size)}
    return StreamingResponse(_content(first, parts), media_type="application/vnd.sqlite3", headers=headers)


async def _content(first: BackupPart, parts: AsyncIterator[BackupPart]) -> AsyncIterator[bytes]:
    had = len(first.content)
    async with aclosing(parts):  # type: ignore[type-var]  # a generator is one
        yield first.content
        while had < first.size and (part := await anext(parts, None)) is not None:
            had += len(part.content)
            yield part.content


ROUTES: Final = (
    page(PATH, backups),
    action(f"{PATH}/make", make, permission=Permission.ADMINISTER),
    action(f"{PATH}/upload", upload, permission=Permission.ADMINISTER),
    page(f"{PATH}/{{name}}", download, permission=Permission.ADMINISTER),
)
