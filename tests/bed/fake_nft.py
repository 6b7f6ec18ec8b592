"""nftables in memory, for what our own scripts say: all of a script or nothing, with the kernel's objections.

The contract suite of the engine holds it to what the kernel does. Elements with a time to live expire by the given clock.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bascule.system.clock import Clock, SystemClock
from bascule.system.errors import MachineError
from bascule.system.nft import Listing

_MISSING: Final = "Error: Could not process rule: No such file or directory"
_EXISTS: Final = "Error: Could not process rule: File exists"
_BUSY: Final = "Error: Could not process rule: Device or resource busy"
_SYNTAX: Final = "Error: syntax error"

_COMMAND: Final = re.compile(
    r"(?P<verb>add|delete|flush) (?P<kind>table|chain|set|map|element|rule|ct timeout|counter)"
    r" (?P<family>\w+) (?P<table>\w+)(?: (?P<name>\S+))?(?: (?P<rest>.*))?"
)
_ELEMENT: Final = re.compile(
    r'(?P<key>(?:"[^"]*"|[^\s,"]+)(?: \. (?:"[^"]*"|[^\s,"]+))*)'
    r'(?: timeout (?P<timeout>\d+)s)?(?: comment "(?P<comment>[^"]*)")?'
    r"(?: : (?P<value>[^,]+))?(?:, |$)"
)
_SETS: Final = re.compile(r"@(\S+?)(?=[\s:]|$)")
_CHAINS: Final = re.compile(r"\b(?:goto|jump) (\S+)")
_POLICIES: Final = re.compile(r'ct timeout set "([^"]*)"')
_COUNTERS: Final = re.compile(r'counter name "([^"]*)"')


class Refused(Exception):  # noqa: N818 - the kernel's answer, not a fault
    """The kernel would not take a command."""


@dataclass(frozen=True)
class Element:
    """An element of a set or map."""

    value: str = ""
    comment: str = ""
    expires: float | None = None


@dataclass
class Table:
    """What stands in one table."""

    policies: dict[str, str] = field(default_factory=dict)
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of each set and map: what it is called, and its type."""
    elements: dict[str, dict[str, Element]] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)
    rules: dict[str, list[str]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    """Packets of each named counter."""

    def copy(self, now: float) -> "Table":
        """Return a copy without the elements that have expired."""
        elements = {
            name: {key: element for key, element in held.items() if element.expires is None or element.expires > now}
            for name, held in self.elements.items()
        }
        rules = {name: [*rules] for name, rules in self.rules.items()}
        return Table({**self.policies}, {**self.types}, elements, {**self.hooks}, rules, {**self.counters})


@dataclass(frozen=True)
class Command:
    """A line of a script, about a part of a table."""

    verb: str
    kind: str
    name: str
    rest: str

    @property
    def inner(self) -> str:
        """Return what stands in the braces."""
        return self.rest.strip().removeprefix("{").removesuffix("}").strip()


class FakeNft:
    """What `NftProgram` is, without a kernel. `scripts` are those that were loaded."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.tables: dict[tuple[str, str], Table] = {}
        self.scripts: list[str] = []
        self._clock = clock or SystemClock()

    async def load(self, script: str) -> None:
        """Take every command, or none."""
        try:
            self.tables = self._after(script)
        except Refused as error:
            raise MachineError("load the rules", str(error)) from error
        self.scripts.append(script)

    async def rehearse(self, script: str) -> str:
        """Say what would be objected to."""
        try:
            self._after(script)
        except Refused as error:
            return str(error)
        return ""

    async def table(self, family: str, name: str) -> Listing | None:
        """List a table in both ways."""
        table = self._now().get((family, name))
        if table is None:
            return None
        objects = [{called: _json(table, set_name)} for set_name, (called, _) in table.types.items()]
        return Listing("\n".join(_listed(family, name, table)) + "\n", tuple(objects))

    async def named(self, kind: str, family: str, table: str, name: str) -> dict[str, Any]:
        """List one set or map."""
        found = self._now().get((family, table), Table())
        if found.types.get(name, ("", ""))[0] != kind:
            raise MachineError("read the rules", _MISSING)
        return _json(found, name)

    async def counters(self, family: str, table: str) -> Mapping[str, int]:
        """List the named counters."""
        return self._now().get((family, table), Table()).counters

    async def foreign_nat(self, but: str) -> bool:
        """Look for nat chains elsewhere."""
        return any(
            hook.startswith("type nat")
            for (_, name), table in self.tables.items()
            if name != but
            for hook in table.hooks.values()
        )

    async def others(self, but: Collection[str]) -> Sequence[Mapping[str, Any]]:
        """Know of no rules of others."""
        return [{"table": {"family": family, "name": name}} for family, name in self.tables if name not in but]

    def elements(self, name: str) -> Mapping[str, Element]:
        """Return what a set or map of our table holds now."""
        return self._now()["inet", "bascule"].elements[name]

    def _after(self, script: str) -> dict[tuple[str, str], Table]:
        tables = self._now()
        for line in filter(None, script.splitlines()):
            if line == "flush ruleset":
                tables = {}
                continue
            found = _COMMAND.fullmatch(line)
            if found is None:
                raise Refused(f"{_SYNTAX}: {line}")
            family, table = found["family"], found["table"]
            command = Command(found["verb"], found["kind"], found["name"] or "", found["rest"] or "")
            if command.kind == "table":
                _whole(tables, command.verb, (family, table))
            else:
                _part(_there(tables, (family, table)), command, self._clock.monotonic())
        return tables

    def _now(self) -> dict[tuple[str, str], Table]:
        """Return a copy of all tables without what has expired."""
        now = self._clock.monotonic()
        return {key: table.copy(now) for key, table in self.tables.items()}


def _there(held: Mapping[Any, Any], name: object) -> Any:
    if name not in held:
        raise Refused(f"{_MISSING}: {name}")
    return held[name]


def _whole(tables: dict[tuple[str, str], Table], verb: str, key: tuple[str, str]) -> None:
    if verb == "add":
        tables.setdefault(key, Table())
    elif verb == "delete":
        _there(tables, key)
        del tables[key]
    else:
        table = _there(tables, key)
        table.rules = {name: [] for name in table.rules}


def _part(table: Table, command: Command, now: float) -> None:
    if command.kind == "chain":
        _chain(table, command)
    elif command.kind == "rule":
        _refer(table, command.rest)
        _there(table.rules, command.name).append(command.rest)
    elif command.kind == "ct timeout":
        table.policies.setdefault(command.name, command.inner)
    elif command.kind == "element":
        _elements(table, command, now)
    elif command.kind == "counter":
        _counter(table, command)
    else:
        _set(table, command)


def _chain(table: Table, command: Command) -> None:
    name = command.name
    if command.verb == "add":
        if table.hooks.setdefault(name, command.inner) != command.inner and command.inner:
            raise Refused(_EXISTS)
        table.rules.setdefault(name, [])
        return
    rules = _there(table.rules, name)
    if command.verb == "flush":
        rules.clear()
        return
    if rules or name in set(_chains_in_use(table)):
        raise Refused(_BUSY)
    del table.rules[name], table.hooks[name]


def _counter(table: Table, command: Command) -> None:
    if command.verb == "add":
        table.counters.setdefault(command.name, 0)
        return
    _there(table.counters, command.name)
    if any(command.name in _COUNTERS.findall(rule) for rules in table.rules.values() for rule in rules):
        raise Refused(_BUSY)
    del table.counters[command.name]


def _set(table: Table, command: Command) -> None:
    name, declared = command.name, (command.kind, command.inner.removesuffix(";"))
    if command.verb == "add":
        if table.types.setdefault(name, declared) != declared:
            raise Refused(_EXISTS)
        table.elements.setdefault(name, {})
        return
    _there(table.types, name)
    if command.verb == "flush":
        table.elements[name].clear()
        return
    if any(name in _SETS.findall(rule) for rules in table.rules.values() for rule in rules):
        raise Refused(_BUSY)
    del table.types[name], table.elements[name]


def _elements(table: Table, command: Command, now: float) -> None:
    held = _there(table.elements, command.name)
    for found in _ELEMENT.finditer(command.inner):
        key, value = found["key"], (found["value"] or "").strip()
        if command.verb == "delete":
            _there(held, key)
            del held[key]
            continue
        _refer(table, value)
        expires = now + float(found["timeout"]) if found["timeout"] else None
        if held.setdefault(key, Element(value, found["comment"] or "", expires)).value != value:
            raise Refused(_EXISTS)


def _refer(table: Table, text: str) -> None:
    """Refuse what names a thing that is not there."""
    judged = text.partition(' comment "')[0]
    named: tuple[tuple[re.Pattern[str], Mapping[str, object]], ...] = (
        (_SETS, table.types),
        (_CHAINS, table.rules),
        (_POLICIES, table.policies),
        (_COUNTERS, table.counters),
    )
    for pattern, known in named:
        for name in pattern.findall(judged):
            _there(known, name)


def _chains_in_use(table: Table) -> Iterator[str]:
    for rules in table.rules.values():
        for rule in rules:
            yield from _CHAINS.findall(rule)
    for held in table.elements.values():
        for element in held.values():
            yield from _CHAINS.findall(element.value)


def _listed(family: str, name: str, table: Table) -> Iterator[str]:
    """Yield the listing without elements, as `nft -t list table` prints it."""
    yield f"table {family} {name} {{"
    for policy, inner in table.policies.items():
        values = inner.partition("policy = ")[2].rstrip(" ;")
        yield from (
            f"\tct timeout {policy} {{",
            "\t\tprotocol tcp",
            "\t\tl3proto inet",
            f"\t\tpolicy = {values}",
            "\t}",
            "",
        )
    for counter, packets in table.counters.items():
        yield from (f"\tcounter {counter} {{", f"\t\tpackets {packets} bytes 0", "\t}", "")
    for set_name, (called, declared) in table.types.items():
        yield from (f"\t{called} {set_name} {{", *(f"\t\t{part}" for part in declared.split("; ")), "\t}", "")
    for chain, rules in table.rules.items():
        hook = [f"\t\t{table.hooks[chain]}"] if table.hooks[chain] else []
        yield from (f"\tchain {chain} {{", *hook, *(f"\t\t{_counted(rule)}" for rule in rules), "\t}", "")
    yield "}"


def _counted(rule: str) -> str:
    judged, mark, said = rule.partition(' comment "')
    return re.sub(r"\bcounter\b(?! name)", "counter packets 7 bytes 420", judged) + mark + said


def _json(table: Table, name: str) -> dict[str, Any]:
    """Return a set or map as `nft -j` shows it."""
    elements = [_element_json(key, element) for key, element in table.elements[name].items()]
    return {"name": name, **({"elem": elements} if elements else {})}


def _element_json(key: str, element: Element) -> Any:
    shown = _value_json(key)
    more: dict[str, Any] = {"comment": element.comment} if element.comment else {}
    if element.expires is not None:
        more |= {"timeout": 600, "expires": 599}
    if more:
        shown = {"elem": {"val": shown, **more}}
    return [shown, _value_json(element.value)] if element.value else shown


def _value_json(text: str) -> Any:
    if " . " in text:
        return {"concat": [_value_json(part) for part in text.split(" . ")]}
    verdict, _, target = text.partition(" ")
    if verdict in ("goto", "jump"):
        return {verdict: {"target": target}}
    return int(text) if text.isdecimal() else text.strip('"')
