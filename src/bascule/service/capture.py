"""A capture of packets as it travels: asked for once, answered piece by piece, the pieces together a pcapng file.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from typing import Annotated, Final

import msgspec

from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Name, Request
from bascule.service.result import Result

LONGEST_CAPTURE: Final = 600
"""Seconds."""

LARGEST_CAPTURE: Final = 256 * 1024 * 1024
"""Bytes of the file."""

SMALLEST_CAPTURE: Final = 4096
"""Bytes of the file: fewer hold no packet."""


class Captured(Result, frozen=True, kw_only=True, tag="captured"):
    """A piece of the file, and how far it is."""

    data: bytes = b""
    """What comes behind the pieces before; in JSON in base64."""
    packets: int
    """In the file, until now."""
    lost: int = 0
    """That came faster than they could be read."""
    ended: str = ""
    """Why this is the last piece: `the time is over`; empty where more comes."""


class Capture(Request[Captured], frozen=True, kw_only=True, tag="capture"):
    """Asks for the packets of a client, of a relay, or of a client in a relay, on all interfaces, both sides of a relay.

    It ends when its time is over, its bytes are reached, or the one who asked goes away.
    """

    client: Name | None = None
    """An address."""
    relay: Name | None = None
    """One of the two must be named."""
    seconds: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_CAPTURE)] = 30
    bytes: Annotated[int, msgspec.Meta(ge=SMALLEST_CAPTURE, le=LARGEST_CAPTURE)] = 16 * 1024 * 1024
    """Of the file at most."""
    full: bool = False
    """Whole packets; otherwise their headers, and the first 128 bytes of what they carry."""


OPERATIONS: Final = (
    Operation(
        Capture,
        Permission.OPERATE,
        "capture the packets of a client, or of a relay",
        rest="POST /capture",
        audit="captured packets of client {client}, relay {relay}, whole packets: {full}",
        streams=True,
    ),
)
