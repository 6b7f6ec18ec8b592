"""Binds the `firewall` block: zones are read, rules are checked and kept as written."""

from collections.abc import Iterator, Mapping
from typing import Final

from bascule.config.binding.unique import unique
from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.kinds.addresses import parsed_address
from bascule.config.lexer import Report
from bascule.config.matching import Match
from bascule.config.model import Firewall, Zone
from bascule.config.outline import Node
from bascule.config.schema.firewall import END, FROM_ZONE, ZONE, ZONE_NETWORK
from bascule.config.schema.interface import INTERFACE
from bascule.config.wording import nearest, quoted

_RULES: Final = ("pass", "block", "reject", "nat")


def firewall(top: Node, report: Report) -> Firewall | None:
    """Return the firewall, or None where the text has none; reports zones that stand twice or are not there."""
    node = top.first("firewall")
    if node is None:
        return None
    zones = tuple(_zone(zone) for zone in node.each("zone"))
    unique(((zone.name, f"zone {zone.name}", zone.span) for zone in zones), report)
    rules = [child for child in node.children if child.match.clause.word in _RULES and child.match.sound]
    if not node.spoiled("zone"):
        known = {zone.name: zone for zone in zones}
        for rule in rules:
            for name, span in _zones_of(rule.match):
                _require(name, span, known, report)
    return Firewall(zones=zones, rules=tuple(rule.text for rule in rules), span=node.match.span)


def _zone(node: Node) -> Zone:
    return Zone(
        name=node.match[ZONE],
        interfaces=tuple(line.match[INTERFACE] for line in node.each("interface")),
        networks=tuple(line.match[ZONE_NETWORK] for line in node.each("from")),
        span=node.match.span,
    )


def _zones_of(rule: Match) -> Iterator[tuple[str, Span]]:
    """Yield the zones that a rule names, and where."""
    for match, value in ((rule, ZONE), (rule, FROM_ZONE), (rule.options.get("on"), ZONE)):
        name = None if match is None else match.get(value)
        if match is not None and name is not None:
            yield name, match.spans[value.name]
    for word in ("from", "to"):
        end = rule.options.get(word)
        if end is None:
            continue
        name = end[END]
        if name != "any" and name[0] != "<" and "/" not in name and parsed_address(name) is None:
            yield name, end.spans[END.name]


def _require(name: str, span: Span, known: Mapping[str, Zone], report: Report) -> None:
    if name in known:
        return
    near = nearest(name, known)
    hint = f"did you mean {quoted(near)}?" if near else "a `zone` block defines it"
    report(Diagnostic.error(span, f"zone {quoted(name)} is not defined", hint))
