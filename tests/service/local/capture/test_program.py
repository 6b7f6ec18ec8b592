"""The filter, run by the kernel itself: a local socket takes one without any right."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.service.local.capture.program import program
from bascule.service.local.capture.sides import ANY_PORT, End, Side
from bascule.system.errors import MachineError
from bascule.system.packet_tap import attach
from service.local.capture.packets import ip_packet

CLIENT, OTHER, VIP, HOST = "10.1.1.1", "10.1.1.2", "10.2.0.50", "10.2.0.11"
CLIENT6, VIP6 = "2001:db8::1", "2001:db8::50"


def end(address: str, *ports: range) -> End:
    """Return an end; without ports of every one."""
    return End(ip_address(address), ports or (ANY_PORT,))


@contextmanager
def filtered(sides: Sequence[Side], length: int = 1000) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give both ends of a socket whose second one takes only what the filter does."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        other.settimeout(0)
        attach(other, program(sides, length))
        yield one, other


def takes(sockets: tuple[socket.socket, socket.socket], packet: bytes) -> bool:
    """Tell whether a packet comes through."""
    sockets[0].send(packet)
    try:
        return bool(sockets[1].recv(2000))
    except BlockingIOError:
        return False


def test_a_client_is_seen_whatever_it_speaks() -> None:
    """Each way, of every protocol, and nobody else."""
    with filtered([Side((end(CLIENT),))]) as sockets:
        assert takes(sockets, ip_packet(CLIENT, VIP, (50000, 443)))
        assert takes(sockets, ip_packet(VIP, CLIENT, (443, 50000)))
        assert takes(sockets, ip_packet(CLIENT, VIP, protocol=1))
        assert takes(sockets, ip_packet(CLIENT, VIP, protocol=17, fragment=100))
        assert not takes(sockets, ip_packet(OTHER, VIP, (50000, 443)))
        assert not takes(sockets, ip_packet(CLIENT6, VIP6, (50000, 443)))


def test_an_end_is_an_address_with_its_ports() -> None:
    """Of a range, from its first to its last; what has no ports to be seen is taken by its address."""
    with filtered([Side((end(VIP, range(443, 444), range(6000, 6011)),))]) as sockets:
        for port, taken in ((443, True), (444, False), (5999, False), (6000, True), (6010, True), (6011, False)):
            assert takes(sockets, ip_packet(CLIENT, VIP, (50000, port))) is taken
            assert takes(sockets, ip_packet(VIP, CLIENT, (port, 50000))) is taken
        assert not takes(sockets, ip_packet(CLIENT, VIP, (443, 50000)))
        assert takes(sockets, ip_packet(VIP, CLIENT, (3, 1), protocol=1))
        assert takes(sockets, ip_packet(CLIENT, VIP, (9, 9), fragment=7))


def test_a_peer_narrows_a_side() -> None:
    """One client's packets to a place, of both IP versions."""
    with filtered([Side((end(VIP, range(443, 444)),), ip_address(CLIENT))]) as sockets:
        assert takes(sockets, ip_packet(CLIENT, VIP, (50000, 443)))
        assert takes(sockets, ip_packet(VIP, CLIENT, (443, 50000)))
        assert not takes(sockets, ip_packet(OTHER, VIP, (50000, 443)))
        assert not takes(sockets, ip_packet(CLIENT, HOST, (50000, 443)))
    with filtered([Side((end(VIP6, range(443, 444)),), ip_address(CLIENT6))]) as sockets:
        assert takes(sockets, ip_packet(CLIENT6, VIP6, (50000, 443)))
        assert not takes(sockets, ip_packet("2001:db8::2", VIP6, (50000, 443)))


def test_no_more_is_taken_than_was_asked_for() -> None:
    """The kernel itself cuts a packet off."""
    with filtered([Side((end(CLIENT),))], length=30) as (one, other):
        one.send(ip_packet(CLIENT, VIP, (50000, 443)))
        assert len(other.recv(2000)) == 30


def test_hundreds_of_hosts_fit_and_thousands_are_refused() -> None:
    """Every one of them is found; more than the kernel takes is said before it refuses."""
    hosts = [f"10.3.{n // 200}.{n % 200 + 1}" for n in range(5000)]
    ports = tuple(range(port, port + 1) for port in range(1000, 1130, 2))
    with filtered([Side(tuple(end(host, *ports) for host in hosts[:9]))]) as sockets:
        assert all(takes(sockets, ip_packet(host, VIP, (1128, 9))) for host in hosts[:9])
        assert not takes(sockets, ip_packet(hosts[8], VIP, (1129, 9)))
    with filtered([Side(tuple(end(host, range(443, 444)) for host in hosts[:180]))]) as sockets:
        assert takes(sockets, ip_packet(VIP, hosts[179], (9, 443)))
    with pytest.raises(MachineError, match="name one relay"):
        program([Side(tuple(end(host) for host in hosts))], 100)


_ADDRESSES = st.sampled_from([CLIENT, OTHER, VIP, HOST])
_ENDS = st.builds(
    lambda address, first, count: end(address, range(first, first + count)),
    _ADDRESSES,
    st.integers(1, 4),
    st.integers(1, 2),
)
_SIDES = st.lists(
    st.builds(Side, st.lists(_ENDS, min_size=1, max_size=3).map(tuple), st.none() | _ADDRESSES.map(ip_address)),
    min_size=1,
    max_size=3,
)


@given(_SIDES, _ADDRESSES, _ADDRESSES, st.integers(1, 5), st.integers(1, 5))
def test_the_kernel_agrees_with_the_words(sides: Sequence[Side], source: str, to: str, first: int, second: int) -> None:
    """Whatever the sides, the program says what they mean."""

    def fits(here: str, port: int, there: str) -> bool:
        return any(
            side.peer in (None, ip_address(there))
            and one.address == ip_address(here)
            and any(port in each for each in one.ports)
            for side in sides
            for one in side.ends
        )

    with filtered(sides) as sockets:
        assert takes(sockets, ip_packet(source, to, (first, second))) == (
            fits(source, first, to) or fits(to, second, source)
        )
