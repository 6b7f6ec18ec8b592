"""Clients come in while there is room, and wait, neither lost nor refused, while there is none."""

import contextlib
import select
import socket
from functools import partial
from pathlib import Path

from bed.proxy import Rig, client, echo, host, relay, serving, worker_process
from bed.wait import until


def _speaks(connection: socket.socket) -> bool:
    connection.sendall(b"x")
    return connection.recv(1) == b"x"


def _answered(waiting: list[socket.socket]) -> list[socket.socket]:
    """Return those that something has come for within a moment."""
    return select.select(waiting, [], [], 0.2)[0]


def test_out_of_descriptors(directory: Path) -> None:
    """Sessions go on, newcomers wait, and are served as old sessions end; the worker never crashes."""
    with (
        worker_process(directory, descriptors=64) as rig,
        serving(echo) as server,
        contextlib.ExitStack() as clients,
    ):
        place = rig.carry(server)
        waiting = [clients.enter_context(client(place)) for _ in range(40)]
        for connection in waiting:
            connection.sendall(b"!")
        until(lambda: rig.parent.host(server).from_host >= 10, what="the first are served")
        served: list[socket.socket] = []
        while newly := _answered(waiting):
            for connection in newly:
                assert connection.recv(1) == b"!"
                waiting.remove(connection)
                served.append(connection)
        assert rig.sessions() == len(served) < 40
        while waiting:
            assert all(_speaks(connection) for connection in served)
            served.pop(0).close()
            for connection in until(partial(_answered, waiting), what="one more is served"):
                assert connection.recv(1) == b"!"
                waiting.remove(connection)
                served.append(connection)
        assert all(_speaks(connection) for connection in served)


def test_who_waits_at_a_door_that_closes_is_let_in(rig: Rig) -> None:
    """A relay that goes serves those who had connected; whoever comes later is refused."""
    with serving(echo) as server, contextlib.ExitStack() as clients:
        goes, stays = rig.listen(), rig.listen()
        remaining = relay(stays, [host(server)], name="stays")
        rig.follow(relay(goes, [host(server)], name="goes"), remaining)
        connected = [clients.enter_context(client(goes)) for _ in range(50)]
        rig.follow(remaining)
        assert all(_speaks(connection) for connection in connected)


def test_a_door_that_comes_with_its_relays_new_address(rig: Rig) -> None:
    """A relay that listens at one place more keeps its counters and its sessions."""
    with serving(echo) as server:
        one = rig.listen()
        rig.follow(relay(one, [host(server)]))
        with client(one) as connection:
            assert _speaks(connection)
            two = rig.listen()
            rig.follow(relay([two, one], [host(server)]))
            with client(two) as other:
                assert _speaks(other)
            assert _speaks(connection)
            assert rig.parent.status().relays[0].accepted == 2


def test_a_relay_that_is_cut_in_two(rig: Rig) -> None:
    """Each part serves its own place; the counters stay with the first."""
    with serving(echo) as server:
        one, two = rig.listen(), rig.listen()
        rig.follow(relay([one, two], [host(server)]))
        with client(one) as connection:
            assert _speaks(connection)
            rig.follow(relay(one, [host(server)], name="one"), relay(two, [host(server)], name="two"))
            with client(two) as other:
                assert _speaks(other)
            assert _speaks(connection)
        assert [(named.name, named.accepted) for named in rig.parent.status().relays] == [("one", 1), ("two", 1)]
