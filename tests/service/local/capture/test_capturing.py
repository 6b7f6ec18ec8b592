"""A capture ends by itself, and one at a time may run."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bascule.service.capture import Capture, Captured
from bascule.service.failures import OperationFailed
from bascule.service.local.capture.capturing import Captures
from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.system.packet_tap import Program, TappedPacket
from service.local.capture.packets import ip_packet, tapped
from service.local.situations import planned

VIP, CLIENT, OTHER = "10.80.0.10", "10.1.1.1", "10.1.1.2"
ANNA = Context(uid=1, pid=1, user="anna", role=Role.OPERATOR)


class Clock:
    """A clock that goes on only where somebody sleeps or looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


class Tap:
    """Gives packets as a test has them, one look's at a time."""

    def __init__(self, clock: Clock, *looks: Sequence[TappedPacket]) -> None:
        self.clock = clock
        self.looks = list(looks)
        self.closed = False

    def open(self, program: Program, length: int) -> "Tap":
        """Be open."""
        assert program
        assert length == 248
        return self

    async def packets(self, seconds: float) -> Sequence[TappedPacket]:
        """Return the next look's, or wait."""
        if self.looks:
            return self.looks.pop(0)
        await self.clock.sleep(seconds)
        return ()

    def lost(self) -> int:
        """Have lost none."""
        return 0

    def close(self) -> None:
        """Be closed."""
        self.closed = True


class Known:
    """Sessions of the client: what our end and the host's are."""

    def __init__(self) -> None:
        self.asked = 0

    async def towards_hosts(self, *_: object) -> set[tuple[str, str]]:
        """Return the one that lives."""
        self.asked += 1
        return {(f"{VIP}:40000", "10.80.2.1:443")}


def captures(tap: Tap, known: Known | None = None) -> Captures:
    """Return captures over two services."""
    balancer: Any = SimpleNamespace(running=SimpleNamespace(plan=planned()))
    sessions: Any = known or Known()
    return Captures(tap, balancer, sessions, tap.clock)


async def whole(capturing: Captures, request: Capture) -> list[Captured]:
    """Return all pieces."""
    return [piece async for piece in capturing.capture(ANNA, request)]


async def test_the_clients_packets_are_told_from_others_by_its_sessions() -> None:
    """Who it is towards a host is asked once, while nobody new is seen."""
    mine = [
        tapped(ip_packet(CLIENT, VIP, (50000, 443))),
        tapped(ip_packet(VIP, "10.80.2.1", (40000, 443))),
        tapped(ip_packet("10.80.2.1", VIP, (443, 40000))),
    ]
    others = [tapped(ip_packet(VIP, "10.80.2.1", (40001, 443))), tapped(ip_packet(VIP, "10.80.2.1", protocol=1))]
    tap, known = Tap(Clock(), mine, mine, [*mine, *others]), Known()
    pieces = await whole(captures(tap, known), Capture(client=CLIENT, seconds=5))
    assert [piece.packets for piece in pieces] == [0, 3, 6, 9, 9]
    assert pieces[-1].ended == "the time is over"
    assert tap.clock.now == pytest.approx(5)
    assert (known.asked, tap.closed) == (2, True)


async def test_a_relays_packets_are_whosoever_they_are() -> None:
    """No session is asked for; the file ends where it is full."""
    tap, known = Tap(Clock(), [tapped(ip_packet(CLIENT, VIP, (50000, 443)))] * 200), Known()
    pieces = await whole(captures(tap, known), Capture(relay="HTTPS", bytes=4096))
    assert sum(len(piece.data) for piece in pieces) <= 4096
    assert (pieces[-1].ended, known.asked, tap.closed) == ("the file has reached its size", 0, True)


async def test_one_at_a_time() -> None:
    """Who comes second hears who was first; the door is open again when that one has gone."""
    tap = Tap(Clock())
    capturing = captures(tap)
    first = capturing.capture(ANNA, Capture(client=CLIENT))
    await anext(first)
    with pytest.raises(OperationFailed, match="anna captures already"):
        await whole(capturing, Capture(client=OTHER))
    await first.aclose()
    assert tap.closed
    assert await whole(capturing, Capture(client=OTHER))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Capture(), "name a client, a relay, or both"),
        (Capture(client="x"), "x is no IP address"),
        (Capture(relay="X"), "there is no relay X"),
        (Capture(client="2001:db8::1", relay="HTTPS"), "relay HTTPS has no packets of 2001:db8::1"),
    ],
)
async def test_what_cannot_be_captured_is_said(request_: Capture, why: str) -> None:
    """Before anything is opened."""
    with pytest.raises(OperationFailed, match=why):
        await whole(captures(Tap(Clock())), request_)
