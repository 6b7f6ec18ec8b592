"""Gathers the sessions that end, from the kernel as it tells them and from the workers every few seconds."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.ledger import PORTION, REMEMBERED
from bascule.plan.model import FIRST_MARK, OUR_MARKS
from bascule.service.local.balancer import Balancer
from bascule.service.local.ended import Ended, EndedSessions
from bascule.service.local.idleness import Patience
from bascule.service.local.machine import Machine
from bascule.service.local.naming import Names
from bascule.service.local.session_rows import kernel_ended, proxy_ended
from bascule.system.ctnetlink import Session
from bascule.system.endings import Told
from bascule.system.errors import MachineError

_EVERY: Final = 5.0
"""Seconds between two questions to the workers."""

_PORTIONS: Final = 2 * REMEMBERED // PORTION
"""Questions in a row: enough for all that a worker remembers, and for what ends meanwhile."""

_AGAIN: Final = 60.0
"""Seconds until the next try to hear the kernel."""


class Gathering:
    """Fills the record of ended sessions while `watch` runs.

    `hear` is told of each session of the kernel that ends, and each of `tell` of every one that the record takes.
    """

    def __init__(
        self,
        machine: Machine,
        balancer: Balancer,
        proxy: ProxyEngine,
        ended: EndedSessions,
        *,
        now: Callable[[], datetime],
        hear: Callable[[Session], None],
        tell: Iterable[Callable[[Ended], None]] = (),
    ) -> None:
        self._machine = machine
        self._balancer = balancer
        self._proxy = proxy
        self._ended = ended
        self._now = now
        self._hear = hear
        self._tell = tuple(tell)
        self._names = Names(balancer.running.plan)

    async def watch(self) -> None:
        """Gather until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear_kernel())
            tasks.create_task(self._ask_workers())

    async def ask_workers(self) -> None:
        """Gather what has ended in the workers until now."""
        for _ in range(_PORTIONS):
            told, now = await self._proxy.ended(), self._now()
            if told.lost:
                self._ended.miss(f"{told.lost} sessions ended in the proxy while nobody asked")
            for each in told.sessions:
                self._note(proxy_ended(each, now))
            if len(told.sessions) < PORTION:
                return

    def names(self) -> Names:
        """Return the names of the plan that runs now."""
        plan = self._balancer.running.plan
        if self._names.plan is not plan:
            self._names = Names(plan)
        return self._names

    async def _ask_workers(self) -> None:
        while True:
            await self.ask_workers()
            await self._machine.clock.sleep(_EVERY)

    async def _hear_kernel(self) -> None:
        while True:
            try:
                patience = Patience(self._machine.sysctls)
                async for told in self._machine.endings.follow(FIRST_MARK, OUR_MARKS):
                    self._take(told, patience)
            except MachineError as error:
                if self.names().plan.marks:
                    self._ended.miss(f"could not {error}")
            await self._machine.clock.sleep(_AGAIN)

    def _take(self, told: Told, patience: Patience) -> None:
        if told.overrun:
            self._ended.miss("more sessions ended in the kernel at once than it could tell")
        names, now = self.names(), self._now()
        for session in told.sessions:
            self._hear(session)
            ended = kernel_ended(session, names, patience, now)
            if ended is not None:
                self._note(ended)

    def _note(self, ended: Ended) -> None:
        self._ended.note(ended)
        for told in self._tell:
            told(ended)
