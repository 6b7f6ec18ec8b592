"""What rules log is told with the rule that did it, and a flood is counted instead."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

from bascule.config.diagnostics import Span
from bascule.config.firewall import Action, Direction, Rule
from bascule.plan.firewall import FirewallPlan, RulePlan
from bascule.plan.idents import idents
from bascule.plan.model import Plan
from bascule.service.events import Event, PacketRow
from bascule.service.local.firewall_log import MOST, TICK, FirewallLog
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.system.errors import MachineError
from bascule.system.packet_log import LoggedPacket
from bed.clock import SteppedClock
from service.local.situations import running as some_running

RULE = RulePlan(
    rule=Rule(action=Action.BLOCK, direction=Direction.IN, log=True, label="no relays out", span=Span(14, 1, 5))
)
LOGS = FirewallPlan(rules=(RULE,))
PACKET = LoggedPacket(
    prefix=idents(LOGS)[0],
    source=ip_address("203.0.113.7"),
    to=ip_address("10.2.0.10"),
    protocol="tcp",
    source_port=4711,
    port=25,
)


class FakePacketLog:
    """Hears what a test says, or refuses."""

    def __init__(self) -> None:
        self.heard: Callable[[LoggedPacket], None] | None = None
        self.refuses = False

    @contextmanager
    def follow(self, heard: Callable[[LoggedPacket], None], lost: Callable[[], None]) -> Iterator[None]:  # noqa: ARG002 - the door's
        """Keep who hears."""
        if self.refuses:
            raise MachineError("listen to packets that rules log", "another process listens")
        self.heard = heard
        try:
            yield
        finally:
            self.heard = None


class Runs:
    """Runs a plan that a test changes."""

    def __init__(self, firewall: FirewallPlan | None) -> None:
        self.firewall = firewall

    @property
    def running(self) -> Running:
        """Return it."""
        return replace(some_running(), plan=Plan(firewall=self.firewall))


@contextmanager
def watched(log: FirewallLog) -> Iterator[None]:
    """Have it watch meanwhile."""
    task = asyncio.ensure_future(log.watch())
    try:
        yield
    finally:
        task.cancel()


async def test_a_packet_is_told_with_its_rule_and_a_flood_is_counted() -> None:
    """The same words for people, and fields for scripts."""
    packets, clock, runs, events = FakePacketLog(), SteppedClock(), Runs(None), list[Event]()
    journal = Journal(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), write=events.append)
    log = FirewallLog(packets, runs, journal, clock=clock)
    with watched(log):
        await clock.advance(TICK)
        assert packets.heard is None
        runs.firewall = LOGS
        await clock.advance(TICK)
        assert packets.heard is not None
        for _ in range(MOST + 3):
            packets.heard(PACKET)
        await clock.advance(TICK)
        packets.heard(replace(PACKET, prefix="gone", source=ip_address("fe80::1"), to=ip_address("ff02::1")))
        runs.firewall = None
        await clock.advance(TICK)
        assert packets.heard is None
    assert events[0].words == 'rule "no relays out" (line 14) blocks tcp 203.0.113.7:4711 -> 10.2.0.10:25'
    assert (events[0].rule, events[0].packet) == (
        "no relays out",
        PacketRow(protocol="tcp", source="203.0.113.7", source_port=4711, to="10.2.0.10", port=25),
    )
    assert [event.words for event in events[MOST:]] == [
        "rules of the firewall logged at least 3 more packets within a second",
        "a rule that is gone logged tcp [fe80::1]:4711 -> [ff02::1]:25",
    ]
    assert sorted(event.words for event in journal.last(100)) == sorted(event.words for event in events)


async def test_who_is_not_told_says_so_and_tries_again() -> None:
    """Another program may have the group just now."""
    packets, clock = FakePacketLog(), SteppedClock()
    packets.refuses = True
    log = FirewallLog(packets, Runs(LOGS), Journal(now=lambda: datetime.now(UTC), write=lambda _: None), clock=clock)
    with watched(log):
        await clock.advance(0)
        assert "another process listens" in log.findings()[0]
        packets.refuses = False
        await clock.advance(5)
        assert (log.findings(), packets.heard is None) == ((), False)
