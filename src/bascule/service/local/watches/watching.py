"""Watches what may run out, says so once when it does and once when it is over, and has it ready for `status`."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from bascule.config.model import EngineName
from bascule.plan.model import Plan
from bascule.service.events import EventKind, Grade
from bascule.service.local.balancer import Balancer
from bascule.service.local.journal import Journal, Subject
from bascule.service.local.machine import Machine
from bascule.service.local.watches.levels import level, levels_of
from bascule.service.local.watches.ports import LEVEL, Crowd, crowds
from bascule.service.local.watches.table import LEVELS, fullness, refusals
from bascule.system.census import Census, Path
from bascule.system.ctnetlink import Statistics
from bascule.system.errors import MachineError

PERIOD: Final = 10.0
"""Seconds between two looks at the table."""

QUIET: Final = 60.0
"""Seconds between two words on packets that got no state."""


class Watches:
    """Looks at every census (`look_at_ports`), and by itself at the table while `watch` runs."""

    def __init__(self, machine: Machine, balancer: Balancer, journal: Journal) -> None:
        self._machine = machine
        self._balancer = balancer
        self._journal = journal
        self._crowded: Mapping[Path, Crowd] = {}
        self._level = 0
        self._full = ""
        self._told: tuple[float, Statistics] | None = None
        """When packets without a state were told of last, and what was counted then."""
        self._refused = ""

    def findings(self) -> Sequence[str]:
        """Return what an operator must know now."""
        return [*(crowd.words for crowd in self._crowded.values()), *filter(None, (self._full, self._refused))]

    async def watch(self) -> None:
        """Look at the table now and then until cancelled."""
        clock = self._machine.clock
        while True:
            if self._balancer.running.plan.of(EngineName.KERNEL):
                try:
                    statistics = await asyncio.to_thread(self._machine.accounts.statistics)
                except MachineError:
                    pass  # the next look tells
                else:
                    self.look_at_table(statistics, clock.monotonic())
            await clock.sleep(PERIOD)

    def look_at_ports(self, plan: Plan, census: Census) -> None:
        """Judge how many source ports are taken."""
        found = crowds(plan, census)
        before = dict.fromkeys(self._crowded, 1)
        crowded = {path: found[path] for path in levels_of({p: c.share for p, c in found.items()}, (LEVEL,), before)}
        for path, crowd in crowded.items():
            if path not in self._crowded:
                self._say_ports(crowd, crowd.words, "crowded", Grade.WARNING)
        for path, crowd in self._crowded.items():
            if path not in crowded:
                words = f"enough ports from {crowd.source} to {crowd.host} ({crowd.place}) are free again"
                self._say_ports(crowd, words, "free", Grade.INFO)
        self._crowded = crowded

    def look_at_table(self, statistics: Statistics, now: float) -> None:
        """Judge how full the table is, and whether packets got no state since the last look."""
        reached = level(statistics.full, LEVELS, self._level)
        self._full = fullness(statistics) if reached else ""
        if reached > self._level:
            self._say_table(self._full, "nearly full", Grade.WARNING, statistics.entries)
        elif self._level and not reached:
            self._say_table("the kernel's table of sessions has room again", "free", Grade.INFO, statistics.entries)
        self._level = reached
        if self._told is None:
            self._told = now - QUIET, statistics
        at, before = self._told
        if now - at >= QUIET:
            self._refused = refusals(before, statistics)
            if self._refused:
                number = statistics.insert_failed - before.insert_failed + statistics.dropped - before.dropped
                self._say_table(self._refused, "refused", Grade.WARNING, number)
                self._told = now, statistics

    def _say_ports(self, crowd: Crowd, words: str, state: str, grade: Grade) -> None:
        share = round(100 * crowd.share)
        whose = Subject(relay=crowd.relays[0], host=crowd.host, address=str(crowd.source), state=state, number=share)
        self._journal.note(EventKind.PORTS, words, grade=grade, **whose)

    def _say_table(self, words: str, state: str, grade: Grade, number: int) -> None:
        self._journal.note(EventKind.CONNTRACK, words, grade=grade, state=state, number=number)
