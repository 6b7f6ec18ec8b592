"""Interfaces whose addresses a DHCP client gives: they are those that the machine has and nobody else gave. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from bascule.config.facts import Facts
from bascule.config.model import Assigned, Configuration, Interface, InterfaceAddress


def with_leases(configuration: Configuration, facts: Facts) -> Configuration:
    """Return the configuration with a line for each address that `address dhcp` stands for now, as if it were unmanaged.

    Those are all that the interface has, link-local ones aside, which neither the text names nor Bascule has given.
    """
    if not any(interface.dhcp for interface in configuration.interfaces):
        return configuration
    interfaces = tuple(_with_leases(interface, facts) for interface in configuration.interfaces)
    return replace(configuration, interfaces=interfaces)


def leased(interface: Interface, facts: Facts) -> Iterator[InterfaceAddress]:
    """Yield the addresses that `address dhcp` of an interface stands for now."""
    known = facts.interface(interface.name)
    if not interface.dhcp or known is None:
        return
    written = {line.address.ip for line in interface.addresses if not line.leased}
    for held in known.addresses:
        if not held.ip.is_link_local and held.ip not in written and (interface.name, held) not in facts.given:
            yield held


def _with_leases(interface: Interface, facts: Facts) -> Interface:
    written = tuple(line for line in interface.addresses if not line.leased)
    lines = (Assigned(address=held, unmanaged=True, leased=True, span=interface.span) for held in leased(interface, facts))
    return replace(interface, addresses=(*written, *lines))
