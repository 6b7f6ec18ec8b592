"""Sets of addresses of one IP version as intervals that overlap nowhere: what is left of one without another. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, summarize_address_range
from typing import Final

from bascule.config.firewall import Address, Network

_KIND: Final[Mapping[int, tuple[type[IPv4Address], type[IPv4Network]] | tuple[type[IPv6Address], type[IPv6Network]]]] = {
    4: (IPv4Address, IPv4Network),
    6: (IPv6Address, IPv6Network),
}
_BITS: Final = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Spread:
    """Addresses of one IP version: ascending intervals, first and last number of each, which do not touch."""

    version: int
    intervals: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, version: int, networks: Iterable[Network]) -> "Spread":
        """Return what those of the networks that are of this version hold; they may overlap."""
        held = sorted(_interval(network) for network in networks if network.version == version)
        joined: list[tuple[int, int]] = []
        for first, last in held:
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(joined[-1][1], last)
            else:
                joined.append((first, last))
        return cls(version, tuple(joined))

    @classmethod
    def everything(cls, version: int) -> "Spread":
        """Return every address of a version."""
        return cls(version, ((0, 2 ** _BITS[version] - 1),))

    def __contains__(self, address: Address) -> bool:
        if address.version != self.version:
            return False
        number = int(address)
        index = bisect_right(self.intervals, (number, 2**128)) - 1
        return index >= 0 and number <= self.intervals[index][1]

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def without(self, other: "Spread") -> "Spread":
        """Return what of this one is not of another."""
        left: list[tuple[int, int]] = []
        taken = 0
        for first, last in self.intervals:
            while taken < len(other.intervals) and other.intervals[taken][1] < first:
                taken += 1
            begin, index = first, taken
            while index < len(other.intervals) and other.intervals[index][0] <= last:
                gone_from, gone_to = other.intervals[index]
                if begin < gone_from:
                    left.append((begin, gone_from - 1))
                begin = gone_to + 1
                index += 1
            if begin <= last:
                left.append((begin, last))
        return Spread(self.version, tuple(left))

    def within(self, other: "Spread") -> "Spread":
        """Return what of this one is of another, too."""
        return self.without(self.without(other))

    def networks(self) -> Iterator[Network]:
        """Yield it as the fewest networks, ascending."""
        address, network = _KIND[self.version]
        for first, last in self.intervals:
            size = last - first + 1
            if size & (size - 1) == 0 and first & (size - 1) == 0:  # most are one network, and summing up takes its time
                yield network((first, _BITS[self.version] + 1 - size.bit_length()))
            else:
                yield from summarize_address_range(address(first), address(last))


def _interval(network: Network) -> tuple[int, int]:
    first = int(network.network_address)
    return first, first + (1 << (network.max_prefixlen - network.prefixlen)) - 1
