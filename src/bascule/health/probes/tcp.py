"""`check tcp`: a connection is accepted."""

import socket
from struct import Struct
from typing import Final

from bascule.health.caller import Caller

_RESET_ON_CLOSE: Final = Struct("ii").pack(1, 0)


async def probe(caller: Caller) -> str:
    """Connect, and reset: no state of a probe is left at either end. Raises ProbeError, OSError."""
    with await caller.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    return "connection accepted"
