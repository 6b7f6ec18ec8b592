"""Sessions that say one thing and are then silent: opened by several processes, held until standard input ends.

`python -m bench.loads.idle COUNT SOURCES PORTS ADDRESS…`, sources and ports joined by commas ("-" is any source), prints
`open` when every session has had its answer, and `held N` at the end: how many still answer.
"""

import os
import resource
import socket
import struct
import sys
from collections.abc import Iterator, Sequence

from bench.loads.sizes import DESCRIPTORS, MESSAGE

_LINGER = struct.pack("ii", 1, 0)
_BIND_ADDRESS_NO_PORT = 24
"""ip(7), IP_BIND_ADDRESS_NO_PORT: the port is chosen with the destination known, so each destination has all of them."""
_BATCH = 100
_PATIENCE = 30


def main(arguments: Sequence[str]) -> int:
    """Run as the module says; this process starts the others, and speaks for them."""
    count, sources, ports, *addresses = arguments
    left = int(count)
    children: list[tuple[int, int, int]] = []
    while left > 0:
        share = min(left, DESCRIPTORS)
        left -= share
        children.append(_child(share, sources.split(","), [int(port) for port in ports.split(",")], addresses))
    if any(os.read(said, 1) != b"o" for _, said, _ in children):
        return 1
    print("open", flush=True)
    sys.stdin.read()
    held = 0
    for pid, said, hold in children:
        os.write(hold, b"x")
        held += int(os.read(said, 32) or b"0")
        os.waitpid(pid, 0)
    print(f"held {held}", flush=True)
    return 0


def _child(count: int, sources: Sequence[str], ports: Sequence[int], addresses: Sequence[str]) -> tuple[int, int, int]:
    """Start a process with so many sessions; return its id, where it speaks, and what to write to have it end."""
    heard, says = os.pipe()
    held, hold = os.pipe()
    pid = os.fork()
    if pid:
        os.close(says)
        os.close(held)
        return pid, heard, hold
    os.close(hold)
    os.close(heard)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        sessions = list(_opened(count, sources, ports, addresses))
        os.write(says, b"o")
        os.read(held, 1)
        os.write(says, str(sum(map(_answers, sessions[::50])) * 50).encode())
        for session in sessions:
            session.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    except OSError as error:
        sys.stderr.write(f"idle sessions: {error}\n")
    os._exit(0)


def _opened(count: int, sources: Sequence[str], ports: Sequence[int], addresses: Sequence[str]) -> Iterator[socket.socket]:
    """Yield sessions that have had their answer; some at a time are opened before any is asked."""
    for first in range(0, count, _BATCH):
        batch = []
        for number in range(first, min(first + _BATCH, count)):
            session = socket.socket()
            session.settimeout(_PATIENCE)
            if (source := sources[number % len(sources)]) != "-":
                session.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
                session.bind((source, 0))
            session.connect((addresses[number % len(addresses)], ports[number // len(sources) % len(ports)]))
            session.sendall(b"i" * MESSAGE)
            batch.append(session)
        for session in batch:
            _hear(session)
            yield session


def _answers(session: socket.socket) -> bool:
    try:
        session.sendall(b"i" * MESSAGE)
        _hear(session)
    except OSError:
        return False
    return True


def _hear(session: socket.socket) -> None:
    left = MESSAGE
    while left:
        heard = len(session.recv(left))
        if not heard:
            raise ConnectionError("the server ended an idle session")
        left -= heard


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
