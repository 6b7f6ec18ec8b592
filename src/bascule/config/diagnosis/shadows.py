"""Rules of the firewall that can never decide, since an earlier one matches everything that they match."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations
from typing import Final, TypeAlias

from bascule.config.firewall import Address, Direction, End, Ports, Protocol, Rule

MOST_LOOKS: Final = 1_000_000
"""So often is a rule compared with a kind of earlier ones; a text so odd that this does not do is not judged to its end."""

Reach: TypeAlias = str | tuple[int, int] | None
"""How wide an end is: everything, a table, or IP version and length of a network."""
Zones: TypeAlias = frozenset[str]
Shape: TypeAlias = tuple[Protocol | None, Reach, Reach]
Key: TypeAlias = tuple[Zones, Zones, int, int, Ports | None]


@dataclass(slots=True)
class _Deciding:
    """The rules that differ in nothing but the ports that they are about, the first of each kind."""

    whole: Rule | None = None
    singles: dict[int, Rule] = field(default_factory=dict)
    ranges: list[Rule] = field(default_factory=list)

    def add(self, rule: Rule) -> None:
        ports = rule.to.ports
        if ports is None:
            self.whole = self.whole or rule
        elif ports.first == ports.last:
            self.singles.setdefault(ports.first, rule)
        elif self.of(ports) is None:
            self.ranges.append(rule)

    def of(self, ports: Ports | None) -> Rule | None:
        """Return one that decides for all of some ports."""
        if self.whole is not None or ports is None:
            return self.whole
        if ports.first == ports.last and ports.first in self.singles:
            return self.singles[ports.first]
        held = (
            rule for rule in self.ranges if rule.to.ports and ports.first in rule.to.ports and ports.last in rule.to.ports
        )
        return next(held, None)


@dataclass(frozen=True)
class _Asked:
    """A rule, as it is looked for among earlier ones."""

    rule: Rule

    @cached_property
    def zones(self) -> tuple[Zones, Zones]:
        """Return the zones that a packet must come from, and go to."""
        rule = self.rule
        on, source, to = rule.zone, rule.source.zone, rule.to.zone
        out = rule.direction is Direction.OUT
        return frozenset({source, "" if out else on}) - {""}, frozenset({to, on if out else ""}) - {""}

    @property
    def shape(self) -> Shape:
        return self.rule.protocol, _reach(self.rule.source), _reach(self.rule.to)

    @property
    def key(self) -> Key:
        source, to = self.rule.source, self.rule.to
        return *self.zones, _number(source, _reach(source)), _number(to, _reach(to)), source.ports

    def keys(self, shape: Shape) -> Iterator[Key]:
        """Yield under which keys a rule of a shape would match everything that this one does."""
        protocol, source, to = shape
        if protocol not in (None, self.rule.protocol) or not (
            _within(self.rule.source, source) and _within(self.rule.to, to)
        ):
            return
        first, second = _number(self.rule.source, source), _number(self.rule.to, to)
        for come in _subsets(self.zones[0]):
            for go in _subsets(self.zones[1]):
                for ports in dict.fromkeys((None, self.rule.source.ports)):
                    yield come, go, first, second, ports


class _Before:
    """The earlier rules of one direction, by shape and key."""

    def __init__(self) -> None:
        self._found: dict[Shape, dict[Key, _Deciding]] = {}
        self.looks = 0

    def add(self, asked: _Asked) -> None:
        self._found.setdefault(asked.shape, {}).setdefault(asked.key, _Deciding()).add(asked.rule)

    def decides(self, asked: _Asked) -> Rule | None:
        self.looks += len(self._found)
        for shape, known in self._found.items():
            for key in asked.keys(shape):
                found = known[key].of(asked.rule.to.ports) if key in known else None
                if found is not None:
                    return found
        return None


def shadowed(rules: Collection[Rule], ours: Collection[Address]) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that never decides, and an earlier one that does in its place.

    `ours` are the addresses of this machine: a port forward is asked in its turn of what goes `in` there, and of what goes
    `through` to anybody else.
    """
    before = {direction: _Before() for direction in Direction}
    for rule in rules:
        asked = _Asked(rule)
        own = rule.direction
        if rule.forward is not None:
            own = Direction.IN if rule.to.one in ours else Direction.THROUGH
        earlier = before[own].decides(asked)
        if earlier is not None:
            yield rule, earlier
            continue
        for direction in (own,) if rule.forward is None else (Direction.IN, Direction.THROUGH):
            before[direction].add(asked)
        if sum(each.looks for each in before.values()) > MOST_LOOKS:
            return


def _reach(end: End) -> Reach:
    if end.network is not None:
        return end.network.version, end.network.prefixlen
    return end.table or None


def _within(end: End, reach: Reach) -> bool:
    """Whether an end may lie within one that is so wide."""
    if reach is None:
        return True
    if isinstance(reach, str):
        return end.table == reach
    network = end.network
    return network is not None and network.version == reach[0] and network.prefixlen >= reach[1]


def _number(end: End, reach: Reach) -> int:
    """Return the bits of an address that count where an end is so wide."""
    if not isinstance(reach, tuple) or end.network is None:
        return 0
    return int(end.network.network_address) >> (end.network.max_prefixlen - reach[1])


def _subsets(zones: Zones) -> Iterator[Zones]:
    return map(frozenset, chain.from_iterable(combinations(zones, size) for size in range(len(zones) + 1)))
