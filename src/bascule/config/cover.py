"""Whether networks lie within others. Pure."""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from bascule.config.model import Network


def collapsed(networks: Iterable[Network]) -> frozenset[Network]:
    """Return the fewest networks that hold the same addresses: one within all of them together is within one of these."""
    known = list(networks)
    of_four = collapse_addresses(network for network in known if isinstance(network, IPv4Network))
    of_six = collapse_addresses(network for network in known if isinstance(network, IPv6Network))
    return frozenset((*of_four, *of_six))


def holder(network: Network, among: Collection[Network], *, wider: bool = False) -> Network | None:
    """Return the narrowest of some networks that holds another, itself among them unless `wider` is wanted, or None.

    `among` is a set: it is asked for each network that may be the one.
    """
    for length in range(network.prefixlen - wider, -1, -1):
        above = network.supernet(new_prefix=length)
        if above in among:
            return above
    return None
