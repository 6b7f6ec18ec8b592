"""A client whose host is remembered, as it travels and as `--json` prints it.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from typing import Final

import msgspec

MAXIMUM_STICKY: Final = 20_000
"""Clients of one answer: they fit its frame, whatever their names."""


class StickyRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client that stays with a host."""

    client: str
    relay: str
    """The relay or redirect where it came first; in an affinity group all members send it to the same host."""
    host: str
    """What people call the host."""
    address: str
    """The host's own, without a port."""
    remaining: int
    """Seconds until it is forgotten, if it sends nothing more."""
