"""Backups as they are asked for of a running Bascule: which there are, and what is in one."""

from typing import Annotated, Final

import msgspec

from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result


class BackupRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup that lies in the state folder."""

    name: str
    """Of its file."""
    at: Moment
    size: int
    """Bytes."""
    revisions: int
    newest: Moment | None = None
    """When its last revision was committed."""
    damaged: str = ""
    """Why it cannot be used; empty where it can."""


class BackupRows(Result, frozen=True, kw_only=True, tag="backups"):
    """The backups that there are, the newest first."""

    folder: str
    rows: tuple[BackupRow, ...] = ()


class BackupPart(Result, frozen=True, kw_only=True, tag="backup.part"):
    """The next bytes of a backup; `size` is of the whole."""

    size: int
    content: bytes


class ShowBackups(Request[BackupRows], frozen=True, kw_only=True, tag="show.backups"):
    """Asks which backups there are."""


class FetchBackup(Request[BackupPart], frozen=True, kw_only=True, tag="backup.fetch"):
    """Asks for a backup, part by part."""

    name: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """One that `ShowBackups` tells of; None makes one of what is kept now, which is not kept here."""


OPERATIONS: Final = (
    Operation(ShowBackups, Permission.VIEW, "list the backups that there are", rest="GET /backups"),
    Operation(
        FetchBackup,
        Permission.ADMINISTER,  # it holds what passwords are proven by
        "hand out a backup",
        rest=None,  # a file, which the pages hand out
        audit="fetched a backup: {name}",
        streams=True,
    ),
)
