"""What the machine is, as far as a configuration depends on it: observed once by the caller, then a frozen value.

`diagnose` and `compile` are pure; whatever they need to know of interfaces, addresses and routes is here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bascule.config.model import Address, InterfaceAddress, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts:
    """A network interface that the machine has."""

    name: str
    addresses: tuple[InterfaceAddress, ...] = ()
    loopback: bool = False
    duplicated: frozenset[Address] = frozenset()
    """IPv6 addresses that it holds and does not use, since another machine of the segment has them."""
    tentative: frozenset[Address] = frozenset()
    """IPv6 addresses that may not be used yet: the kernel asks the segment whether another machine has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """A route of the machine's main table: packets for `destination` leave through `interface`."""

    destination: Network
    interface: str
    metric: int = 0
    gateway: Address | None = None
    """None where it leads to a network that is attached, or to several gateways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """What a file of an address table held when it was read."""

    networks: tuple[Network, ...] = ()
    """Everything in it that could be read."""
    fault: str = ""
    """What is wrong with it, in words; empty where nothing is."""
    hint: str = ""
    """What to do about that; may be empty."""
    line: int = 0
    """The line that is wrong, counted from 1; 0 where it is the file itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The machine at one moment."""

    interfaces: tuple[InterfaceFacts, ...] = ()
    routes: tuple[RouteFacts, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    """Values without our doing, as the kernel prints them, of the settings that a plan may need; absent ones are not
    there."""
    forwarded_before: frozenset[int] = frozenset()
    """The IP versions (4, 6) that the machine forwarded before Bascule first ran; the others we opened ourselves."""
    no_nftables: str = ""
    """Why nftables may not be used here; empty where it may."""
    no_addressing: str = ""
    """Why interfaces may not be given addresses and routes here; empty where they may."""
    processors: int = 1
    given: frozenset[tuple[str, InterfaceAddress]] = frozenset()
    """Addresses that Bascule gave: interface, address."""
    names: Mapping[str, frozenset[Address]] = field(default_factory=dict)
    """What hosts' names stand for, as name servers told last; absent ones were never answered."""
    entered: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)
    """What commands have put into the firewall's tables."""
    table_files: Mapping[str, TableFile] = field(default_factory=dict)
    """What the files held that address tables of the firewall name, by path; absent ones were never read."""

    def interface(self, name: str) -> InterfaceFacts | None:
        """Return the interface of that name, or None where the machine has none."""
        return next((interface for interface in self.interfaces if interface.name == name), None)

    def addresses(self) -> Iterator[tuple[InterfaceFacts, InterfaceAddress]]:
        """Yield every address of the machine with the interface that holds it."""
        for interface in self.interfaces:
            for address in interface.addresses:
                yield interface, address

    def holder(self, address: Address) -> InterfaceFacts | None:
        """Return the interface that holds an address now, or None."""
        return next((interface for interface, held in self.addresses() if held.ip == address), None)

    def towards(self, destination: Address) -> InterfaceFacts | None:
        """Return the interface through which packets for an address leave, or None where no route leads there.

        The longest prefix wins, then the smallest metric, as in the kernel's main table; policy routing is not asked.
        """
        fitting = [
            route
            for route in self.routes
            if route.destination.version == destination.version and destination in route.destination
        ]
        if not fitting:
            return None
        best = min(fitting, key=lambda route: (-route.destination.prefixlen, route.metric))
        return self.interface(best.interface)
