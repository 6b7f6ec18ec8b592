"""Hosts by an administrator's word: drained, disabled, enabled again, flushed, their checks overridden."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Final, Protocol

from bascule.config.model import Address
from bascule.plan.model import PoolHost, RelayPlan
from bascule.plan.orders import Duty, Order, Orders
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.lookup import hosts_named
from bascule.service.local.running import Running
from bascule.service.local.words import counted
from bascule.service.operations import HostAction, OrderHost
from bascule.service.results import HostOrdered
from bascule.store.orders import OrderStore
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

TICK: Final = 1.0
"""Seconds between two looks at orders whose time has come."""

_DUTIES: Final = {
    HostAction.ENABLE: Duty.SERVES,
    HostAction.DRAIN: Duty.DRAINED,
    HostAction.DISABLE: Duty.DISABLED,
    HostAction.FORCE_UP: Duty.FORCED_UP,
    HostAction.FORCE_DOWN: Duty.FORCED_DOWN,
}


class Obedient(Protocol):
    """The balancer, as far as orders about hosts concern it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...

    async def obey(self, orders: Orders) -> None:
        """Have hosts do what these orders say; the slots follow at once."""
        ...

    async def flush(self, meant: Callable[[RelayPlan, PoolHost], bool]) -> int:
        """End every session of the hosts that are meant, and return how many lived. Raises MachineError."""
        ...


class Administration:
    """Carries orders out, keeps them over restarts, and ends those that were given for a time.

    An order is kept before it is carried out: what a crash leaves undone is done by the next start.
    """

    def __init__(
        self, store: OrderStore, balancer: Obedient, *, clock: Clock, now: Callable[[], datetime], journal: Journal
    ) -> None:
        self._store = store
        self._balancer = balancer
        self._clock = clock
        self._now = now
        self._journal = journal
        self._one_at_a_time = asyncio.Lock()
        self._trouble = ""

    async def give(self, request: OrderHost, by: str) -> HostOrdered:
        """Carry out what an administrator orders, and say what came of it.

        Raises OperationFailed where no host has that name, MachineError where the order could not be kept.
        """
        async with self._one_at_a_time:
            running = self._balancer.running
            relay = request.relay or ""
            hosts = hosts_named(running.plan, running.orders, request.host, relay)
            duty = _DUTIES.get(request.action)
            if duty is not None:
                given = _given(hosts, duty, request, by, self._now())
                await self._obey(reduce(Orders.after, given, running.orders))
            ends = request.action in {HostAction.FLUSH, HostAction.DISABLE}
            ended = await self._balancer.flush(_of(hosts, relay)) if ends else 0
        labels = set(hosts.values())
        name = labels.pop() if len(labels) == 1 else request.host
        state = "flushed" if duty is None else duty.value
        done = f"{state} {_where(relay)}"
        self._note(f"host {name} is {done} by {by}{request.reason and f': {request.reason}'}", name, relay, state)
        sentence = f"{name} is {done}" + (f": {counted(ended, 'session')} ended" if ends else "")
        return HostOrdered(sentence=sentence, ended=ended, warnings=tuple(self._deserted(hosts, relay)))

    async def watch(self) -> None:
        """Finish what an earlier parent may have left undone, then end orders when their time comes, until cancelled."""
        await self._try(self._finish)
        while True:
            await self._clock.sleep(TICK)
            async with self._one_at_a_time:
                await self._try(self._expire)

    async def _finish(self) -> None:
        """End the sessions that a disabled host may still have."""
        await self._balancer.flush(lambda _, host: host.duty is Duty.DISABLED)

    async def _expire(self) -> None:
        """End the orders whose time has come; of a drain, the sessions that are left."""
        for order in self._balancer.running.orders.due(self._now()):
            orders = self._balancer.running.orders
            if order.duty is Duty.DRAINED:
                here = _of({order.host}, order.relay)
                ended = await self._balancer.flush(lambda relay, host: here(relay, host) and host.duty is Duty.DRAINED)  # noqa: B023 - called at once
                after = orders.instead(order, replace(order, until=None))
                words = (
                    f"host {order.name} has had its time to drain {_where(order.relay)}: {counted(ended, 'session')} ended"
                )
            else:
                after = orders.without(order)
                words = f"host {order.name} is {order.duty} {_where(order.relay)} no more: the time is over"
            await self._obey(after)
            state = order.duty if order.duty is Duty.DRAINED else Duty.SERVES
            self._note(words, order.name, order.relay, state)

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what the machine may refuse; it is said once, and tried again at the next tick."""
        try:
            await work()
        except MachineError as error:
            if str(error) != self._trouble:
                self._journal.note(EventKind.MACHINE, f"could not {error}", grade=Grade.WARNING)
            self._trouble = str(error)
        else:
            self._trouble = ""

    async def _obey(self, orders: Orders) -> None:
        await asyncio.to_thread(self._store.keep, orders)
        await self._balancer.obey(orders)

    def _note(self, words: str, host: str, relay: str, state: str) -> None:
        self._journal.note(EventKind.HOST, words, host=host, relay=relay, state=state)

    def _deserted(self, hosts: Collection[Address], relay: str) -> Sequence[str]:
        """Return a sentence for each relay of these hosts that has no host left for new clients."""
        running = self._balancer.running
        empty = [
            each.name
            for each in running.plan.relays
            if relay in {"", each.name}
            and any(host.endpoint.address in hosts for host in each.pool.hosts)
            and not any(slot >= 0 for slot in each.pool.slots)
        ]
        return [f"relay {name} has no host left that takes clients" for name in dict.fromkeys(empty)]


def _where(relay: str) -> str:
    return f"in relay {relay}" if relay else "everywhere"


def _of(hosts: Collection[Address], relay: str) -> Callable[[RelayPlan, PoolHost], bool]:
    """Return the test for one of these hosts, in one relay or ("") in any."""
    return lambda plan, host: host.endpoint.address in hosts and relay in {"", plan.name}


def _given(hosts: Mapping[Address, str], duty: Duty, request: OrderHost, by: str, now: datetime) -> Iterator[Order]:
    """Yield the order that a request gives about each of these hosts, which are known by their labels."""
    until = None if request.seconds is None else now + timedelta(seconds=request.seconds)
    for address, label in hosts.items():
        yield Order(
            host=address,
            name=label,
            relay=request.relay or "",
            duty=duty,
            by=by,
            since=now,
            until=until,
            reason=request.reason,
        )
