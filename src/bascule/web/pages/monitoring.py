"""System > Alerts and monitoring: who is told what happens here, how that goes, and a test of it."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from bascule.config.model import System
from bascule.service.alerts import TriedRow, TryAlert
from bascule.service.deployment import ShowRevision
from bascule.service.failures import NotFound, OperationFailed, describe
from bascule.service.operations import Status
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.monitoring.told import Told, told
from bascule.web.settings import system_of
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of

HOME: Final = "/system/monitoring"


async def monitoring(visit: Visit) -> Response:
    """Show what the working copy says, and how it goes with what runs."""
    return await _shown(visit)


async def test(visit: Visit) -> Response:
    """Have a test sent to those whom an alert tells, and show what each of them answered."""
    name = visit.form.one("name")
    try:
        tried = await visit.ask(TryAlert(name=name))
    except OperationFailed as failed:
        if not isinstance(failed.failure, NotFound):
            raise
        return await _shown(visit, tried=name, refused=describe(failed.failure))
    return await _shown(visit, tried=name, rows=tried.rows)


async def _shown(visit: Visit, *, tried: str = "", rows: Sequence[TriedRow] = (), refused: str = "") -> Response:
    findings = await _findings(visit)
    if not visit.may(Permission.DEPLOY):
        return visit.page("monitoring.html", told=None, findings=findings, kept=False, tried="", rows=(), refused="")
    copy = await copy_of(visit)
    return visit.page(
        "monitoring.html",
        told=await told_of(visit, copy, findings),
        findings=(),
        kept=copy.at is not None,
        tried=tried,
        rows=rows,
        refused=refused,
    )


async def told_of(visit: Visit, copy: CopyText, findings: Sequence[str] | None = None) -> Told:
    """Return what a working copy says of those who are told and of clocks, and how it goes with what runs."""
    written = await visit.site.texts.read(system_of, copy.text)
    runs = written if copy.at is None and copy.base else await _runs(visit)
    return told(written, runs, await _findings(visit) if findings is None else findings)


async def _findings(visit: Visit) -> Sequence[str]:
    return [each.message for each in (await visit.ask(Status())).findings]


async def _runs(visit: Visit) -> System:
    """Return what the newest revision says; nothing where none was committed."""
    try:
        text = (await visit.ask(ShowRevision())).text
    except OperationFailed as failed:
        if isinstance(failed.failure, NotFound):
            return System()
        raise
    return await visit.site.texts.read(system_of, text)


ROUTES: Final = (
    page(HOME, monitoring),
    action(f"{HOME}/test", test, permission=Permission.OPERATE),
)
