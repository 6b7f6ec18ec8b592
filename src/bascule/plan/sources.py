"""Where a relay's connections to its hosts come from, and which addresses are ours (design, section 5)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration, InterfaceAddress, Relay
from bascule.plan.model import Source


def ours(configuration: Configuration, facts: Facts) -> tuple[Address, ...]:
    """Return the addresses that `listen on port P` means.

    Those that `interface` blocks name, present or not, also by `dhcp`; where no block names any, those the machine has,
    loopback and link-local ones left out.
    """
    named = [assigned.address.ip for interface in configuration.interfaces for assigned in interface.addresses]
    if named or any(interface.dhcp for interface in configuration.interfaces):
        return tuple(dict.fromkeys(named))
    return tuple(
        dict.fromkeys(
            held.ip for interface, held in facts.addresses() if not interface.loopback and not held.ip.is_link_local
        )
    )


def own_addresses(configuration: Configuration, facts: Facts) -> tuple[Address, ...]:
    """Return the addresses that belong to this node and never move: the machine's, less the virtual ones."""
    virtual = _virtual(configuration)
    return tuple(
        dict.fromkeys(
            held.ip
            for interface, held in facts.addresses()
            if not interface.loopback and not held.ip.is_link_local and held.ip not in virtual
        )
    )


def own_towards(configuration: Configuration, facts: Facts, host: Address) -> Address | None:
    """Return the node's own address that faces a host: what probes bind. None where there is none, and for loopback."""
    interface = facts.towards(host)
    if interface is None or host.is_loopback:
        return None
    own = set(own_addresses(configuration, facts))
    return _facing(host, [held for held in interface.addresses if held.ip in own])


def source(configuration: Configuration, facts: Facts, relay: Relay, listen: Address, host: Address) -> Source:
    """Return where connections of a relay come from, for clients of one listening address and one host.

    What the relay's `source` says; else the listening address, when the host is reached through the interface that
    holds it (one-arm); else a virtual address of the interface towards the host, which moves along; else that
    interface's own address, and then sessions end at a failover.
    """
    own = own_addresses(configuration, facts)
    if relay.source is not None and relay.source.first.version == host.version:
        named = Source(listen=listen, host=host, first=relay.source.first, last=relay.source.last)
        return replace(named, own=any(address in own for address in named.addresses))
    chosen = _chosen(configuration, facts, listen, host)
    return Source(listen=listen, host=host, first=chosen, last=chosen, own=chosen in own)


def _chosen(configuration: Configuration, facts: Facts, listen: Address, host: Address) -> Address:
    towards = facts.towards(host)
    if towards is None or towards.name == _holder(configuration, facts, listen) or host in _machine(facts):
        return listen
    virtual = [
        assigned.address
        for interface in configuration.interfaces
        if interface.name == towards.name
        for assigned in interface.addresses
        if assigned.virtual
    ]
    return _facing(host, virtual) or own_towards(configuration, facts, host) or listen


def _facing(host: Address, candidates: Sequence[InterfaceAddress]) -> Address | None:
    """Return the candidate of the host's version whose network holds the host, else the first of its version."""
    fitting = [held for held in candidates if held.version == host.version]
    within = [held for held in fitting if host in held.network]
    chosen = next(iter(within or fitting), None)
    return None if chosen is None else chosen.ip


def _holder(configuration: Configuration, facts: Facts, address: Address) -> str | None:
    for interface in configuration.interfaces:
        if any(assigned.address.ip == address for assigned in interface.addresses):
            return interface.name
    holder = facts.holder(address)
    return None if holder is None else holder.name


def _virtual(configuration: Configuration) -> frozenset[Address]:
    return frozenset(_virtual_addresses(configuration))


def _virtual_addresses(configuration: Configuration) -> Iterator[Address]:
    for interface in configuration.interfaces:
        yield from (assigned.address.ip for assigned in interface.addresses if assigned.virtual)


def _machine(facts: Facts) -> frozenset[Address]:
    return frozenset(held.ip for _, held in facts.addresses())
