"""Alerts as they are tried. Field names are part of the product's interface: they may be added to, never renamed."""

from typing import Final

import msgspec

from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Name, Request
from bascule.service.result import Result


class TriedRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a test, for one who is told."""

    alert: str
    to: str
    """Of a webhook its machine alone: its address may be a secret."""
    fault: str = ""
    """What went wrong, as it was answered; empty where it was delivered."""


class AlertTried(Result, frozen=True, kw_only=True, tag="alert.tried"):
    """Everybody who was to be told, in the order of the text."""

    rows: tuple[TriedRow, ...]


class TryAlert(Request[AlertTried], frozen=True, kw_only=True, tag="alert.test"):
    """Asks to send a test to everybody whom an alert tells; without a name, to those of all."""

    name: Name | None = None


OPERATIONS: Final = (
    Operation(
        TryAlert,
        Permission.OPERATE,
        "send a test to everybody whom an alert tells",
        rest="POST /alerts/test",
        audit="tried alert {name}",
    ),
)
