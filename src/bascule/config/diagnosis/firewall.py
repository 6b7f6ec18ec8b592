"""What is wrong or doubtful about the firewall: zones, address tables, rules that cannot do what they say."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from bascule.config.cover import collapsed, holder
from bascule.config.diagnosis.contacts import unreached
from bascule.config.diagnosis.forwards import forwards
from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnosis.shadows import shadowed
from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts
from bascule.config.firewall import AddressTable, Direction, Firewall, Network, Rule, Zone, shown

INTERNAL: Final = "internal"
"""The zone that ssh and the admin server are open to."""

MOST_ADDRESSES: Final = 1_000_000
"""Addresses and networks in the tables of a firewall, those of their files among them."""

_EVERYTHING: Final[tuple[Network, ...]] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))


def firewall(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield what the firewall does not do although it says so, and whom it lets in without saying so."""
    found = ownership.configuration.firewall
    if found is None:
        return
    facts = ownership.facts
    if facts.no_nftables:
        what = f"the firewall judges nothing: nftables may not be used here: {facts.no_nftables}"
        yield Diagnostic.warning(found.span, what, "run Bascule as root")
    if all(zone.name != INTERNAL for zone in found.zones):
        what = f"there is no zone `{INTERNAL}`: ssh and the admin server are open to everyone"
        yield Diagnostic.warning(
            found.span, what, f"write `zone {INTERNAL} {{ from … }}` with the networks of administrators"
        )
    yield from _interfaces(found, facts)
    yield from _hidden(found.zones)
    yield from _tables(found, facts)
    yield from _rules(found.rules, ownership)
    yield from _listeners(ownership)
    yield from unreached(ownership.configuration)


def _interfaces(firewall: Firewall, facts: Facts) -> Iterator[Diagnostic]:
    for zone in firewall.zones:
        for name in zone.interfaces:
            if facts.interface(name) is None:
                what = f"interface {name} of zone {zone.name} does not exist here"
                yield Diagnostic.warning(zone.spans.get(name, zone.span), what, "it belongs to the zone once it is there")


def _hidden(zones: tuple[Zone, ...]) -> Iterator[Diagnostic]:
    """Yield zones that have nothing left by those before them; "" is every interface that no zone names."""
    named = dict.fromkeys(("", *(name for zone in zones for name in zone.interfaces)))
    taken: dict[str, frozenset[Network]] = dict.fromkeys(named, frozenset())
    for zone in zones:
        places, networks = zone.interfaces or tuple(named), zone.networks or _EVERYTHING
        if all(holder(network, taken[place]) is not None for place in places for network in networks):
            what = f"zone {zone.name} is empty: everything of it belongs to zones before it"
            yield Diagnostic.warning(zone.span, what, "the first zone in the text has a packet; put the narrower one first")
        for place in places:
            taken[place] = collapsed((*taken[place], *networks))


# --- tables --------------------------------------------------------------------------------------------------------------


def _tables(firewall: Firewall, facts: Facts) -> Iterator[Diagnostic]:
    number = 0
    for table in firewall.tables:
        files = {file: facts.table_files[file].networks for file in table.files if file in facts.table_files}
        number += len(table.networks) + sum(map(len, files.values()))
        yield from _overlaps(table, files)
    if number > MOST_ADDRESSES:
        what = f"the tables of the firewall hold {number} addresses and networks, and {MOST_ADDRESSES} is the most"
        yield Diagnostic.error(firewall.span, what)


def _overlaps(table: AddressTable, files: dict[str, tuple[Network, ...]]) -> Iterator[Diagnostic]:
    """Yield what a table's text has and is held by more of its text, or by a file of its."""
    known: set[Network] = set()
    for network in table.networks:
        if network in known:
            yield _superfluous(table, network, f"{shown(network)} stands twice in table <{table.name}>")
        known.add(network)
    for network in known:
        above = holder(network, known, wider=True)
        if above is not None:
            where = f"in line {table.spans.get(above, table.span).line}"
            yield _superfluous(table, network, f"{shown(network)} is within {shown(above)} {where}")
    for file, networks in files.items() if known else ():
        of_file = frozenset(networks)
        for network in known:
            above = holder(network, of_file)
            if above is not None:
                yield _superfluous(table, network, f"{shown(network)} is within {shown(above)} of {file}")


def _superfluous(table: AddressTable, network: Network, what: str) -> Diagnostic:
    return Diagnostic.warning(table.spans.get(network, table.span), what, "it changes nothing")


# --- rules ---------------------------------------------------------------------------------------------------------------


def _rules(rules: tuple[Rule, ...], ownership: Ownership) -> Iterator[Diagnostic]:
    yield from forwards(ownership, rules)
    for rule in rules:
        yield from _two_zones(rule)
    for rule, earlier in shadowed(rules, ownership.all_ours()):
        what = f"this rule never decides: the one in line {earlier.span.line} before it matches all that it does"
        yield Diagnostic.warning(rule.span, what, "the first rule that matches decides, unlike pf")


def _two_zones(rule: Rule) -> Iterator[Diagnostic]:
    """Yield a rule that wants a packet in two zones at once."""
    word, end = ("to", rule.to) if rule.direction is Direction.OUT else ("from", rule.source)
    if rule.zone and end.zone and rule.zone != end.zone:
        what = f"this rule never matches: no packet is of zone {rule.zone} and of zone {end.zone}"
        yield Diagnostic.warning(rule.span, what, f"write `on` or `{word}`; of `through`, `to` names the other side")


def _listeners(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield listeners for one zone where nobody can keep the others away."""
    reason = ownership.facts.no_nftables
    for relay in ownership.configuration.load_balancer.relays if reason else ():
        for listen in relay.listens:
            if listen.zone:
                what = f"{relay.title} is for zone {listen.zone} alone, and nobody keeps others away: {reason}"
                yield Diagnostic.error(listen.span, what, "run Bascule as root, or listen on an address of that zone")
