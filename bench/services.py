"""The services that every contender carries, and where they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

VIP: Final = "10.80.0.10"
"""Where a balancer listens."""

SERVERS: Final = ("10.90.1.2", "10.90.2.2")
"""The servers' own addresses, behind the balancer."""

STRAIGHT: Final = ("10.99.1.2", "10.99.2.2")
"""The servers' other addresses, on a cable of their own to the client: no balancer in between."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its ports, and how many of the servers give it."""

    name: str
    ports: Sequence[int]
    servers: Sequence[str] = SERVERS
    """Where there are several, each takes its turn."""
    checked: bool = True
    """Whether its servers bear a check that connects: iperf3 serves one client at a time."""


WEB: Final = Service("web", (80,))
STREAM: Final = Service("stream", (5201,), SERVERS[:1], checked=False)
TALK: Final = Service("talk", (7000,))
IDLE: Final = Service("idle", (7001, 7002, 7003, 7004))
"""Several ports, since one address has 64,000 ports towards each."""
EXACT: Final = Service("exact", (7100,), SERVERS[:1])

SERVICES: Final = (WEB, STREAM, TALK, IDLE, EXACT)
