"""A session as it travels and as `--json` prints it, living or ended.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

from bascule.service.moment import Moment

MAXIMUM_LISTED: Final = 20_000
"""Sessions of one answer: they fit its frame, whatever their names."""


SessionId: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$", max_length=16)]
"""What tells one session from all others, as a row says it."""


class SessionOrder(StrEnum):
    """Which sessions come first."""

    AGE = "age"
    """The oldest."""
    BYTES = "bytes"
    """Those that have carried most."""
    NONE = "none"
    """Any: quick, however many there are. Where sessions are chosen, they come as with `age`."""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session of a relay. Addresses come with their ports."""

    client: str
    relay: str
    host: str
    """What people call the host; empty where none would take the client."""
    address: str
    """The host's own."""
    listen: str
    """Where the client connected to."""
    source: str
    """What stands in the host's log as its client; empty where there was no connection to a host."""
    path: str
    """`kernel` or `proxy`: who carries the bytes."""
    protocol: str
    state: str
    """Of one that lives, its TCP state; of one that has ended, how it did."""
    since: Moment | None
    """None where the kernel did not note it."""
    ended: Moment | None = None
    """None of one that lives."""
    idle: float | None = None
    """Seconds since the last packet; None of one that has ended, and where it is not known."""
    from_client: int
    from_host: int
    """Bytes each way: of IP packets in the kernel, of what they carry in the proxy."""
    id: str = ""
    """Of one that lives, by which `kill` ends it alone: sixteen hex digits; empty of one that has ended."""
