"""What rules of both IP versions are written with, as nft 1.0.6 prints it."""

from collections.abc import Iterator
from typing import Final

from bascule.plan.model import FIRST_MARK, LAST_MARK

VERSIONS: Final = (4, 6)
FAMILY: Final = {4: "ip", 6: "ip6"}
ADDRESS: Final = {4: "ipv4_addr", 6: "ipv6_addr"}
NFPROTO: Final = {4: "ipv4", 6: "ipv6"}
REFUSAL: Final = {4: "icmp port-unreachable", 6: "icmpv6 port-unreachable"}
"""What answers UDP in a rule that names the IP version."""
MARKS: Final = f"ct mark {FIRST_MARK:#010x}-{LAST_MARK:#010x}"
SYN: Final = "tcp flags syn / fin,syn,rst,ack"
NOT_SYN: Final = "tcp flags != syn / fin,syn,rst,ack"

LISTENING: Final = "{ip} daddr . meta l4proto . th dport"
"""Where a packet goes, as sets of listening endpoints have it; the protocol tells TCP from UDP, and both from the rest."""

_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def both(rule: str) -> Iterator[str]:
    """Yield a rule for each IP version: `{ip}` is the protocol, `{v}` the version."""
    for version in VERSIONS:
        yield rule.format(ip=FAMILY[version], v=version)


def duration(seconds: int) -> str:
    """Return a time as nft prints it: `2h`, `1d30s`."""
    shown = ""
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        shown += f"{count}{unit}" if count else ""
    return shown or "0s"
