"""No balancer: the path that everything else is compared with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.network import Network


@dataclass(frozen=True, slots=True)
class NoBalancer:
    """Clients speak to the servers themselves, over whichever path leads to their addresses."""

    name: str
    entrances: Sequence[str]
    workers: int = 0
    balances: bool = False

    @contextmanager
    def running(self, network: Network, at: Path) -> Iterator[None]:
        """Do nothing: the cables are there."""
        del network, at
        yield
