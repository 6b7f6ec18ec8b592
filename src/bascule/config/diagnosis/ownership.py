"""Which addresses are ours, and through which interface others are reached: the text first, then the machine."""

from collections.abc import Iterator
from dataclasses import dataclass

from bascule.config.facts import Facts
from bascule.config.model import Address, Assigned, Configuration, Interface, Network


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a configuration and the machine under it say of addresses."""

    configuration: Configuration
    facts: Facts

    @property
    def named(self) -> bool:
        """Whether any `interface` block names an address; then those blocks alone say which addresses are ours."""
        return any(interface.addresses or interface.dhcp for interface in self.configuration.interfaces)

    @property
    def leasing(self) -> bool:
        """Whether an interface gets addresses that nobody can know before."""
        return any(interface.dhcp for interface in self.configuration.interfaces)

    def assigned(self, address: Address) -> tuple[Interface, Assigned] | None:
        """Return the interface block that names an address, and the line, or None."""
        for interface in self.configuration.interfaces:
            for line in interface.addresses:
                if line.address.ip == address:
                    return interface, line
        return None

    def ours(self, address: Address) -> bool:
        """Whether an address is ours; loopback always is."""
        if address.is_loopback:
            return True
        return self.assigned(address) is not None if self.named else self.facts.holder(address) is not None

    def virtual(self, address: Address) -> bool:
        """Whether an address moves with the cluster."""
        found = self.assigned(address)
        return found is not None and found[1].virtual

    def holders_of_virtual(self, address: Address | None) -> frozenset[str]:
        """Return the interfaces whose blocks name this address, or any where it is None, as virtual."""
        return frozenset(
            interface.name
            for interface in self.configuration.interfaces
            for line in interface.addresses
            if line.virtual and address in (None, line.address.ip)
        )

    def holders(self, address: Address | None) -> frozenset[str]:
        """Return the interfaces that hold an address, or any of ours where it is None; the text before the machine."""
        named = frozenset(
            interface.name
            for interface in self.configuration.interfaces
            for line in interface.addresses
            if address in (None, line.address.ip)
        )
        return named or frozenset(
            held.name for held, line in self.facts.addresses() if not held.loopback and address in (None, line.ip)
        )

    def attached(self, destination: Address) -> str | None:
        """Return the interface whose own network holds an address, with no router between, or None."""
        for interface in self.configuration.interfaces:
            if any(destination in line.address.network for line in interface.addresses):
                return interface.name
        found = (held.name for held, line in self.facts.addresses() if destination in line.network)
        return next(found, None)

    def all_ours(self) -> frozenset[Address]:
        """Return what a `listen on` without an address means."""
        if self.named:
            return frozenset(line.address.ip for interface in self.configuration.interfaces for line in interface.addresses)
        return frozenset(held.ip for interface, held in self.facts.addresses() if not interface.loopback)

    def towards(self, destination: Address) -> str | None:
        """Return the interface that leads to an address, or None: the longest prefix, and the text before the machine."""
        fitting = [
            (network.prefixlen, -order, interface)
            for order, (network, interface) in enumerate(self._ways())
            if network.version == destination.version and destination in network
        ]
        return max(fitting)[2] if fitting else None

    def _ways(self) -> Iterator[tuple[Network, str]]:
        for interface in self.configuration.interfaces:
            for line in interface.addresses:
                yield line.address.network, interface.name
            for route in interface.routes:
                if route.destination is not None:
                    yield route.destination, interface.name
        for held, address in self.facts.addresses():
            yield address.network, held.name
        for known in sorted(self.facts.routes, key=lambda route: route.metric):
            yield known.destination, known.interface
