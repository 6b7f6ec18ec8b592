"""Binds the `firewall` block: zones, address tables, rules and what leaves with our address."""

from datetime import timedelta
from typing import Final

from bascule.config.binding.known import Known
from bascule.config.binding.rules import rule
from bascule.config.binding.unique import unique
from bascule.config.diagnostics import Diagnostic
from bascule.config.firewall import Action, AddressTable, Firewall, Nat, Rule, Zone
from bascule.config.lexer import Report
from bascule.config.outline import Node
from bascule.config.schema.firewall import ADDRESS_TABLE, ENTRY, FILE, FROM_ZONE, TIMEOUT, ZONE, ZONE_NETWORK
from bascule.config.schema.interface import INTERFACE

MOST_RULES: Final = 50_000
"""Rules of a firewall; a text with more is refused."""

_ACTIONS: Final = frozenset(Action)


def firewall(top: Node, known: Known, report: Report) -> Firewall | None:
    """Return the firewall, or None where the text has none; reports names that stand twice or are not there."""
    node = top.first("firewall")
    if node is None:
        return None
    zones = tuple(_zone(zone, report) for zone in node.each("zone"))
    unique(((zone.name, f"zone {zone.name}", zone.span) for zone in zones), report)
    tables = tuple(_table(table, report) for table in node.each("table"))
    unique(((table.name, f"table <{table.name}>", table.span) for table in tables), report)
    nats = tuple(_nat(line, known) for line in node.each("nat"))
    unique((((nat.to_zone, nat.from_zone), _title(nat), nat.span) for nat in nats), report)
    return Firewall(zones=zones, tables=tables, rules=_rules(node, known, report), nats=nats, span=node.match.span)


def _rules(node: Node, known: Known, report: Report) -> tuple[Rule, ...]:
    lines = [line for line in node.children if line.match.clause.word in _ACTIONS and line.match.sound]
    if len(lines) > MOST_RULES:
        what = f"this is one rule too many: a firewall has at most {MOST_RULES}"
        report(Diagnostic.error(lines[MOST_RULES].match.span, what, "a table holds many addresses in one rule"))
    return tuple(rule(line, known, report) for line in lines[:MOST_RULES])


def _zone(node: Node, report: Report) -> Zone:
    interfaces = {line.match[INTERFACE]: line.match.span for line in node.each("interface")}
    networks = {line.match[ZONE_NETWORK]: line.match.span for line in node.each("from")}
    zone = Zone(
        name=node.match[ZONE],
        interfaces=tuple(interfaces),
        networks=tuple(networks),
        span=node.match.span,
        spans=dict((*interfaces.items(), *networks.items())),
    )
    if not node.children:
        what = f"zone {zone.name} holds nothing: it names no interface and no network"
        report(Diagnostic.error(zone.span, what, "`from 0.0.0.0/0` and `from ::/0` are every address"))
    return zone


def _table(node: Node, report: Report) -> AddressTable:
    name, timeout = node.match[ADDRESS_TABLE], node.first("timeout")
    entries = [(line.match[ENTRY], line.match.span) for line in node.each("")]
    files = [(line.match[FILE], line.match.span) for line in node.each("file")]
    unique(((file, f"file {file} of table <{name}>", span) for file, span in files), report)
    return AddressTable(
        name=name,
        networks=tuple(entry for entry, _ in entries),
        files=tuple(file for file, _ in files),
        timeout=None if timeout is None else timedelta(seconds=timeout.match[TIMEOUT]),
        span=node.match.span,
        spans=dict((*entries, *files)),
    )


def _nat(node: Node, known: Known) -> Nat:
    match = node.match
    for value in (ZONE, FROM_ZONE):
        known.zone(match[value], match.spans[value.name])
    return Nat(to_zone=match[ZONE], from_zone=match[FROM_ZONE], span=match.span)


def _title(nat: Nat) -> str:
    return f"nat on {nat.to_zone} from {nat.from_zone}"
