"""The clients whose host the kernel remembers, read and forgotten: its maps hold them, nobody keeps a copy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from bascule.config.model import Address
from bascule.engines.nftables.names import sticky_map
from bascule.engines.nftables.rules.sticky import remembering
from bascule.engines.nftables.ruleset import FAMILY, TABLE
from bascule.plan.model import Plan
from bascule.system.errors import MachineError
from bascule.system.nft import Nft

_BATCH: Final = 1024
_ROUNDS: Final = 3
"""A client whose time ends while it is forgotten fails the transaction; then the map is read anew."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client and the mark of the host that it stays with."""

    map: str
    address: Address
    mark: int
    remaining: int
    """Seconds until it is forgotten, if it sends nothing more."""


class Remembered:
    """Reads and empties the maps of a plan's clients. Every method raises MachineError."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft

    async def clients(self, plan: Plan, relay: str | None = None) -> Sequence[Client]:
        """Return the clients of all services, or of one and its affinity group."""
        found: list[Client] = []
        for name in maps(plan, relay):
            found += _clients(name, await self._nft.named("map", FAMILY, TABLE, name))
        return found

    async def fill(self, plan: Plan) -> Mapping[str, int]:
        """Return how many clients each map holds."""
        return {name: len((await self._nft.named("map", FAMILY, TABLE, name)).get("elem", ())) for name in maps(plan, None)}

    async def forget(self, plan: Plan, relay: str | None = None, client: Address | None = None) -> int:
        """Forget one client, or all, of one service or of all; return how many it was that were remembered.

        Sessions go on; the next connection is dealt a host anew.
        """
        for left in reversed(range(_ROUNDS)):
            found = [each for each in await self.clients(plan, relay) if client in (None, each.address)]
            try:
                for name in {each.map for each in found}:
                    await self._nft.load(_forget(name, [each.address for each in found if each.map == name]))
            except MachineError:
                if not left:
                    raise
            else:
                return len(found)
        return 0


def maps(plan: Plan, relay: str | None) -> Sequence[str]:
    """Return the names of the maps that hold a service's clients; of all where none is named."""
    return [*dict.fromkeys(sticky_map(part) for part in remembering(plan) if relay in (None, part.name))]


def _clients(name: str, entry: Mapping[str, Any]) -> Iterator[Client]:
    for key, mark in entry.get("elem", ()):
        element = key["elem"]
        yield Client(name, ip_address(element["val"]), int(mark), int(element.get("expires", 0)))


def _forget(name: str, clients: Sequence[Address]) -> str:
    batches = (clients[start : start + _BATCH] for start in range(0, len(clients), _BATCH))
    lines = (f"delete element {FAMILY} {TABLE} {name} {{ {', '.join(map(str, batch))} }}" for batch in batches)
    return "\n".join(lines) + "\n"
