"""The audit log as it travels and as `--json` prints it.

Field names are part of the product's interface: they may be added to, never renamed.
"""

import msgspec

from bascule.service.moment import Moment
from bascule.service.result import Result


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did, or tried."""

    number: int
    at: Moment
    user: str
    uid: int
    pid: int
    words: str
    """To be read after the user's name."""
    refused: str
    """Why it was not done; empty where it was."""


class AuditLog(Result, frozen=True, kw_only=True, tag="audit"):
    """Who changed what, the newest first."""

    rows: tuple[AuditRow, ...]
    older: int | None = None
    """What to ask for as `before` to go on; None where there is nothing older."""
