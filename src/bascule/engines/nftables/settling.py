"""Which of our addresses are settled: held so long that no session can live which this node does not know.

The kernel keeps the set, with a time to live that we renew; so an address is unsettled by itself when nobody is there to
say otherwise, and a takeover picks clients up in mid-stream (design, section 5).
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final

from bascule.config.model import Address, EngineName
from bascule.engines.nftables.ruleset import FAMILY, TABLE
from bascule.plan.model import Plan
from bascule.system.clock import Clock
from bascule.system.nft import Nft

RENEWAL: Final = 60.0
"""Seconds between two renewals."""

_LIFE: Final = 600
"""Seconds an address stays settled without a renewal."""


class Settling:
    """Keeps the kernel's set of settled addresses."""

    def __init__(self, nft: Nft, clock: Clock) -> None:
        self._nft = nft
        self._clock = clock
        self._since: dict[Address, float] = {}
        self._settled: set[Address] = set()

    @property
    def settled(self) -> frozenset[Address]:
        """Return the addresses that are settled as far as we know."""
        return frozenset(self._settled)

    async def adopt(self) -> None:
        """Go on with what the kernel's set says, after a restart. Raises MachineError."""
        for version in (4, 6):
            entry = await self._nft.named("set", FAMILY, TABLE, f"s_settled{version}")
            for item in entry.get("elem", ()):
                value = item["elem"]["val"] if isinstance(item, dict) else item
                self._settled.add(ip_address(value))

    async def renew(self, plan: Plan, held: Iterable[Address]) -> None:
        """Settle what this node has held for the longest session timeout, and let go what it holds no more.

        `held` are the addresses on the machine now. Raises MachineError.
        """
        wanted, now, present = waits(plan), self._clock.monotonic(), frozenset(held)
        here = wanted.keys() & present
        gone = {address for address in self._settled if address not in here}
        self._since = {address: self._since.get(address, now) for address in here}
        self._settled = {
            address for address in here if address in self._settled or now - self._since[address] >= wanted[address]
        }
        script = [line for address in sorted(gone, key=str) for line in _forget(address)]
        script += [line for address in sorted(self._settled, key=str) for line in _renew(address)]
        if script:
            await self._nft.load("\n".join(script) + "\n")


def waits(plan: Plan) -> Mapping[Address, int]:
    """Return our addresses that sessions of relays end at, each with the longest session timeout there, in seconds."""
    longest: dict[Address, int] = {}
    for relay in plan.of(EngineName.KERNEL):
        ours = {endpoint.address for endpoint in (*relay.listens, *(each.place for each in relay.forwarded))}
        sources = {address for source in relay.sources for address in source.addresses}
        for address in ours | sources:
            longest[address] = max(longest.get(address, 0), relay.session_timeout)
    return longest


def _renew(address: Address) -> Iterable[str]:
    yield from _forget(address)
    yield f"add element {_set(address)} {{ {address} timeout {_LIFE}s }}"


def _forget(address: Address) -> Iterable[str]:
    """Take an address out; it is put in first, since taking out what has just expired is an error."""
    yield f"add element {_set(address)} {{ {address} timeout {_LIFE}s }}"
    yield f"delete element {_set(address)} {{ {address} }}"


def _set(address: Address) -> str:
    return f"{FAMILY} {TABLE} s_settled{address.version}"
