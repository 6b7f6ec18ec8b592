"""The door to the agent: whose datagrams are read at all, and how many."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

LONGEST: Final = 1_500
"""Bytes of a question; what a monitoring system asks fits into one packet."""

BURST: Final = 200
RATE: Final = 100.0
"""Questions that are read at once, and in a second."""


class Guard:
    """Lets datagrams in from networks that may ask, no more than so many; `now` tells the time in seconds."""

    def __init__(self, sources: Sequence[IPv4Network | IPv6Network], now: Callable[[], float]) -> None:
        self._sources = tuple(sources)
        self._now = now
        self._left = float(BURST)
        self._at = now()

    def admits(self, source: str, size: int) -> bool:
        """Tell whether a datagram of so many bytes is read."""
        if size > LONGEST:
            return False
        address = ip_address(source.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if not any(address in network for network in self._sources):
            return False
        now = self._now()
        self._left = min(float(BURST), self._left + (now - self._at) * RATE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
