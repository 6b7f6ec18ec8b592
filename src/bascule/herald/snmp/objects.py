"""BASCULE-MIB, and the few objects that every agent has, as names with values in their order. Pure.

The file of the MIB is `packaging/mibs/BASCULE-MIB.txt`; a test holds them together.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final, NamedTuple, TypeAlias

from bascule.herald.snmp.wire import Picture, Trap
from bascule.herald.syslog.line import ENTERPRISE

Name: TypeAlias = tuple[int, ...]

BASCULE: Final[Name] = (1, 3, 6, 1, 4, 1, ENTERPRISE, 1)
_OBJECTS: Final[Name] = (*BASCULE, 1)
NOTICES: Final[Mapping[str, Name]] = {"host": (*BASCULE, 0, 1), "table": (*BASCULE, 0, 2), "relay": (*BASCULE, 0, 3)}
_SYSTEM: Final[Name] = (1, 3, 6, 1, 2, 1, 1)

HOST_STATUS: Final = ("up", "down", "unknown", "drained", "full", "maintenance", "disabled")
RELAY_STATUS: Final = ("active", "down")
"""Numbered from 1."""

_LONGEST: Final = 255
"""Octets of an SnmpAdminString (RFC 3411)."""

_MOST: Final = 2**32 - 1


class Gauge(NamedTuple):
    """A number of the type Gauge32."""

    value: int


class Ticks(NamedTuple):
    """Hundredths of a second, of the type TimeTicks."""

    value: int


Value: TypeAlias = str | int | Gauge | Ticks | Name


class Objects:
    """Names with their values, to be looked up."""

    def __init__(self, values: Mapping[Name, Value]) -> None:
        self._values = values
        self._names = sorted(values)

    def value(self, name: Name) -> Value | None:
        """Return the value of a name; None where there is none of that name."""
        return self._values.get(name)

    def after(self, name: Name) -> tuple[Name, Value] | None:
        """Return the first name behind one, and its value; None behind the last."""
        place = bisect_right(self._names, name)
        if place == len(self._names):
            return None
        return self._names[place], self._values[self._names[place]]


def objects(picture: Picture, machine: str) -> Objects:
    """Return everything that can be read, but for how long the agent has run."""
    return Objects(dict(_all(picture, machine)))


def trap_objects(trap: Trap) -> Iterator[tuple[Name, str]]:
    """Yield what a trap tells."""
    for place, words in zip(count(1), (trap.relay, trap.table, trap.host, trap.state, trap.words), strict=False):
        yield (*_OBJECTS, 5, place, 0), shortened(words)


def shortened(words: str) -> str:
    """Return words as far as a text of SNMP goes."""
    return words.encode(errors="replace")[:_LONGEST].decode(errors="ignore")


def _all(picture: Picture, machine: str) -> Iterator[tuple[Name, Value]]:
    yield (*_SYSTEM, 1, 0), shortened(f"Bascule {picture.version}: {picture.sentence}")
    yield (*_SYSTEM, 2, 0), BASCULE
    yield (*_SYSTEM, 5, 0), shortened(machine)
    scalars: tuple[Value, ...] = (
        shortened(picture.version),
        shortened(picture.configuration),
        shortened(picture.sentence),
        Gauge(len(picture.relays)),
        Gauge(sum(relay.status == "active" for relay in picture.relays)),
        Gauge(len(picture.hosts)),
        Gauge(sum(host.status == "up" for host in picture.hosts)),
        _gauge(sum(relay.sessions for relay in picture.relays)),
    )
    yield from (((*_OBJECTS, 1, place, 0), value) for place, value in zip(count(1), scalars, strict=False))
    for relay in picture.relays:
        status = _number(RELAY_STATUS, relay.status)
        yield from _row(2, relay.number, shortened(relay.name), status, _gauge(relay.sessions))
    for table in picture.tables:
        yield from _row(
            3, table.number, shortened(table.name), shortened(table.relay), _gauge(table.hosts), _gauge(table.up)
        )
    for host in picture.hosts:
        texts = (host.name, host.address, host.relay, host.table)
        yield from _row(
            4,
            host.number,
            *map(shortened, texts),
            _number(HOST_STATUS, host.status),
            shortened(host.reason),
            _gauge(host.sessions),
        )


def _row(table: int, index: int, *columns: Value) -> Iterator[tuple[Name, Value]]:
    """Yield a row; its first column is the index, which is read in the names alone."""
    for place, value in zip(count(2), columns, strict=False):
        yield (*_OBJECTS, table, 1, place, index), value


def _number(known: tuple[str, ...], word: str) -> int:
    return known.index(word) + 1 if word in known else known.index("down") + 1


def _gauge(number: int) -> Gauge:
    return Gauge(max(0, min(number, _MOST)))
