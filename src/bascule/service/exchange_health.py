"""What Exchange thinks of itself, as the probes last heard it: virtual directories by server.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from enum import StrEnum
from typing import Final

import msgspec

from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result


class VdirState(StrEnum):
    """What came of a health page."""

    WELL = "well"
    WARNED = "warned"
    """It is ill, and its policy only warns."""
    ILL = "ill"
    """It is ill, and takes the host out."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class VdirRow(_Row, frozen=True):
    """A virtual directory of one server."""

    vdir: str
    state: VdirState
    words: str = ""
    """Why it is not well."""


class CertificateRow(_Row, frozen=True):
    """The certificate that a server shows."""

    fingerprint: str
    """SHA-256."""
    until: Moment
    names: tuple[str, ...] = ()


class ExchangeServerRow(_Row, frozen=True):
    """A server that `check exchange` asks."""

    table: str
    port: int
    host: str
    address: str
    status: str
    """As in `show hosts`, but for what administrators order."""
    reason: str = ""
    """Why it is not up."""
    since: Moment | None = None
    checked: bool = False
    vdirs: tuple[VdirRow, ...] = ()
    """Empty where no page could be asked for."""
    certificate: CertificateRow | None = None
    warnings: tuple[str, ...] = ()
    advice: str = ""
    """What to look at on the server, where that can be told."""


class ExchangeHealth(Result, frozen=True, kw_only=True, tag="exchange.health"):
    """Every server that is asked for its health pages."""

    servers: tuple[ExchangeServerRow, ...] = ()


class ShowExchange(Request[ExchangeHealth], frozen=True, kw_only=True, tag="show.exchange"):
    """Asks what Exchange thinks of itself."""


OPERATIONS: Final = (
    Operation(
        ShowExchange,
        Permission.VIEW,
        "list what Exchange thinks of itself, by virtual directory and server",
        rest="GET /exchange",
    ),
)
