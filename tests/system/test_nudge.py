"""Nudges are whole TCP segments: the end that gets one must be able to answer it."""

import socket
from collections.abc import Callable
from ipaddress import ip_address
from random import Random
from struct import unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.system.ctnetlink import Flow
from bascule.system.errors import MachineError
from bascule.system.nudge import RawNudge, checksum
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.sessions import PATIENCE, Servers

MARK = 0x1BA60001


def flow(source: str, source_port: int, destination: str, destination_port: int) -> Flow:
    """Return one direction of a session."""
    return Flow(ip_address(source), source_port, ip_address(destination), destination_port)


@pytest.mark.parametrize(
    ("data", "sum_"),
    [
        (bytes.fromhex("0001f203f4f5f6f7"), 0x220D),  # RFC 1071, section 3: the sum is ddf2
        (bytes.fromhex("4500003044224000800600008c7c19acae241e2b"), 0x442E),
        (b"", 0xFFFF),
        (b"\xff\xff" * 40_000, 0),
    ],
)
def test_checksums_known_to_others(data: bytes, sum_: int) -> None:
    """Examples from elsewhere."""
    assert checksum(data) == sum_


@given(st.binary(max_size=200).filter(lambda data: len(data) % 2 == 0))
def test_a_checksum_makes_the_whole_zero(data: bytes) -> None:
    """Which is how a receiver judges it."""
    assert checksum(data + checksum(data).to_bytes(2, "big")) == 0


def arrived(node: Node, version: int, *flows: Flow) -> tuple[int, list[bytes]]:
    """Send nudges on a node and return how many went out, and the TCP segments that came to it."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    with node.entered(), socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as ear:
        ear.settimeout(PATIENCE)
        sent = RawNudge(MARK, Random(7)).send(flows)
        packets = [ear.recv(2048) for _ in range(sent)]
    return sent, [packet[20:] if version == 4 else packet for packet in packets]


@pytest.mark.kernel
@pytest.mark.parametrize("version", [4, 6])
def test_a_nudge_is_a_bare_acknowledgement_with_a_right_checksum(lab: Callable[[Layout], NetLab], version: int) -> None:
    """From and to the ports of the session, in the name of the other end, with numbers that differ each time."""
    node = lab(Layout(arms=1, clients=1, servers=1))["lb1"]
    own = node.address(version)
    foreign = "10.80.1.1" if version == 4 else "fd80::1:1"
    sent, segments = arrived(node, version, flow(foreign, 443, own, 40000), flow(foreign, 443, own, 40000))
    assert sent == 2
    numbers = set()
    for segment in segments:
        source_port, destination_port, sequence, acknowledged, offset, flags, *_ = unpack("!HHIIBBHHH", segment)
        assert (source_port, destination_port, offset >> 4, flags) == (443, 40000, 5, 0x10)
        pseudo = ip_address(foreign).packed + ip_address(own).packed + (20).to_bytes(4, "big") + (6).to_bytes(4, "big")
        assert checksum(pseudo + segment) == 0
        numbers |= {sequence, acknowledged}
    assert len(numbers) == 4


@pytest.mark.kernel
@pytest.mark.parametrize("version", [4, 6])
def test_an_idle_end_answers_a_nudge(lab: Callable[[Layout], NetLab], version: int) -> None:
    """A stack takes it for a segment outside of its window, and acknowledges what it knows (RFC 9293, 3.10.7.4)."""
    net = lab(Layout(arms=1, clients=1, servers=1))
    client, server = net["client1"], net["srv1"]
    with Servers([server], 443) as servers, servers.session(client, (server.address(version), 443)) as session:
        session.speak()
        port = session.client.getsockname()[1]
        nudge = flow(server.address(version), 443, client.address(version), port)
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        with server.entered(), socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as ear:
            ear.settimeout(PATIENCE)
            RawNudge(MARK, Random(7)).send([nudge])
            answer = ear.recv(2048)[20 if version == 4 else 0 :]
        source_port, destination_port, *_, flags, _, _, _ = unpack("!HHIIBBHHH", answer[:20])
        assert (source_port, destination_port, flags) == (port, 443, 0x10)
        session.speak()


@pytest.mark.kernel
def test_an_end_that_no_route_leads_to_is_passed_over(lab: Callable[[Layout], NetLab]) -> None:
    """The others are told all the same."""
    node = lab(Layout(arms=1, clients=1, servers=1))["lb1"]
    lost = flow("10.80.0.10", 443, "192.0.2.1", 40000)
    sent, _ = arrived(node, 4, lost, flow("10.80.1.1", 443, node.ip, 40000), lost)
    assert sent == 1


def test_without_the_right_to_it_the_machine_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that says what could not be done; nothing to send needs no right."""

    def refuse(*_: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "socket", refuse)
    nudge = RawNudge(MARK, Random(7))
    assert nudge.send([]) == 0
    with pytest.raises(MachineError, match="tell both ends that their session is over"):
        nudge.send([flow("10.80.0.10", 443, "10.80.1.1", 40000)])
