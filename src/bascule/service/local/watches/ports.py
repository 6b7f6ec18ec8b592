"""Source ports: how many of those from an address of ours to a host are taken, and what to do about it. Pure.

When all are taken the kernel drops what new clients send without a word. Sessions that have ended hold theirs for two more
minutes. Each source and host counts by itself: `source A-B` spreads clients over addresses, and is no overflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from bascule.config.model import Address, EngineName
from bascule.plan.model import Plan
from bascule.service.local.naming import Names
from bascule.system.census import Census, Path

LEVEL: Final = 0.8
"""The share of taken ports from which on it is said."""

_FIRST: Final = 1024
_LAST: Final = 65535
_LAST_OF_OWN: Final = 60999
"""From the node's own address the ports behind it are left to checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How full one path is."""

    relays: tuple[str, ...]
    """Those whose sessions take the ports, the greediest first."""
    host: str
    source: Address
    place: str
    """The host's address and port."""
    taken: int
    usable: int

    @property
    def share(self) -> float:
        """Return the share that is taken, 0 to 1."""
        return self.taken / self.usable

    @property
    def words(self) -> str:
        """Return what an operator must know."""
        return (
            f"relay {', '.join(self.relays)}: {self.share:.0%} of the ports from {self.source} to {self.host} "
            f"({self.place}) are taken ({self.taken} of {self.usable}); without a free one new clients get no connection. "
            f"More addresses (`source A-B`) spread the clients; it is no overflow, so each address is watched"
        )


def crowds(plan: Plan, census: Census) -> Mapping[Path, Crowd]:
    """Return how full each path is that leaves from an address of a relay's."""
    sources = {
        address.packed for relay in plan.of(EngineName.KERNEL) for each in relay.sources for address in each.addresses
    }
    names = Names(plan)
    paths: dict[Path, dict[int, int]] = {}
    for (mark, path), known in census.paths.items():
        if path.source in sources:
            paths.setdefault(path, {})[mark] = known
    found: dict[Path, Crowd] = {}
    for path, marks in paths.items():
        greediest = sorted(marks, key=marks.__getitem__, reverse=True)
        owners = [owner for owner in map(names.owner, greediest) if owner is not None]
        if owners:
            found[path] = Crowd(
                relays=tuple(dict.fromkeys(owner.relay for owner in owners)),
                host=owners[0].host,
                source=ip_address(path.source),
                place=f"{ip_address(path.host)} port {path.host_port}",
                taken=sum(marks.values()),
                usable=_usable(plan, ip_address(path.source)),
            )
    return found


def _usable(plan: Plan, source: Address) -> int:
    return (_LAST_OF_OWN if source in plan.own else _LAST) - _FIRST + 1
