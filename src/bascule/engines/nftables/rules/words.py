"""What rules of both IP versions are written with, as nft 1.0.6 prints it."""

from collections.abc import Iterator
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Final

from bascule.config.firewall import Network
from bascule.plan.firewall import FORWARDED_MARK
from bascule.plan.model import FIRST_MARK, LAST_MARK

VERSIONS: Final = (4, 6)
FAMILY: Final = {4: "ip", 6: "ip6"}
ADDRESS: Final = {4: "ipv4_addr", 6: "ipv6_addr"}
NFPROTO: Final = {4: "ipv4", 6: "ipv6"}
REFUSAL: Final = {4: "icmp port-unreachable", 6: "icmpv6 port-unreachable"}
"""What answers UDP in a rule that names the IP version."""
MARKS: Final = f"ct mark {FIRST_MARK:#010x}-{LAST_MARK:#010x}"
FORWARDED: Final = f"ct mark {FORWARDED_MARK:#010x}"
"""Sessions that a port forward has taken, and no relay in the kernel yet."""
SYN: Final = "tcp flags syn / fin,syn,rst,ack"
NOT_SYN: Final = "tcp flags != syn / fin,syn,rst,ack"

LISTENING: Final = "{ip} daddr . meta l4proto . th dport"
"""Where a packet goes, as sets of listening endpoints have it; the protocol tells TCP from UDP, and both from the rest."""

_USUAL_BURST: Final = 5
"""Packets over a rate that nft takes where a rule says nothing, and does not print."""

_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def both(rule: str) -> Iterator[str]:
    """Yield a rule for each IP version: `{ip}` is the protocol, `{v}` the version."""
    for version in VERSIONS:
        yield rule.format(ip=FAMILY[version], v=version)


def written(network: Network) -> str:
    """Return a network as nft prints it; one of a single address is that address."""
    family = AF_INET if network.version == 4 else AF_INET6  # noqa: PLR2004 - IP version
    address = inet_ntop(family, network.network_address.packed)
    return address if network.prefixlen == network.max_prefixlen else f"{address}/{network.prefixlen}"


def duration(seconds: int) -> str:
    """Return a time as nft prints it: `2h`, `1d30s`."""
    shown = ""
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        shown += f"{count}{unit}" if count else ""
    return shown or "0s"


def burst(rate: int) -> str:
    """Return how many may come at once, a second's worth, as nft prints it."""
    return "" if rate == _USUAL_BURST else f" burst {rate} packets"
