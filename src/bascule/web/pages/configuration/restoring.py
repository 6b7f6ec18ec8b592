"""Configuration > Backups > Restore: what a backup holds, what would be otherwise, and the way back to it."""

import asyncio
from typing import Final

from starlette.responses import Response

from bascule.service.deployment import ShowRevision
from bascule.service.failures import Forbidden, NotFound, OperationFailed, describe
from bascule.service.permissions import Permission
from bascule.service.restoring import BackupContents, RestoreBackup, ShowBackup
from bascule.web.differences import difference
from bascule.web.pages.configuration.backups import PATH
from bascule.web.pages.configuration.deploy import PATH as DEPLOY
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action, page

_LONGEST: Final = 256


async def look(visit: Visit) -> Response:
    """Show what it holds."""
    return await _shown(visit)


async def restore(visit: Visit) -> Response:
    """Have it be what is kept, and go on to the deployment of its text."""
    asked = RestoreBackup(
        name=_name(visit),
        digest=visit.form.one("digest")[:64],
        password=visit.form.raw("password")[:_LONGEST],
        code=visit.form.one("code")[:_LONGEST],
    )
    try:
        restored = await visit.ask(asked)
    except OperationFailed as failed:
        if not isinstance(failed.failure, Forbidden):
            raise
        return await _shown(visit, refused=describe(failed.failure), code=STATUSES[Forbidden])
    return visit.go(f"{DEPLOY}?revision={restored.revision}" if restored.revision else PATH, restored.sentence)


async def _shown(visit: Visit, *, refused: str = "", code: int = 200) -> Response:
    contents = await visit.ask(ShowBackup(name=_name(visit)))
    text = await asyncio.to_thread(difference, "" if contents.same else await _running(visit), _new(contents))
    return visit.page("restore.html", code=code, found=contents, text=text, refused=refused)


def _new(contents: BackupContents) -> str:
    return "" if contents.same else contents.text


async def _running(visit: Visit) -> str:
    """Return the newest revision's text; empty before the first."""
    try:
        return (await visit.ask(ShowRevision())).text
    except OperationFailed as failed:
        if isinstance(failed.failure, NotFound):
            return ""
        raise


def _name(visit: Visit) -> str:
    return visit.parts["name"][:64]


ROUTES: Final = (
    page(f"{PATH}/{{name}}/restore", look, permission=Permission.ADMINISTER),
    action(f"{PATH}/{{name}}/restore", restore, permission=Permission.ADMINISTER),
)
