"""What is wrong or doubtful about single relays: families, sources, SMTP."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from bascule.config.diagnosis.carriers import carriers
from bascule.config.diagnosis.modes import affinity, modes
from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnosis.redirects import ranges, redirect, routing
from bascule.config.diagnosis.rpc import rpc
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Address, Kind, Listen, Relay, Table

_SMTP_PORTS: Final = frozenset({25, 587})


def relays(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield what each relay should not be, or not be without saying so."""
    balancer = ownership.configuration.load_balancer
    for relay in balancer.relays:
        table = _together(relay, [balancer.table(forward.table) for forward in relay.forwards])
        yield from carriers(ownership, relay, table)
        yield from modes(relay)
        yield from ranges(relay)
        yield from rpc(balancer, relay)
        yield from _families(relay, table)
        yield from _itself(ownership, relay, table)
        if relay.kind is Kind.REDIRECT:
            yield from redirect(ownership, relay, table)
            continue
        yield from _smtp(relay)
        if relay.source is None:
            yield from _failover(ownership, relay, table)
        else:
            yield from _source(ownership, relay, table)
    yield from affinity(balancer)
    yield from routing(ownership)


def _together(relay: Relay, tables: Sequence[Table]) -> Table:
    """Return the tables of a relay as one, to judge its hosts by."""
    if not relay.fallbacks:
        return tables[0]
    hosts = tuple(host for table in tables for host in table.hosts)
    return replace(tables[0], hosts=hosts, named=tuple(host for table in tables for host in table.named))


def _families(relay: Relay, table: Table) -> Iterator[Diagnostic]:
    if not table.hosts:
        return
    families = {host.address.version for host in table.hosts}
    for listen in relay.listens:
        if listen.address is not None and listen.address.version not in families:
            what = (
                f"{relay.title} listens on the IPv{listen.address.version} address {listen.address}, "
                f"but table <{table.name}> has no host of that family"
            )
            hint = f"add an IPv{listen.address.version} host to the table in line {table.span.line}"
            judged = Diagnostic.warning if table.named else Diagnostic.error  # its names may have others tomorrow
            yield judged(listen.span, what, hint)


def _itself(ownership: Ownership, relay: Relay, table: Table) -> Iterator[Diagnostic]:
    for listen in relay.listens:
        ours = ownership.all_ours() if listen.address is None else frozenset({listen.address})
        for host in table.hosts:
            if (relay.forward.port or listen.port) in listen.ports and host.address in ours:
                where = f"host {host.label} in line {host.span.line} is where it listens"
                what = f"{relay.title} forwards to itself: {where}"
                yield Diagnostic.error(listen.span, what)


def _smtp(relay: Relay) -> Iterator[Diagnostic]:
    mail: Listen | None = next(
        (listen for listen in relay.listens if any(port in listen.ports for port in _SMTP_PORTS)), None
    )
    if mail is None or relay.accept_source_rewrite:
        return
    what = (
        f'relay "{relay.name}" hides the address of SMTP clients: a receive connector that trusts our address is an open '
        "relay, and Exchange allows one source 20 connections and 2 % of all"
    )
    hint = "write `accept-source-rewrite` if the connectors are set up for it; MX records balance port 25 without us"
    yield Diagnostic.warning(mail.span, what, hint)


def _source(ownership: Ownership, relay: Relay, table: Table) -> Iterator[Diagnostic]:
    """Judge the addresses of a `source` line."""
    source = relay.source
    if source is None:
        return
    if table.hosts and source.first.version not in {host.address.version for host in table.hosts}:
        what = f"table <{table.name}> has no host of the family of {source.first}"
        judged = Diagnostic.warning if table.named else Diagnostic.error
        yield judged(source.span, what)
    span = range(int(source.first), int(source.last) + 1)
    addresses = [type(source.first)(number) for number in span]
    foreign = [address for address in addresses if not ownership.ours(address)]
    if foreign and ownership.named and not ownership.leasing:
        yield Diagnostic.error(source.span, f"no `interface` block names the source address {foreign[0]}")
    elif foreign:
        yield Diagnostic.warning(source.span, f"this machine does not have the source address {foreign[0]}")
    elif ownership.named and not all(ownership.virtual(address) for address in addresses):
        what = f'sessions of relay "{relay.name}" end at a failover: not all of its source addresses are virtual'
        yield Diagnostic.warning(source.span, what)


def _failover(ownership: Ownership, relay: Relay, table: Table) -> Iterator[Diagnostic]:
    """Find hosts that would see a node's own address, which does not move along with a virtual listening address."""
    for listen in relay.listens:
        holders = ownership.holders_of_virtual(listen.address)
        for host in table.hosts if holders else ():
            name = ownership.towards(host.address)
            if name is None or name in holders or _has_virtual(ownership, name, host.address):
                continue
            what = (
                f'sessions of relay "{relay.name}" end at a failover: host {host.label} is reached through {name}, '
                "which has no virtual address to speak from"
            )
            yield Diagnostic.warning(listen.span, what, f"add a virtual address to interface {name}")
            break


def _has_virtual(ownership: Ownership, name: str, host: Address) -> bool:
    return any(
        line.virtual and line.address.version == host.version
        for interface in ownership.configuration.interfaces
        if interface.name == name
        for line in interface.addresses
    )
