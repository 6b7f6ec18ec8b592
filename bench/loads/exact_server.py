"""The servers' end of the exactness gate: `python -m bench.loads.exact_server PORT`, until it is ended."""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Sequence
from hashlib import sha256

from bench.loads.exactness import GREETING, NOT_YET, ORDER, Order, Who, content

_digests: dict[int, bytes] = {}
_MANY = 10_000


def main(arguments: Sequence[str]) -> int:
    """Serve each session in a thread of its own."""
    with socket.create_server(("0.0.0.0", int(arguments[0])), backlog=4096) as listener:
        while True:
            session, _ = listener.accept()
            threading.Thread(target=serve, args=(session,), daemon=True).start()


def serve(session: socket.socket) -> None:
    """Serve one session as its client orders."""
    with session, contextlib.suppress(OSError):
        session.sendall(GREETING)
        head = _exactly(session, ORDER.size)
        if len(head) < ORDER.size:
            return  # a health check
        order = Order.unpacked(head)
        if order.ends is Who.ASKS:
            session.sendall(_digests.pop(order.seed, NOT_YET))
            return
        if order.ends is Who.SERVER:
            _send(session, order)
            session.shutdown(socket.SHUT_WR)
        if order.stalls:
            time.sleep(order.stalls)
        digest, size = sha256(), 0
        while heard := session.recv(1 << 18):
            digest.update(heard)
            size += len(heard)
        if len(_digests) > _MANY:
            _digests.clear()
        _digests[order.seed] = digest.digest()
        if order.ends is Who.CLIENT:
            _send(session, order)


def _send(session: socket.socket, order: Order) -> None:
    session.sendall(content(order.seed + 1, order.down))


def _exactly(session: socket.socket, size: int) -> bytes:
    heard = b""
    while len(heard) < size and (more := session.recv(size - len(heard))):
        heard += more
    return heard


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
