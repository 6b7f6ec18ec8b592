"""Hosts that are written by name: whom to ask for what, and which hosts the answers make. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration, Host, NamedHost, Table

MOST_ADDRESSES: Final = 32
"""Addresses of one name that are taken, the smallest first; relayd has as many hosts in a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What to ask of name servers."""

    servers: tuple[Address, ...] = ()
    """The first is asked first; the next where it does not answer."""
    names: frozenset[str] = frozenset()


NOTHING_TO_ASK: Final = Questions()


def questions(configuration: Configuration | None) -> Questions:
    """Return what a configuration needs to know; nothing where there is none, or it names no server to ask."""
    if configuration is None or not configuration.system.dns:
        return NOTHING_TO_ASK
    names = frozenset(host.host_name for table in configuration.load_balancer.tables for host in table.named)
    return Questions(servers=configuration.system.dns, names=names) if names else NOTHING_TO_ASK


def with_hosts(configuration: Configuration, facts: Facts) -> Configuration:
    """Return the configuration with the hosts that its names stand for beside those that it writes by address.

    An address that a table has twice is one host: as it is written, else of the first name that has it.
    """
    balancer = configuration.load_balancer
    if not any(table.named for table in balancer.tables):
        return configuration
    own = _own(configuration, facts)
    tables = tuple(_with_hosts(table, facts, own) for table in balancer.tables)
    return replace(configuration, load_balancer=replace(balancer, tables=tables))


def left_out(configuration: Configuration, facts: Facts, name: str) -> str:
    """Return which addresses of a name are no hosts, and why; empty where all of them are."""
    known, own = facts.names.get(name, frozenset()), _own(configuration, facts)
    useless = [str(address) for address in _sorted(known) if not _is_a_host(address, own)]
    if useless:
        return f"{', '.join(useless)}: no host of a table is this machine itself, or many machines"
    more = len(known) - MOST_ADDRESSES
    return f"{more} of its addresses: {MOST_ADDRESSES} of a name are taken" if more > 0 else ""


def _with_hosts(table: Table, facts: Facts, own: frozenset[Address]) -> Table:
    taken = {host.address for host in table.hosts}
    found: list[Host] = []
    for named in table.named:
        fresh = [address for address in _usable(facts, named.host_name, own) if address not in taken]
        taken.update(fresh)
        found.extend(_hosts(named, fresh))
    return replace(table, hosts=(*table.hosts, *found))


def _hosts(named: NamedHost, addresses: list[Address]) -> Iterator[Host]:
    """Yield a host for each address: of one, the name is the host's; of several, it is followed by the address."""
    for address in addresses:
        yield Host(
            address=address,
            name=named.label if len(addresses) == 1 else f"{named.label}/{address}",
            server=named.server if len(addresses) == 1 else "",
            weight=named.weight,
            fall=named.fall,
            ttl=named.ttl,
            max_sessions=named.max_sessions,
            span=named.span,
        )


def _usable(facts: Facts, name: str, own: frozenset[Address]) -> list[Address]:
    known = facts.names.get(name, frozenset())
    return [address for address in _sorted(known) if _is_a_host(address, own)][:MOST_ADDRESSES]


def _sorted(addresses: frozenset[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: (address.version, int(address)))


def _own(configuration: Configuration, facts: Facts) -> frozenset[Address]:
    """Return the addresses that are this machine's, or that the text gives it."""
    written = [line.address.ip for interface in configuration.interfaces for line in interface.addresses]
    return frozenset((*written, *(held.ip for _, held in facts.addresses())))


def _is_a_host(address: Address, own: frozenset[Address]) -> bool:
    """Whether an address that a stranger told may get clients: never ourselves, who would forward them for ever."""
    strange = address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
    return not (strange or address.is_reserved or address in own)
