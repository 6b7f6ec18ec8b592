"""The names that a firewall defines, for everybody who refers to them."""

from collections.abc import Iterable
from typing import Self

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.lexer import Report
from bascule.config.outline import Node
from bascule.config.schema.clause import Value
from bascule.config.schema.firewall import ADDRESS_TABLE, ZONE
from bascule.config.schema.interface import INTERFACE
from bascule.config.wording import nearest, quoted


class Known:
    """Zones and address tables; whoever names another is reported.

    None in their place stands for names that could not be read, so that any may be among them.
    """

    def __init__(
        self, zones: Iterable[str] | None, tables: Iterable[str] | None, interfaces: Iterable[str], report: Report
    ) -> None:
        self._zones = None if zones is None else frozenset(zones)
        self._tables = None if tables is None else frozenset(tables)
        self._interfaces = frozenset(interfaces)
        self._report = report
        self._hints: dict[tuple[str, str], str] = {}  # finding the nearest of many names takes its time

    @classmethod
    def of(cls, top: Node, report: Report) -> Self:
        """Return the names that a text defines."""
        node = top.first("firewall")
        named = [block.match[INTERFACE] for block in top.each("interface")]
        if node is None:
            nothing = None if top.spoiled("firewall") else ()
            return cls(nothing, nothing, named, report)
        named += [line.match[INTERFACE] for zone in node.each("zone") for line in zone.each("interface")]
        return cls(_names(node, "zone", ZONE), _names(node, "table", ADDRESS_TABLE), named, report)

    def zone(self, name: str, span: Span) -> None:
        """Report a zone that is not there, named at a place."""
        if self._zones is not None and name not in self._zones:
            self._report(Diagnostic.error(span, f"zone {quoted(name)} is not defined", self._instead(name)))

    def table(self, name: str, span: Span) -> None:
        """Report an address table that is not there, named at a place."""
        if self._tables is not None and name not in self._tables:
            what = f"table {quoted(f'<{name}>')} is not defined in the firewall"
            self._report(Diagnostic.error(span, what, self._near("table", name)))

    def _instead(self, name: str) -> str:
        """Return what to write in the place of a zone that is not there."""
        if name in (self._tables or ()):
            return f"write <{name}> for the table"
        if name in self._interfaces:
            return f"a zone has interfaces: `zone NAME {{ interface {name} }}`"
        return self._near("zone", name)

    def _near(self, kind: str, name: str) -> str:
        known = (kind, name)
        if known not in self._hints:
            near = nearest(name, sorted((self._zones if kind == "zone" else self._tables) or ()))
            shown = quoted(near) if kind == "zone" else f"<{near}>"
            self._hints[known] = f"did you mean {shown}?" if near else f"a `{kind}` block of the firewall defines it"
        return self._hints[known]


def _names(node: Node, word: str, value: Value[str]) -> Iterable[str] | None:
    return None if node.spoiled(word) else (each.match[value] for each in node.each(word))
