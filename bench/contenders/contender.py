"""What a contender is to the benchmark."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from bench.network import Network


def folder(at: Path, name: str) -> Path:
    """Return the folder of a contender's files: programs read its path in configurations, so its name is plain."""
    chosen = at / re.sub(r"[^a-z0-9]+", "-", name.lower())
    chosen.mkdir(exist_ok=True)
    return chosen


class Contender(Protocol):
    """One way from the client to the servers."""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        ...

    @property
    def workers(self) -> int:
        """How many processes carry its clients; 0 where the kernel does."""
        ...

    @property
    def entrances(self) -> Sequence[str]:
        """Where clients connect: one address for each server, all the same where something balances."""
        ...

    @property
    def balances(self) -> bool:
        """Whether there is a balancer at all."""
        ...

    def running(self, network: Network, at: Path) -> AbstractContextManager[None]:
        """Run it on the balancer's node, with its files in a folder; it serves inside the context. Raises BedError."""
        ...
