"""Ports that nobody listens on."""

import os
import random
import socket
from contextlib import suppress


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on, below those of other programs' connections; each process has its own."""
    slice_ = range(20000 + os.getpid() % 120 * 100, 32001)[:100]
    found: list[int] = []
    for port in random.sample(slice_, len(slice_)):
        with suppress(OSError), socket.create_server(("", port)):
            found.append(port)
        if len(found) == number:
            return found
    raise OSError("no ports are free")
