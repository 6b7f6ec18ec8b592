"""Sessions: which host gets them, and how they end."""

import contextlib
import errno
import os
import signal
import socket
import threading
from ipaddress import ip_address

import msgspec
import pytest

from bascule.config.model import Mode
from bascule.engines.proxy.wire import Place, ProxySource
from bascule.plan.model import NO_HOST, HostState
from bascule.plan.selection import SLOTS, slot_of
from bed.proxy import Rig, client, echo, everything, host, refusing, relay, reset, says, serving, silent
from bed.wait import until

from .conftest import Hands

KEY = 0x7F3A91C2


def _is_reset(connection: socket.socket) -> bool:
    """Tell whether the connection ended with a reset, which must come within the socket's timeout."""
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        return True
    return False


def test_a_clients_host_is_its_slots(rig: Rig) -> None:
    """The address alone decides, as `slot_of` says, for every connection of the client."""
    with contextlib.ExitStack() as servers:
        places = [servers.enter_context(serving(says(bytes((65 + n,))))) for n in range(3)]
        slots = [n % 3 for n in range(SLOTS)]
        place = rig.listen()
        rig.follow(relay(place, [host(server) for server in places], slots=slots, key=KEY))
        for n in range(1, 40):
            source = f"127.0.7.{n}"
            wanted = bytes((65 + slots[slot_of(ip_address(source), key=KEY)],))
            for _ in range(2):
                with client(place, source) as connection:
                    assert connection.recv(1) == wanted


def test_round_robin_takes_turns(rig: Rig) -> None:
    """Connections go over the slots in their order."""
    with serving(says(b"a")) as one, serving(says(b"b")) as other:
        place = rig.carry(one, other, slots=[0, 1], mode=Mode.ROUNDROBIN)
        heard = b""
        for _ in range(6):
            with client(place) as connection:
                heard += connection.recv(1)
        assert heard in (b"ababab", b"bababa")


@pytest.mark.parametrize("mode", list(Mode))
def test_a_host_that_refuses_is_passed_over(rig: Rig, mode: Mode) -> None:
    """No client notices that the first choice refuses."""
    dead = refusing()
    with serving(says(b"alive")) as server:
        place = rig.carry(dead, server, slots=[0, 0, 0, 1] if mode is not Mode.SOURCE_HASH else [0], mode=mode)
        for n in range(1, 9):
            with client(place, f"127.0.8.{n}") as connection:
                assert connection.recv(10) == b"alive"
        assert rig.parent.host(server).opened == 8
        assert rig.parent.host(dead).opened == 0


def test_a_silent_host_is_passed_over_after_the_connect_timeout(rig: Rig) -> None:
    """A client waits for one connect timeout, and is then served by another host."""
    with silent() as dead, serving(says(b"alive")) as server:
        place = rig.carry(dead, server, connect_timeout=0.3)
        with client(place) as connection:
            connection.settimeout(2)
            assert connection.recv(10) == b"alive"
        assert rig.parent.host(dead).failed == 1


def test_what_the_client_said_meanwhile_is_not_lost(rig: Rig) -> None:
    """Words sent while a host is tried in vain reach the next one."""
    with silent() as dead, serving(echo) as server, client(rig.carry(dead, server, connect_timeout=0.3)) as connection:
        connection.sendall(b"said early")
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b"said early"


def test_without_a_live_host_the_client_is_reset(rig: Rig) -> None:
    """No host in the slots, or none that accepts: a reset either way."""
    empty, dead = rig.listen(), rig.listen()
    gone = refusing()
    rig.follow(
        relay(empty, [host(gone, state=HostState.DOWN)], name="empty", slots=[NO_HOST]),
        relay(dead, [host(gone)], name="dead"),
    )
    for place in (empty, dead):
        with (
            contextlib.suppress(ConnectionResetError),
            client(place) as connection,
        ):  # also before connect returns
            assert _is_reset(connection)
    assert [counts.refused for counts in rig.parent.status().relays] == [1, 1]
    assert rig.sessions() == 0


def test_a_clients_reset_reaches_the_server(rig: Rig) -> None:
    """A server learns that its client was aborted, not that it said goodbye."""
    outcome: list[int | None] = []

    def listens(connection: socket.socket) -> None:
        try:
            everything(connection)
            outcome.append(None)
        except OSError as error:
            outcome.append(error.errno)

    with serving(listens) as server:
        connection = client(rig.carry(server))
        connection.sendall(b"x")
        until(lambda: rig.parent.host(server).opened == 1, what="the host has the session")
        reset(connection)
        until(lambda: bool(outcome), what="the server hears of it")
        assert outcome == [errno.ECONNRESET]


def test_a_servers_reset_reaches_the_client(rig: Rig) -> None:
    """A client learns that its server aborted, after what was said before."""

    def aborts(connection: socket.socket) -> None:
        connection.sendall(connection.recv(10))
        connection.recv(10)
        reset(connection)

    with serving(aborts) as server, client(rig.carry(server)) as connection:
        connection.sendall(b"x")
        assert connection.recv(10) == b"x"
        connection.sendall(b"y")
        assert _is_reset(connection)


def test_last_words_before_a_reset_arrive(rig: Rig) -> None:
    """Also where the words and the reset reach the worker together."""
    asked, stopped = threading.Event(), threading.Event()

    def aborts(connection: socket.socket) -> None:
        connection.recv(10)
        asked.set()
        stopped.wait(10)
        connection.sendall(b"last words")
        reset(connection)
        asked.set()

    with serving(aborts) as server, client(rig.carry(server)) as connection:
        worker = rig.parent.status().pid
        connection.sendall(b"x")
        assert asked.wait(10)
        asked.clear()
        os.kill(worker, signal.SIGSTOP)
        try:
            stopped.set()
            assert asked.wait(10)
        finally:
            os.kill(worker, signal.SIGCONT)
        assert connection.recv(20) == b"last words"
        assert _is_reset(connection)


def test_no_connection_opened_after_a_servers_death_fails(rig: Rig) -> None:
    """With traffic running, a server's end costs new clients nothing, though no check has noticed yet."""
    with serving(echo) as survivor, contextlib.ExitStack() as doomed:
        place = rig.carry(doomed.enter_context(serving(echo)), survivor, slots=[0, 1])
        failures: list[Exception] = []
        stop, dead = threading.Event(), threading.Event()

        def traffic(source: str) -> None:
            while not stop.is_set():
                after = dead.is_set()
                try:
                    with client(place, source) as connection:
                        connection.sendall(b"hello")
                        assert connection.recv(10) == b"hello"
                except (OSError, AssertionError) as error:
                    if after:
                        failures.append(error)

        clients = [threading.Thread(target=traffic, args=(f"127.0.9.{n}",)) for n in range(1, 9)]
        for thread in clients:
            thread.start()
        until(lambda: rig.parent.status().relays[0].accepted > 200, what="traffic runs")
        doomed.close()
        dead.set()
        before = rig.parent.status().relays[0].accepted
        until(lambda: rig.parent.status().relays[0].accepted > before + 200, what="traffic goes on")
        stop.set()
        for thread in clients:
            thread.join()
        assert not failures


def test_an_idle_session_is_reset_on_both_sides(timed: Rig, hands: Hands) -> None:
    """After the session timeout without a byte both ends are told; a byte in between starts it anew."""
    ended = threading.Event()

    def listens(connection: socket.socket) -> None:
        try:
            everything(connection)
        except ConnectionResetError:
            ended.set()

    with serving(listens) as server, client(timed.carry(server, session_timeout=100)) as connection:
        until(lambda: timed.parent.host(server).opened == 1, what="the host has the session")
        hands.now += 60
        connection.sendall(b"still here")
        until(lambda: timed.parent.host(server).from_client == 10, what="the byte has passed")
        hands.now += 60
        assert timed.sessions() == 1
        hands.now += 41
        until(lambda: timed.sessions() == 0, what="the session is over")
        assert _is_reset(connection)
        assert ended.wait(5)


def test_a_half_closed_session_may_be_quiet_as_long(timed: Rig, hands: Hands) -> None:
    """The end of one direction shortens nothing: the answer may come just before the session timeout."""
    answer = threading.Event()

    def answers_late(connection: socket.socket) -> None:
        everything(connection)
        answer.wait(20)
        connection.sendall(b"late")

    with serving(answers_late) as server, client(timed.carry(server, session_timeout=100)) as connection:
        connection.sendall(b"question")
        connection.shutdown(socket.SHUT_WR)
        until(lambda: timed.parent.host(server).from_client == 8, what="the question has passed")
        hands.now += 99
        assert timed.sessions() == 1
        answer.set()
        assert everything(connection) == b"late"


def test_ipv6(rig: Rig) -> None:
    """A relay of IPv6 works like one of IPv4, its source address included."""
    with serving(says(b"six"), "::1") as server:
        place = rig.listen("::1")
        sources = [ProxySource(listen="::1", host="::1", first="::1", last="::1")]
        rig.follow(relay(place, [host(server)], sources=sources))
        with client(place) as connection:
            assert connection.recv(10) == b"six"


def test_connections_come_from_the_relays_source(rig: Rig) -> None:
    """A host sees the address that the plan names, and one of ours where the machine does not have it."""
    seen: list[str] = []

    def notes(connection: socket.socket) -> None:
        seen.append(connection.getpeername()[0])
        connection.sendall(b"noted")

    with serving(notes) as server:
        for source in ("127.0.5.5", "192.0.2.1"):
            named = ProxySource(listen="127.0.0.1", host=server.address, first=source, last=source)
            with client(rig.carry(server, sources=[named])) as connection:
                assert connection.recv(10) == b"noted"
    assert seen == ["127.0.5.5", "127.0.0.1"]


@pytest.mark.parametrize("reset_on_down", [True, False])
def test_sessions_of_a_host_that_goes_down(rig: Rig, *, reset_on_down: bool) -> None:
    """They are reset while another host is up and the relay says so; else they stay."""
    with serving(says(b"one")) as one, serving(says(b"two")) as two:
        place = rig.listen()

        def follow(first: HostState, second: HostState) -> None:
            hosts = [host(one, state=first), host(two, state=second)]
            rig.follow(relay(place, hosts, slots=[0], reset_on_down=reset_on_down))

        follow(HostState.UP, HostState.UP)
        with client(place) as connection:
            assert connection.recv(3) == b"one"
            follow(HostState.UNKNOWN, HostState.UP)
            assert rig.sessions() == 1
            follow(HostState.DOWN, HostState.DOWN)
            assert rig.sessions() == 1
            follow(HostState.DOWN, HostState.UP)
            if reset_on_down:
                assert _is_reset(connection)
                assert rig.sessions() == 0
            else:
                connection.sendall(b"alive")
                assert connection.recv(10) == b"alive"


@pytest.mark.parametrize("reset_on_remove", [True, False])
def test_sessions_of_a_host_that_is_taken_out(rig: Rig, *, reset_on_remove: bool) -> None:
    """They drain, or are reset where the relay says so; what it says of hosts that are down has no part in it."""
    with serving(says(b"one")) as one, serving(says(b"two")) as two:
        place = rig.listen()
        rig.follow(relay(place, [host(one), host(two)], slots=[0], reset_on_down=not reset_on_remove))
        with client(place) as connection:
            assert connection.recv(3) == b"one"
            left = relay(place, [host(two)], slots=[0], reset_on_down=not reset_on_remove)
            rig.follow(msgspec.structs.replace(left, reset_on_remove=reset_on_remove))
            if reset_on_remove:
                assert _is_reset(connection)
            else:
                connection.sendall(b"alive")
                assert connection.recv(10) == b"alive"


def test_a_client_that_waits_for_a_dead_host_moves_when_it_is_marked_down(rig: Rig) -> None:
    """A connect in progress is given up at once, not at its timeout."""
    with silent() as dead, serving(says(b"alive")) as server:
        place = rig.listen()
        rig.follow(relay(place, [host(dead), host(server)], connect_timeout=60))
        with client(place) as connection:
            until(lambda: rig.parent.host(dead).sessions == 1, what="the client waits for the dead host")
            rig.follow(relay(place, [host(dead, state=HostState.DOWN), host(server)], slots=[1], connect_timeout=60))
            assert connection.recv(10) == b"alive"


def test_a_plan_change_leaves_other_sessions_alone(rig: Rig) -> None:
    """Relays that come, go and change do not disturb what runs, not even sessions of the relay that goes."""
    with serving(echo) as server:
        stays, goes = rig.listen(), rig.listen()
        staying = relay(stays, [host(server)], name="stays")
        rig.follow(staying, relay(goes, [host(server)], name="goes"))
        with client(stays) as one, client(goes) as other:
            until(lambda: rig.sessions() == 2, what="both sessions are there")
            comes = rig.listen()
            rig.follow(staying, relay(comes, [host(server)], name="comes"))
            for connection in (one, other):
                connection.sendall(b"still")
                assert connection.recv(10) == b"still"
            with client(comes) as third:
                third.sendall(b"new")
                assert third.recv(10) == b"new"
            with pytest.raises(ConnectionRefusedError):
                client(Place(goes.address, goes.port))
            assert set(rig.parent.observe().listens) == {stays, comes}


def test_an_idle_session_costs_little_memory(rig: Rig) -> None:
    """A thousand sessions more take less than 2 KiB each of the worker's own memory."""
    more = 1000
    with serving(echo) as server, contextlib.ExitStack() as clients:
        place = rig.carry(server)

        def come() -> None:
            connection = clients.enter_context(client(place))
            connection.sendall(b"x")
            assert connection.recv(1) == b"x"

        for _ in range(100):
            come()
        before = rig.own_memory()
        for _ in range(more):
            come()
        assert rig.sessions() == 100 + more
        assert rig.own_memory() - before < 2048 * more
