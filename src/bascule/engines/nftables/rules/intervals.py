"""Places and networks that overlap, made apart: a set of ranges of the kernel takes no two that do."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from ipaddress import collapse_addresses
from itertools import pairwise
from typing import TypeAlias, TypeVar

from bascule.config.firewall import Network

Range: TypeAlias = tuple[int, int]
"""The first and the last number."""
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def joined(ranges: Iterable[Range]) -> Sequence[Range]:
    """Return the ranges, ascending, with those that overlap made one."""
    apart: list[Range] = []
    for first, last in sorted(ranges):
        if apart and first <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], last))
        else:
            apart.append((first, last))
    return apart


def first_come(claims: Iterable[tuple[Key, Range, Value]]) -> Iterator[tuple[Key, Range, Value]]:
    """Yield the claims on ranges of numbers under a key, each less what those before it have claimed there."""
    taken: dict[Key, list[Range]] = {}
    for key, wanted, value in claims:
        for left in _without(wanted, joined(taken.get(key, ()))):
            yield key, left, value
        taken.setdefault(key, []).append(wanted)


def _without(wanted: Range, taken: Iterable[Range]) -> Iterator[Range]:
    begin, end = wanted
    for first, last in taken:
        if begin < first <= end:
            yield begin, first - 1
        if first <= end and begin <= last:
            begin = last + 1
    if begin <= end:
        yield begin, end


def pairs(boxes: Iterable[tuple[Network, Range]]) -> Iterator[tuple[Network, Range]]:
    """Yield pairs of network and ports, of one IP version, that hold what the given ones do and overlap nowhere."""
    wanted = list(boxes)
    edges = sorted({first for _, (first, _) in wanted} | {last + 1 for _, (_, last) in wanted})
    ports: dict[Network, list[Range]] = {}
    for first, end in pairwise(edges):
        for network in collapsed(network for network, (low, high) in wanted if low <= first <= high):
            ports.setdefault(network, []).append((first, end - 1))
    for network, ranges in ports.items():
        yield from ((network, each) for each in _touching(ranges))


def _touching(ranges: Sequence[Range]) -> Iterator[Range]:
    """Yield ascending ranges with those that follow each other without a gap made one."""
    begin, end = ranges[0]
    for first, last in ranges[1:]:
        if first > end + 1:
            yield begin, end
            begin = first
        end = last
    yield begin, end


def collapsed(networks: Iterable[Network]) -> Sequence[Network]:
    """Return what some networks hold as the fewest of them."""
    held = list(networks)
    return [
        *collapse_addresses(network for network in held if network.version == 4),  # noqa: PLR2004 - IP version
        *collapse_addresses(network for network in held if network.version == 6),  # noqa: PLR2004 - IP version
    ]


def grouped(items: Iterable[tuple[Key, Value]]) -> Mapping[Key, Sequence[Value]]:
    """Return the values under each key."""
    groups: dict[Key, list[Value]] = {}
    for key, value in items:
        groups.setdefault(key, []).append(value)
    return groups
