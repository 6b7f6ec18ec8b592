"""Orders are kept before they are carried out, end when their time comes, and say what came of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from bascule.plan.compile import ordered, redeal
from bascule.plan.model import PoolHost, RelayPlan
from bascule.plan.orders import Duty, Order, Orders
from bascule.plan.slots import Rankings
from bascule.service.events import Event
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.administration import Administration
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.service.operations import HostAction, OrderHost
from bascule.system.errors import MachineError
from bed.clock import SteppedClock
from bed.orders import MemoryOrders
from bed.wait import eventually
from service.local.situations import running

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EX1 = ip_address("10.80.2.1")


class PretendedBalancer:
    """Deals the slots as orders say; each host has two sessions in each relay until they are ended."""

    def __init__(self) -> None:
        self.running: Running = running()
        self.flushed: list[tuple[str, str]] = []
        self.refuses = ""

    async def obey(self, orders: Orders) -> None:
        """Follow."""
        plan = redeal(ordered(self.running.plan, orders), self.running.belief.states, Rankings())
        self.running = replace(self.running, plan=plan, orders=orders)

    async def flush(self, meant: Callable[[RelayPlan, PoolHost], bool]) -> int:
        """Count two sessions for each host that is meant."""
        if self.refuses:
            raise MachineError("end sessions", self.refuses)
        found = [
            (part.name, host.label) for part in self.running.plan.relays for host in part.pool.hosts if meant(part, host)
        ]
        self.flushed += found
        return 2 * len(found)


class Bench:
    """An administration with everything around it pretended."""

    def __init__(self) -> None:
        self.store, self.balancer, self.clock = MemoryOrders(), PretendedBalancer(), SteppedClock()
        self.events: list[Event] = []
        journal = Journal(now=self._now, write=self.events.append)
        self.administration = Administration(self.store, self.balancer, clock=self.clock, now=self._now, journal=journal)
        self._began = self.clock.monotonic()

    def _now(self) -> datetime:
        return NOON + timedelta(seconds=self.clock.monotonic() - self._began)

    async def give(self, action: HostAction, *, relay: str | None = None, seconds: float | None = None) -> str:
        """Give an order about EX1 and return the sentence."""
        request = OrderHost(action=action, host="EX1", relay=relay, seconds=seconds)
        return (await self.administration.give(request, "alice")).sentence

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Let the administration watch meanwhile."""
        watching = asyncio.create_task(self.administration.watch())
        await self.clock.advance(0)
        yield
        watching.cancel()

    @property
    def words(self) -> list[str]:
        """What was said, in order."""
        return [event.words for event in self.events]


@pytest.fixture
def bench() -> Bench:
    """Return a balancer with two relays over EX1 and EX2, both up."""
    return Bench()


async def test_a_drain_is_kept_carried_out_and_told(bench: Bench) -> None:
    """No session ends; the next parent finds the order."""
    assert await bench.give(HostAction.DRAIN) == "EX1 is drained everywhere"
    assert {slot for part in bench.balancer.running.plan.relays for slot in part.pool.slots} == {1}
    assert bench.balancer.flushed == []
    (order,) = bench.store.orders()
    assert (order.host, order.name, order.duty, order.by, order.since) == (EX1, "EX1", Duty.DRAINED, "alice", NOON)
    assert bench.words == ["host EX1 is drained everywhere by alice"]


async def test_disabled_in_one_relay_its_sessions_end_there_alone(bench: Bench) -> None:
    """Out of the slots first, then the sessions."""
    assert await bench.give(HostAction.DISABLE, relay="HTTPS") == "EX1 is disabled in relay HTTPS: 2 sessions ended"
    assert bench.balancer.flushed == [("HTTPS", "EX1")]
    assert [set(part.pool.slots) for part in bench.balancer.running.plan.relays] == [{1}, {0, 1}]


async def test_a_flush_is_no_order_that_stands(bench: Bench) -> None:
    """Sessions end everywhere; nothing is kept."""
    assert await bench.give(HostAction.FLUSH) == "EX1 is flushed everywhere: 4 sessions ended"
    assert bench.store.kept == 0
    assert {slot for part in bench.balancer.running.plan.relays for slot in part.pool.slots} == {0, 1}


async def test_enabling_takes_everything_back(bench: Bench) -> None:
    """Whatever was said of the host, in whichever relay."""
    await bench.give(HostAction.DRAIN)
    await bench.give(HostAction.FORCE_DOWN, relay="IMAP")
    await bench.give(HostAction.ENABLE)
    assert list(bench.store.orders()) == []
    assert {slot for part in bench.balancer.running.plan.relays for slot in part.pool.slots} == {0, 1}


async def test_an_order_that_cannot_be_kept_is_not_carried_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a restart would forget is not done in the first place."""

    def full(_: Orders) -> None:
        raise MachineError("write bascule.db", "database or disk is full")

    monkeypatch.setattr(bench.store, "keep", full)
    with pytest.raises(MachineError, match="full"):
        await bench.give(HostAction.DRAIN)
    assert list(bench.balancer.running.orders) == []


async def test_the_last_host_may_go_but_it_is_said(bench: Bench) -> None:
    """The administrator decides; that clients are refused now is a warning."""
    await bench.give(HostAction.DRAIN)
    request = OrderHost(action=HostAction.DRAIN, host="10.80.2.2", relay="IMAP")
    ordered = await bench.administration.give(request, "alice")
    assert ordered.sentence == "EX2 is drained in relay IMAP"
    assert ordered.warnings == ("relay IMAP has no host left that takes clients",)


async def test_a_drain_ends_what_is_left_when_its_time_is_over(bench: Bench) -> None:
    """The host stays drained; an exception in one relay keeps its sessions."""
    await bench.give(HostAction.DRAIN, seconds=60)
    await bench.give(HostAction.ENABLE, relay="IMAP")
    async with bench.watched():
        await bench.clock.advance(58)
        assert bench.balancer.flushed == []
        await bench.clock.advance(3)
        await eventually(lambda: bench.words[-1] == "host EX1 has had its time to drain everywhere: 2 sessions ended")
    assert bench.balancer.flushed == [("HTTPS", "EX1")]
    kept = bench.store.orders()
    assert (kept.duty(EX1, "HTTPS"), kept.duty(EX1, "IMAP")) == (Duty.DRAINED, Duty.SERVES)
    assert kept.due(NOON + timedelta(days=400)) == []


@pytest.mark.parametrize("action", [HostAction.DISABLE, HostAction.FORCE_DOWN, HostAction.FORCE_UP])
async def test_other_orders_are_over_with_their_time(bench: Bench, action: HostAction) -> None:
    """The host's check decides again, and it is said."""
    await bench.give(action, seconds=60)
    async with bench.watched():
        await bench.clock.advance(62)
        await eventually(lambda: bench.words[-1].endswith("everywhere no more: the time is over"))
    assert list(bench.store.orders()) == []
    assert bench.balancer.running.orders == Orders()


async def test_the_time_goes_on_while_nobody_runs(bench: Bench) -> None:
    """What came due in between is done at once by the next parent."""
    due = Order(host=EX1, name="EX1", duty=Duty.DISABLED, by="bob", since=NOON, until=NOON)
    await bench.balancer.obey(Orders().after(due))
    async with bench.watched():
        await bench.clock.advance(1.5)
        await eventually(lambda: bench.store.kept == 1)
    assert list(bench.store.orders()) == []


async def test_what_a_dead_parent_left_undone_is_done(bench: Bench) -> None:
    """It kept that a host is disabled in one relay, and may have died before its sessions there ended."""
    for order in (
        Order(host=EX1, name="EX1", duty=Duty.DISABLED, by="bob", since=NOON),
        Order(host=EX1, name="EX1", relay="IMAP", duty=Duty.SERVES, by="bob", since=NOON),
    ):
        await bench.balancer.obey(bench.balancer.running.orders.after(order))
    async with bench.watched():
        assert bench.balancer.flushed == [("HTTPS", "EX1")]


async def test_a_machine_that_refuses_is_asked_again_and_complained_of_once(bench: Bench) -> None:
    """A drain's end is not forgotten where the machine would not end its sessions."""
    await bench.give(HostAction.DRAIN, seconds=5)
    async with bench.watched():
        bench.balancer.refuses = "no buffer space"
        await bench.clock.advance(10)
        assert [words for words in bench.words if "no buffer space" in words] == ["could not end sessions: no buffer space"]
        bench.balancer.refuses = ""
        await bench.clock.advance(2)
        await eventually(lambda: len(bench.balancer.flushed) == 2)


async def test_a_name_that_no_host_has_changes_nothing(bench: Bench) -> None:
    """The nearest one is said."""
    with pytest.raises(OperationFailed) as failed:
        await bench.administration.give(OrderHost(action=HostAction.DRAIN, host="EX11"), "alice")
    assert failed.value.failure == NotFound(message="no table has a host EX11 (did you mean EX1?)")
    assert (bench.store.kept, bench.events) == (0, [])
