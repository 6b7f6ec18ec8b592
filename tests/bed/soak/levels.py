"""How much our processes and the kernel hold for us: what must come back to where it was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bascule.plan.model import FIRST_MARK, OUR_MARKS
from bascule.system.conntrack import KernelConntrack
from bascule.system.ctnetlink import Session
from bed import memory
from bed.soak.place import Place

_POLICY: Final = re.compile(r"\n\tct timeout \S+ \{\n.*?\n\t\}\n", re.DOTALL)
"""A time-out policy: added for a text that needs it, and never taken from sessions that may have it."""


@dataclass(frozen=True)
class Level:
    """What one process holds."""

    pid: int
    descriptors: int
    threads: int
    memory: int
    """Bytes of its own."""


@dataclass(frozen=True)
class Levels:
    """What all of ours hold, by role."""

    parent: Level
    probe: Level
    workers: tuple[Level, ...]
    children: int
    """Processes that the parent has started and not yet buried: the probe, workers of its own, programs that run."""
    rules: tuple[str, ...]
    """Lines of our table, without what its sets hold and without time-out policies."""

    def told(self) -> str:
        """Return it in a line."""
        roles = {"parent": self.parent, "probe": self.probe} | {
            f"worker {n}": each for n, each in enumerate(self.workers, 1)
        }
        parts = [
            f"{name} {each.memory >> 10} KiB, {each.descriptors} descriptors, {each.threads} threads"
            for name, each in roles.items()
        ]
        return "; ".join([*parts, f"{self.children} children", f"{len(self.rules)} lines of rules"])


def levels(place: Place) -> Levels:
    """Look at every process of ours, and at our table. Raises OSError where one is just being replaced."""
    parent, probe = place.balancer.pid, place.balancer.probe()
    if not probe:
        raise ProcessLookupError("no probe")
    table = place.lb.run("nft", "-s", "-t", "list", "table", "inet", "bascule").stdout
    return Levels(
        parent=_level(parent),
        probe=_level(probe),
        workers=tuple(_level(pid) for pid in sorted(place.balancer.workers())),
        children=len(memory.children(parent)),
        rules=tuple(filter(None, _POLICY.sub("\n", table).splitlines())),
    )


def states(place: Place) -> Sequence[Session]:
    """Return the sessions of ours that the kernel knows, those included that have ended."""
    with place.lb.entered():
        return list(KernelConntrack().sessions(FIRST_MARK, OUR_MARKS))


def _level(pid: int) -> Level:
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    return Level(pid, memory.descriptors_of(pid), threads, memory.pss(pid))
