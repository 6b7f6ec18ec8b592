"""What relays and their hosts have carried, as it travels and as `--json` prints it.

Field names are part of the product's interface: they may be added to, never renamed.
"""

import msgspec


class CounterRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counters of a relay or redirect, or of a host of it. They count since Bascule started, and never go back."""

    type: str
    """`relay`, `redirect` or `host`."""
    relay: str
    name: str
    """The relay's own, or what people call the host."""
    address: str = ""
    """The host's own, with its port; empty of a relay."""
    sessions: int = 0
    """Those that live now."""
    opened: int = 0
    """Sessions so far."""
    opened_rate: float = 0.0
    """New sessions in a second; like every rate over the last minute."""
    from_client: int = 0
    from_host: int = 0
    """Bytes each way: of IP packets in the kernel, of what they carry in the proxy."""
    from_client_rate: float = 0.0
    from_host_rate: float = 0.0
    """Bytes in a second."""
    failed: int = 0
    """Sessions that the host refused or never answered."""
    refused: int | None = None
    """Clients that no host took; None of a host."""
    checks_up: int | None = None
    checks_all: int | None = None
    """Checks that found it up, and all; None of a relay, and where nothing is checked."""
    checks_seconds: float | None = None
    """Seconds that those checks took together; None likewise."""
    reason: str = ""
    """What its last check found, where that was not good."""
