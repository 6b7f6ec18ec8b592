"""The demo says what it saw, and finds fault with everything that a balancer must not do."""

from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest

from bascule.cli.demo.scenery import CLIENTS, SERVERS, SERVICES
from bascule.cli.demo.story import Story
from bascule.cli.demo.traffic import Round, Visit
from bascule.service.results import HostRow, HostStatus

NAMES = tuple(SERVERS)


class FakeStage:
    """A balancer that is right, but for one flaw."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.dead: set[str] = set()
        self.asked = 0
        self.killed = False

    async def drive(self) -> Round:
        """Return who would meet whom."""
        return Round(tuple(self._visit(client, service.relay) for client in CLIENTS for service in SERVICES))

    async def host_rows(self, name: str) -> Sequence[HostRow]:
        """Say it the second time it is asked, for each relay."""
        self.asked += 1
        known = {"blind": False, "tardy": self.asked > 1}.get(self.flaw, True)
        dead = (name in self.dead) if known else (name not in self.dead)
        status = HostStatus.DOWN if dead else HostStatus.UP
        return [HostRow(id=1, name=name, address="127.0.0.1:1", weight=1, status=status, reason="refused" if dead else "")]

    async def kill_server(self, name: str) -> None:
        """Take a server away."""
        self.dead.add(name)
        self.killed = True

    async def start_server(self, name: str) -> None:
        """Bring a server back."""
        self.dead.discard(name)

    def _visit(self, client: IPv4Address, relay: str) -> Visit:
        turn = int(client)
        turn += self.flaw == "splits" and relay == "RPCABS"
        turn += self.flaw == "shuffles" and bool(self.dead)
        turn += self.flaw == "forgets" and self.killed and not self.dead
        order = [NAMES[(turn + step) % len(NAMES)] for step in range(len(NAMES))]
        if self.flaw == "loses" and order[0] in self.dead:
            return Visit(client=client, relay=relay, failure="Connection refused")
        if self.flaw == "clings":
            return Visit(client=client, relay=relay, server=order[0])
        return Visit(client=client, relay=relay, server=next(name for name in order if name not in self.dead))


class Lines:
    """A screen that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.rounds = 0

    def say(self, line: str) -> None:
        """Keep the line."""
        self.lines.append(line)

    def glimpse(self, seen: Round) -> None:
        """Count the round."""
        self.rounds += bool(seen.visits)

    def show(self, seen: Round) -> None:
        """Count the round."""
        self.rounds += bool(seen.visits)


class Ticking:
    """A clock that moves three seconds whenever it is asked."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        self.seconds += 3.0
        return self.seconds


async def _at_once(_: float) -> None:
    """Take no time."""


async def told(flaw: str) -> tuple[list[str], list[str]]:
    """Return the faults found with a balancer of this flaw, and the lines said."""
    screen = Lines()
    story = Story(FakeStage(flaw), screen, now=Ticking(), sleep=_at_once)
    await story.tell()
    return story.faults, screen.lines


@pytest.mark.parametrize("manner", ["", "tardy"])
async def test_a_right_balancer_has_no_faults(manner: str) -> None:
    """Every client on one server; the dead one's move, and come back."""
    faults, lines = await told(manner)
    assert faults == []
    assert lines[0] == ("84 connections, 0 failed. 12 of 12 clients met one server on all services: EX1 4, EX2 4, EX3 4.")
    assert lines[1] == "EX1 is killed; 4 clients used it."
    assert "4 of its 4 clients moved, to EX2 4; of the others 0 moved." in lines[2]
    assert "4 of its 4 clients are back; of all clients 0 are not where they were." in lines[4]


@pytest.mark.parametrize(
    ("flaw", "fault"),
    [
        ("splits", "met more than one server: 127.0.0.101, 127.0.0.102, 127.0.0.103 and 9 more"),
        ("shuffles", "moved, though EX1 was not theirs: "),
        ("forgets", "are not where they were: "),
        ("loses", "failed: "),
        ("clings", "did not move away from EX1: "),
        ("blind", "the balancer did not find EX1 down within 20 s"),
    ],
)
async def test_each_flaw_is_found(flaw: str, fault: str) -> None:
    """What a balancer must not do is told, and named with the clients it happened to."""
    faults, _ = await told(flaw)
    assert any(found.startswith(fault) for found in faults), faults
