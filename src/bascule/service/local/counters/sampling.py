"""Looking at what relays have carried: the kernel's sessions, those that have ended, and what workers have counted."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from bascule.config.model import EngineName
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
"""Seconds between two looks; longer where one takes long, so that they cost 5 % of a processor at most."""


class Counters:
    """Counts since `watch` began; `hear` every session of the kernel that ends. `looked` is told of each census."""

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
                self._history.add(await self._look())
            await clock.sleep(max(PERIOD, CALM * (clock.monotonic() - began)))

    @property
    def last(self) -> Look | None:
        """Return what was seen last by `watch`; None before its first look."""
        return self._history.last

    async def now(self) -> tuple[Look, Mapping[Key, Rates]]:
        """Return what is counted now, and what comes in a second. Raises MachineError."""
        look = self._history.seen(await self._look())
        return look, self._history.rates(look)

    async def _look(self) -> Look:
        plan, at = self._balancer.running.plan, self._machine.clock.monotonic()
        totals: dict[Key, Totals] = {}
        sessions: dict[Key, int] = {}
        refused: dict[str, int] = {}
        if plan.of(EngineName.KERNEL):
            ended = dict(self._ended)  # of before the census: no session is counted twice
            census = await take_census(self._machine.accounts)
            for key, marks in marks_of(plan).items():
                totals[key], sessions[key] = _carried(marks, ended, census)
            refused |= await self._balancer.refusals()
            for told in self._looked:
                told(plan, census)
        if plan.of(EngineName.PROXY):
            for counted in (await self._proxy.status()).relays:
                refused[counted.name] = refused.get(counted.name, 0) + counted.refused + counted.limited
                for each in counted.hosts:
                    key = Key(counted.name, Endpoint(ip_address(each.place.address), each.place.port))
                    mine = Totals(each.opened, each.failed, each.from_client, each.from_host)
                    totals[key] = totals.get(key, NOTHING).plus(mine)
                    sessions[key] = sessions.get(key, 0) + each.sessions
        return Look(at=at, totals=totals, sessions=sessions, refused=refused)


def marks_of(plan: Plan) -> Mapping[Key, frozenset[int]]:
    """Return the marks of each host of each relay in the kernel: one for each of the relay's tables that names it."""
    found: dict[Key, frozenset[int]] = {}
    for relay in plan.of(EngineName.KERNEL):
        for host in relay.pool.hosts:
            key = Key(relay.name, host.endpoint)
            found[key] = found.get(key, frozenset()) | {host.mark}
    return found


def _carried(marks: Iterable[int], ended: Mapping[int, Totals], census: Census) -> tuple[Totals, int]:
    """Return what sessions with these marks come to, and how many of them live."""
    totals, living = NOTHING, 0
    for mark in marks:
        totals = totals.plus(ended.get(mark, NOTHING))
        tally = census.marks.get(mark)
        if tally is not None:
            totals = totals.plus(Totals(tally.known, 0, tally.from_client, tally.from_host))
            living += tally.living
    return totals, living
