"""Clients of one address meet one worker, whatever their port, as long as it is wanted."""

import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from bascule.engines.proxy.listening import listening_socket
from bascule.engines.proxy.steering import share_out
from bascule.engines.proxy.wire import Place

WORKERS = 3


@pytest.fixture(params=["127.0.0.1", "::1"])
def listeners(request: pytest.FixtureRequest) -> Iterator[Sequence[socket.socket]]:
    """Open one listening socket for each of several workers, at one place."""
    with ExitStack() as stack:
        first = stack.enter_context(listening_socket(Place(request.param, 0)))
        place = Place(request.param, first.getsockname()[1])
        others = [stack.enter_context(listening_socket(place)) for _ in range(WORKERS - 1)]
        yield [first, *others]


def met(listeners: Sequence[socket.socket], client: str) -> int:
    """Return the number of the worker that a connection from an address meets."""
    to = listeners[0].getsockname()[:2]
    with socket.create_connection(to, timeout=5, source_address=(client, 0)):
        ready, _, _ = select.select(listeners, [], [], 5)
        connection, _ = ready[0].accept()
        connection.close()
        return listeners.index(ready[0])


def clients(listeners: Sequence[socket.socket]) -> Sequence[str]:
    """Return addresses to connect from; loopback has one of IPv6 only."""
    return [f"127.0.7.{n}" for n in range(1, 10)] if listeners[0].family is socket.AF_INET else ["::1"]


def test_each_client_meets_one_worker(listeners: Sequence[socket.socket]) -> None:
    """Again and again; and all workers have some."""
    share_out(listeners, by_client=True)
    who = {client: {met(listeners, client) for _ in range(8)} for client in clients(listeners)}
    assert all(len(workers) == 1 for workers in who.values())
    if len(who) > 1:
        assert set.union(*who.values()) == set(range(WORKERS))


def test_it_ends_when_it_is_no_longer_wanted(listeners: Sequence[socket.socket]) -> None:
    """Then the port decides as well, and one client meets several."""
    share_out(listeners, by_client=True)
    share_out(listeners, by_client=False)
    share_out(listeners, by_client=False)
    assert len({met(listeners, clients(listeners)[0]) for _ in range(60)}) > 1


def test_nobody_and_one_need_no_sharing() -> None:
    """A place that nobody listens at is left alone, and one worker takes everybody."""
    share_out([], by_client=True)
    with listening_socket(Place("127.0.0.1", 0)) as only:
        share_out([only], by_client=True)
        assert met([only], "127.0.7.1") == 0
