"""A session: a client's connection, the host that takes it, and where both stand."""

import contextlib
import socket
from struct import Struct
from typing import Final

from bascule.engines.proxy.choice import Host
from bascule.engines.proxy.doors import Door
from bascule.engines.proxy.stream import End
from bascule.engines.proxy.wire import Place

_RESET: Final = Struct("ii").pack(1, 0)
"""SO_LINGER on, for no time: closing then sends a reset (socket(7))."""


class Session:
    """A client and a host. Kept small, and free of cycles: a worker holds tens of thousands and makes as many a minute."""

    __slots__ = (
        "bucket",
        "choice",
        "client",
        "door",
        "host",
        "open",
        "over",
        "peer",
        "server",
        "since",
        "slot",
        "touched",
        "tried",
    )

    def __init__(self, client: socket.socket, peer: Place, door: Door, slot: int, now: float) -> None:
        self.client = End(client, prompt=True, watched=False)  # the listening socket's TCP_NODELAY is inherited
        self.peer = peer
        self.server: End | None = None
        self.door = door
        self.choice = door.choice
        self.slot = slot
        self.host: Host | None = None
        self.tried: tuple[Host, ...] = ()
        """Hosts that would not accept."""
        self.since = self.touched = now
        """When anything last happened."""
        self.bucket = 0
        """Where its deadline stands."""
        self.open = False
        """A host has accepted."""
        self.over = False

    def count(self) -> None:
        """Credit the host with what was moved since the last time."""
        if self.host is not None and self.server is not None:
            self.host.from_client += self.client.to_count()
            self.host.from_host += self.server.to_count()

    def carried(self) -> int:
        """Return how many bytes were delivered, both ways together."""
        return self.client.moved + (0 if self.server is None else self.server.moved)


def reset_at_close(connection: socket.socket) -> None:
    """Make the connection end with a reset when it is closed."""
    with contextlib.suppress(OSError):  # one that the peer has broken needs no reset
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
