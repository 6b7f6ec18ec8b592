"""A worker lives as long as it has something to do, or somebody to do it for."""

import os
import random
import threading
from pathlib import Path

from bascule.engines.proxy.worker import UNCONTACTED, Worker
from bascule.roles.proxy import control_socket
from bed.proxy import Parent, Rig, client, echo, serving
from bed.wait import until

from .conftest import Hands


def test_one_that_nobody_ever_contacts_ends(directory: Path) -> None:
    """After a minute it is clear that its parent died while it started."""
    path = directory / "proxy-1.sock"
    started = iter([0.0])
    with control_socket(path) as control:
        worker = Worker(
            control,
            parents={os.geteuid()},
            descriptors=256,
            clock=lambda: next(started, UNCONTACTED + 1),
            chance=random.Random(1),
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
        worker.close()


def test_one_without_relay_session_and_parent_ends(rig: Rig) -> None:
    """It goes with its parent, since there is nothing that it would be kept for."""
    rig.parent.close()
    until(lambda: not rig.path.exists(), what="the worker ends and takes its socket away")


def test_a_session_keeps_it_alive(rig: Rig) -> None:
    """Released from its relays it stays for the last session, then ends."""
    with serving(echo) as server:
        with client(rig.carry(server)) as connection:
            connection.sendall(b"x")
            assert connection.recv(1) == b"x"
            rig.follow()
            rig.parent.close()
            connection.sendall(b"y")
            assert connection.recv(1) == b"y"
            assert rig.path.exists()
        until(lambda: not rig.path.exists(), what="the worker ends")


def test_stop_resets_sessions(rig: Rig) -> None:
    """Told to stop, it ends at once and says so to everybody."""
    with serving(echo) as server, client(rig.carry(server)) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        rig.parent.stop()
        assert not rig.path.exists(), "the parent hears last"
        try:
            assert connection.recv(1) is None, "neither data nor a polite end"
        except ConnectionResetError:
            return


def test_an_idle_worker_sleeps(timed: Rig, hands: Hands) -> None:
    """A request is answered whatever the clock says, and again: nothing spins or waits for a deadline."""
    hands.now += 1e6
    assert timed.sessions() == 0
    second = Parent(timed.path)
    second.close()
    assert timed.sessions() == 0
