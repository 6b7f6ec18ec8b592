"""The kernel's part of what runs, as a text that nft loads at boot before the network is up: no boot is ever open."""

import asyncio
from pathlib import Path
from typing import Final, Protocol

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.script import transaction
from bascule.plan.model import Plan
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.store.history import History
from bascule.system.clock import Clock
from bascule.system.errors import MachineError
from bascule.system.files import read_whole, write_whole

FILE: Final = "early.nft"
EVERY: Final = 30.0
"""Seconds between two looks at what runs; what happened after the last before a power cut, checks find again."""

_LONGEST: Final = 64 * 1024 * 1024
_HEADER: Final = "# What Bascule had in the kernel, for the next boot. It is written again and again: do not edit it.\n"


class Goes(Protocol):
    """The balancer, as far as the next boot needs to know it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...


class EarlyText:
    """One file in the state folder, kept equal to what runs; a deployment that is not committed is not for a boot."""

    def __init__(self, state: Path, balancer: Goes, history: History, journal: Journal, clock: Clock) -> None:
        self._path = state / FILE
        self._balancer = balancer
        self._history = history
        self._written: Plan | None = None
        self._journal = journal
        self._clock = clock
        self._trouble = ""

    async def watch(self) -> None:
        """Write it whenever it is not what runs, until cancelled."""
        while True:
            if self._balancer.running.plan is not self._written:
                await self.follow(b"", b"")
            await self._clock.sleep(EVERY)

    async def follow(self, _: bytes, __: bytes) -> None:
        """Write what runs now."""
        try:
            await asyncio.to_thread(self._write)
        except MachineError as error:
            if str(error) != self._trouble:
                words = f"the next boot begins without what runs now: could not {error}"
                self._journal.note(EventKind.MACHINE, words, grade=Grade.WARNING)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _write(self) -> None:
        if self._history.pending() is not None or self._balancer.running.held:
            return
        plan = self._balancer.running.plan
        ruleset = compose(plan)
        text = (_HEADER + ("" if ruleset is None else transaction(ruleset, None))).encode()
        if read_whole(self._path, _LONGEST) != text:
            write_whole(self._path, text)
        self._written = plan
