"""The gate finds what is not carried byte for byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench.loads import exact_server
from bench.loads.exactness import Order, Who, orders, wrong


@contextmanager
def _served() -> Iterator[tuple[str, int]]:
    """Run the gate's own server on loopback."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def serve() -> None:
            while True:
                try:
                    session, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=exact_server.serve, args=(session,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)


def test_a_straight_path_is_exact() -> None:
    """Whoever ends first, with nothing to say and with much."""
    with _served() as place:
        for ends in (Who.CLIENT, Who.SERVER):
            for up, down in ((0, 0), (1, 70_000), (70_000, 0)):
                assert wrong(place, Order(ends, 0, 1, up, down)) == ""


def test_a_byte_that_changes_is_found() -> None:
    """A path that changes one byte on the way to the client."""
    with _served() as place, socket.create_server(("127.0.0.1", 0)) as listener:

        def flip() -> None:
            with socket.create_connection(place) as far, listener.accept()[0] as near:
                heard = bytearray(far.recv(64))
                heard[0] ^= 1
                near.sendall(heard)

        threading.Thread(target=flip, daemon=True).start()
        assert wrong(listener.getsockname(), Order(Who.CLIENT, 0, 1, 10, 10))


def test_the_gate_tries_every_way() -> None:
    """Both ends, nothing and 40 MiB, and readers that stall; each with bytes of its own."""
    every = orders(5)
    assert {order.ends for order in every} == {Who.CLIENT, Who.SERVER}
    assert {0, 40 * 2**20} <= {order.up for order in every} & {order.down for order in every}
    assert any(order.stalls for order in every)
    assert len({order.seed for order in every}) == len(every) > 100
