"""Going back to a backup beside a running Bascule: one is brought along, looked into, and taken over."""

from typing import Annotated, Final

import msgspec

from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Name, Request
from bascule.service.result import Result
from bascule.service.results import RevisionRow

LONGEST_BACKUP: Final = 64 * 1024 * 1024
"""Bytes of a backup that may be brought along."""

LONGEST_PART: Final = 1024 * 1024
"""Bytes of it that travel at a time."""

UPLOADED: Final = "uploaded.db"
"""What is called, among the backups of the machine, the one that was brought along last."""

BackupName = Annotated[str, msgspec.Meta(max_length=64)]
_Digest = Annotated[str, msgspec.Meta(max_length=64)]


class BackupUploaded(Result, frozen=True, kw_only=True, tag="backup.uploaded"):
    """A part of a backup has come."""

    upload: str
    """What the next part has to name."""
    had: int
    """Bytes that have come."""
    name: str = ""
    """Of the backup, now that it is whole and can be restored; empty before."""


class PersonRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account that a restore changes."""

    name: str
    now: str
    """Its role now; empty where there is none of that name."""
    then: str
    """Its role in the backup; empty where there is none of that name."""
    proof: bool = False
    """It has another password, or another second factor, there."""


class BackupContents(Result, frozen=True, kw_only=True, tag="backup.contents"):
    """What a backup holds, and what is otherwise than what is kept now."""

    name: str
    digest: str
    """SHA-256 of the file: whoever restores it says by this that it is the one he has looked at."""
    size: int
    """Bytes."""
    layout: int
    """The version of its tables; an earlier one is brought up to date."""
    own_layout: int
    """The version that this Bascule writes."""
    last: Moment | None = None
    """When the last thing was done that its audit log has: it was made then, or later."""
    revisions: int
    newest: RevisionRow | None = None
    text: str = ""
    """Of the newest revision."""
    same: bool
    """That text is in effect already."""
    history: str
    """What becomes of the revisions that are kept now: a sentence."""
    changes: tuple[str, ...] = ()
    """What its text would change for clients, hosts and sessions, once it is deployed: a sentence each."""
    untold: str = ""
    """Why that cannot be told; empty where it can."""
    accounts: int
    people: tuple[PersonRow, ...] = ()
    """Accounts that would come, go or change."""
    tokens: tuple[str, ...] = ()
    """API tokens that would be worth something again, as `NAME of ACCOUNT`."""
    doubts: tuple[str, ...] = ()
    """What to think of before: a sentence each."""


class Restored(Result, frozen=True, kw_only=True, tag="restored"):
    """A backup is what is kept now."""

    sentence: str
    revision: int = 0
    """The one whose text waits to be deployed; 0 where it is in effect already, or there is none."""
    newest: int
    """The newest revision now, which is in effect as before."""
    kept: str
    """The backup that holds what was kept before."""
    ended: tuple[str, ...] = ()
    """Accounts whose logins have ended."""


class UploadBackup(Request[BackupUploaded], frozen=True, kw_only=True, tag="backup.upload"):
    """Brings a backup along, part by part; the last is checked, and then kept in the place of the one before."""

    upload: _Digest | None = None
    """What the answer to the part before named; None begins another, in the place of one that was not finished."""
    content: Annotated[bytes, msgspec.Meta(max_length=LONGEST_PART)]
    last: bool = False

    def __repr__(self) -> str:
        """Return how much it is, and nothing that is kept in it."""
        return f"UploadBackup({len(self.content)} bytes, last={self.last})"


class ShowBackup(Request[BackupContents], frozen=True, kw_only=True, tag="show.backup"):
    """Asks what a backup holds, and what a restore would change."""

    name: BackupName


class RestoreBackup(Request[Restored], frozen=True, kw_only=True, tag="backup.restore"):
    """Asks to have what is kept be what a backup holds. Nothing changes for clients before its text is deployed."""

    name: BackupName
    digest: _Digest
    """As `ShowBackup` told it; refused where the file is another by now."""
    password: Name = ""
    """Of whoever asks by the pages, again."""
    code: Name = ""
    """Of his second factor, where he has one."""

    def __repr__(self) -> str:
        """Return what it is about, and no secret."""
        return f"RestoreBackup(name={self.name!r}, digest={self.digest!r})"


OPERATIONS: Final = (
    Operation(
        UploadBackup,
        Permission.ADMINISTER,
        "bring a backup along",
        rest=None,  # a file, which the pages take in
        audit="brought along a part of a backup",
    ),
    Operation(
        ShowBackup,
        Permission.ADMINISTER,  # it tells whose passwords are others
        "say what a backup holds, and what a restore would change",
        rest="GET /backups/{name}",
        audit="looked into backup {name}",
    ),
    Operation(
        RestoreBackup,
        Permission.ADMINISTER,
        "restore a backup",
        rest=None,  # a person proves again who he is
        audit="restored backup {name}, SHA-256 {digest}",
    ),
)
