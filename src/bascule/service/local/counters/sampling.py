"""Looking at what relays have carried: the kernel's sessions, those that have ended, and what workers have counted."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from bascule.config.model import EngineName
from bascule.engines.proxy.counts import ProxyCounts
from bascule.engines.proxy.engine import ProxyEngine
from bascule.plan.model import Endpoint, Plan
from bascule.service.local.balancer import Balancer
from bascule.service.local.counters.totals import NOTHING, History, Key, Look, Rates, Totals
from bascule.service.local.leveling import CALM, take_census
from bascule.service.local.machine import Machine
from bascule.system.census import Census
from bascule.system.ctnetlink import Session
from bascule.system.errors import MachineError

PERIOD: Final = 10.0
"""Seconds from one look to the next, so that each moment that is measured has one; longer where one takes long: they cost
5 % of a processor at most."""

SHARED: Final = 2 * CALM
"""A look that is not older than so many times what it took is good enough for whoever follows: `watch` looks more often."""


class Counters:
    """Counts since `watch` began; `hear` every session of the kernel that ends.

    `looked` is told of each census, but of those for whoever follows.
    """

    def __init__(
        self,
        machine: Machine,
        balancer: Balancer,
        proxy: ProxyEngine,
        *,
        now: Callable[[], datetime],
        looked: Iterable[Callable[[Plan, Census], None]] = (),
    ) -> None:
        self._machine = machine
        self.since = now()
        """When they began to count."""
        self._balancer = balancer
        self._proxy = proxy
        self._looked = tuple(looked)
        self._refused: Mapping[str, int] = {}
        self._plan = Plan()
        self._owners: Mapping[int, Key] = {}
        self._hosts: frozenset[Key] = frozenset()
        self._last: Look | None = None
        self._rated: tuple[Look, Mapping[Key, Rates]] | None = None
        """What was told of it."""
        self._took = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._ended: dict[int, Totals] = {}
        self._history = History()

    def hear(self, session: Session) -> None:
        """Take note of a session that has ended in the kernel."""
        one = Totals(1, int(session.failed), session.from_client, session.from_host)
        self._ended[session.mark] = self._ended.get(session.mark, NOTHING).plus(one)

    async def watch(self) -> None:
        """Look now and then until cancelled."""
        clock = self._machine.clock
        while True:
            began = clock.monotonic()
            with suppress(MachineError):  # the next look has what this one lacks
                self._history.add(await self._look(thorough=True))
            took = clock.monotonic() - began
            await clock.sleep(max(PERIOD - took, CALM * took))

    @property
    def last(self) -> Look | None:
        """Return what was seen last by `watch`; None before its first look."""
        return self._history.last

    async def now(self) -> tuple[Look, Mapping[Key, Rates]]:
        """Return what is counted now, and what comes in a second. Raises MachineError."""
        return self._told(await self._look(thorough=True))

    async def recent(self, age: float) -> tuple[Look, Mapping[Key, Rates]]:
        """Return what was counted at most `age` seconds ago, and clients that were refused as `watch` saw them last.

        However many follow, they share their looks; where one takes long, they have those of `watch`. Raises MachineError.
        """
        async with self._one_at_a_time:
            last = self._last
            if last is not None and self._machine.clock.monotonic() - last.at <= max(age, SHARED * self._took):
                return self._rated or self._told(last)
            return self._told(await self._look(thorough=False))

    def _told(self, look: Look) -> tuple[Look, Mapping[Key, Rates]]:
        seen = self._history.seen(look)
        self._rated = seen, self._history.rates(seen)
        return self._rated

    async def _look(self, *, thorough: bool) -> Look:
        """Look at the sessions, and where it is thorough also at what was refused, for which the rules must be listed."""
        plan, at, sums = self._balancer.running.plan, self._machine.clock.monotonic(), _Sums()
        self._follow(plan)
        owners, hosts = self._owners, self._hosts
        if plan.of(EngineName.KERNEL):
            ended = dict(self._ended)  # of before the census: no session is counted twice
            census = await take_census(self._machine.accounts)
            sums.add_kernel(owners, ended, census)
            if thorough:
                self._refused = await self._balancer.refusals()
                for told in self._looked:
                    told(plan, census)
            sums.refused.update(self._refused)
        if plan.of(EngineName.PROXY):
            sums.add_proxy(await self._proxy.status())
        self._last = Look(at=at, hosts=hosts, totals=sums.totals, sessions=sums.sessions, refused=sums.refused)
        self._rated, self._took = None, self._machine.clock.monotonic() - at
        return self._last

    def _follow(self, plan: Plan) -> None:
        if plan is not self._plan:
            self._plan, self._owners = plan, owners_of(plan)
            self._hosts = frozenset(Key(relay.name, host.endpoint) for relay in plan.relays for host in relay.pool.hosts)


class _Sums:
    """What is added up in one look."""

    def __init__(self) -> None:
        self.totals: dict[Key, Totals] = {}
        self.sessions: dict[Key, int] = {}
        self.refused: dict[str, int] = {}

    def add_kernel(self, owners: Mapping[int, Key], ended: Mapping[int, Totals], census: Census) -> None:
        for mark, totals in ended.items():
            if (key := owners.get(mark)) is not None:
                self._add(key, totals, 0)
        for mark, tally in census.marks.items():
            if (key := owners.get(mark)) is not None:
                self._add(key, Totals(tally.known, 0, tally.from_client, tally.from_host), tally.living)

    def add_proxy(self, counts: ProxyCounts) -> None:
        for relay in counts.relays:
            self.refused[relay.name] = self.refused.get(relay.name, 0) + relay.refused + relay.limited
            for host in relay.hosts:
                key = Key(relay.name, Endpoint(ip_address(host.place.address), host.place.port))
                self._add(key, Totals(host.opened, host.failed, host.from_client, host.from_host), host.sessions)

    def _add(self, key: Key, totals: Totals, sessions: int) -> None:
        self.totals[key] = self.totals.get(key, NOTHING).plus(totals)
        self.sessions[key] = self.sessions.get(key, 0) + sessions


def owners_of(plan: Plan) -> Mapping[int, Key]:
    """Return whose sessions bear each mark: in the kernel a host has one for each of a relay's tables that names it."""
    return {host.mark: Key(relay.name, host.endpoint) for relay in plan.of(EngineName.KERNEL) for host in relay.pool.hosts}
