"""Sources that rules' limits have put into tables, read and taken out: the kernel's sets hold them, nobody keeps a copy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final

from bascule.config.model import Network
from bascule.engines.nftables.rules.firewall.names import overloaded_set
from bascule.engines.nftables.rules.words import VERSIONS
from bascule.engines.nftables.ruleset import FAMILY, TABLE
from bascule.plan.model import Plan
from bascule.system.errors import MachineError
from bascule.system.nft import Nft

_ROUNDS: Final = 3
"""A source whose time ends while it is taken out fails the transaction; then the set is read anew."""


@dataclass(frozen=True, slots=True)
class Overloaded:
    """A source that was over a limit."""

    table: str
    set: str
    network: Network
    """Of one address."""
    remaining: int
    """Seconds until it leaves by itself."""


class Overloads:
    """Reads and empties the sets of a plan's tables. Every method raises MachineError."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft

    async def listed(self, plan: Plan, table: str | None = None) -> Sequence[Overloaded]:
        """Return the sources in all tables, or in one."""
        found: list[Overloaded] = []
        for name, each in _sets(plan, table):
            found += _sources(each, name, await self._nft.named("set", FAMILY, TABLE, name))
        return found

    async def take(self, plan: Plan, table: str, networks: Sequence[Network]) -> Sequence[Network]:
        """Take the sources that lie in these networks out of a table, and return those that were there."""
        for left in reversed(range(_ROUNDS)):
            found = [each for each in await self.listed(plan, table) if any(_holds(one, each.network) for one in networks)]
            lines = [f"delete element {FAMILY} {TABLE} {each.set} {{ {each.network.network_address} }}" for each in found]
            try:
                if lines:
                    await self._nft.load("\n".join(lines) + "\n")
            except MachineError:
                if not left:
                    raise
            else:
                return [each.network for each in found]
        return []


def _sets(plan: Plan, table: str | None) -> Iterator[tuple[str, str]]:
    """Yield each set with the table whose it is."""
    for each in plan.firewall.tables if plan.firewall else ():
        if each.overloaded and table in (None, each.name):
            yield from ((overloaded_set(each.name, version), each.name) for version in VERSIONS)


def _sources(table: str, name: str, entry: Mapping[str, Any]) -> Iterator[Overloaded]:
    for item in entry.get("elem", ()):
        element = item["elem"]
        yield Overloaded(table, name, ip_network(ip_address(element["val"])), int(element.get("expires", 0)))


def _holds(network: Network, source: Network) -> bool:
    return network.version == source.version and source.network_address in network
