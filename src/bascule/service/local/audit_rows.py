"""Finds lines of the audit log: those that fit, a bounded number of lines back."""

from typing import Final

from bascule.service.audit import AuditLog, AuditRow
from bascule.service.operations import ShowAudit
from bascule.store.audit import Audit, Line
from bascule.system.errors import MachineError

_AT_ONCE: Final = 1000
"""Lines that are read, and whose chain is followed, at a time."""

FARTHEST: Final = 20_000
"""Lines that one question looks at; the answer says where to go on."""


def audit_rows(audit: Audit, request: ShowAudit) -> AuditLog:
    """Return lines that fit, the newest first. Blocking; raises MachineError."""
    found: list[AuditRow] = []
    before, looked = request.before, 0
    last: Line | None = None
    while len(found) < request.last and looked < FARTHEST:
        asked = min(_AT_ONCE, request.last if not _filters(request) else _AT_ONCE)
        lines = audit.lines(asked, before)
        if last is not None and lines and lines[0].digest != last.before:
            raise MachineError("read the audit log", f"line {last.number - 1} is not what was written")
        for line in lines:
            last, before = line, line.number
            if _fits(line, request):
                found.append(_row(line))
                if len(found) == request.last:
                    break
        looked += len(lines)
        if len(lines) < asked:
            break
    return AuditLog(rows=tuple(found), older=before if before is not None and before > 1 else None)


def _filters(request: ShowAudit) -> bool:
    return bool(request.user or request.words or request.refused)


def _fits(line: Line, request: ShowAudit) -> bool:
    deed = line.deed
    return (
        (not request.refused or bool(deed.refused))
        and request.user.casefold() in deed.user.casefold()
        and request.words.casefold() in f"{deed.words}\n{deed.refused}".casefold()
    )


def _row(line: Line) -> AuditRow:
    deed = line.deed
    return AuditRow(
        number=line.number,
        at=deed.at,
        user=deed.user,
        uid=deed.uid,
        pid=deed.pid,
        words=deed.words,
        refused=deed.refused,
    )
