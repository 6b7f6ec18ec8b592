"""The door to how interfaces and routes are now: link state, traffic, addresses, every route. Reads only.

Each function blocks for some milliseconds: call it from a thread.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from socket import AF_INET, AF_INET6
from typing import Any, Final

from bascule.config.model import Address, InterfaceAddress, Network
from bascule.system.links import DUPLICATED, OUR_PROTOCOL, TENTATIVE, netlink_for

_MAIN: Final = 254  # RT_TABLE_MAIN
_UP: Final = 1  # IFF_UP
_KINDS: Final[Mapping[int, str]] = {1: "", 6: "blackhole", 7: "unreachable", 8: "prohibit"}  # RTN_*
_PROTOCOLS: Final[Mapping[int, str]] = {
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    9: "ra",
    11: "zebra",
    12: "bird",
    16: "dhcp",
    18: "keepalived",
    186: "bgp",
    188: "ospf",
    OUR_PROTOCOL: "bascule",
}
"""Who made a route (linux/rtnetlink.h, RTPROT_*)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went one way since the interface came."""

    bytes: int = 0
    packets: int = 0
    errors: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAddress:
    """An address that an interface holds."""

    address: InterfaceAddress
    tentative: bool = False
    """The kernel still asks whether another machine has it."""
    duplicated: bool = False
    """Another machine has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceState:
    """An interface as it is now."""

    name: str
    up: bool
    carrier: bool
    """Something is at the other end of the cable."""
    mtu: int
    hardware: str = ""
    """Its hardware address; empty where it has none."""
    alias: str = ""
    addresses: tuple[HeldAddress, ...] = ()
    received: Traffic = Traffic()
    sent: Traffic = Traffic()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    """A route of the main table."""

    destination: Network
    kind: str = ""
    """`blackhole`, `unreachable`, `prohibit`; empty of one that leads somewhere."""
    interface: str = ""
    gateway: Address | None = None
    metric: int = 0
    protocol: str = ""
    """Who made it: `bascule`, `kernel`, `dhcp`, …; the number of one without a name."""


def interface_states() -> tuple[InterfaceState, ...]:
    """Return every interface, as the kernel numbers them. Raises MachineError."""
    with netlink_for("read interfaces") as netlink:
        held: dict[int, list[HeldAddress]] = {}
        for entry in netlink.get_addr():
            told = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
            flags = entry.get_attr("IFA_FLAGS") or entry["flags"]
            held.setdefault(entry["index"], []).append(
                HeldAddress(
                    address=ip_interface(f"{told}/{entry['prefixlen']}"),
                    tentative=bool(flags & TENTATIVE) and not flags & DUPLICATED,
                    duplicated=bool(flags & DUPLICATED),
                )
            )
        return tuple(_interface(link, held.get(link["index"], ())) for link in netlink.get_links())


def route_states() -> tuple[RouteState, ...]:
    """Return every route of the main table, IPv4's first, as the kernel lists them. Raises MachineError."""
    with netlink_for("read routes") as netlink:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in netlink.get_links()}
        return tuple(_routes(netlink, names))


def _interface(link: Any, held: Any) -> InterfaceState:
    counted = link.get_attr("IFLA_STATS64") or link.get_attr("IFLA_STATS") or {}
    return InterfaceState(
        name=link.get_attr("IFLA_IFNAME"),
        up=bool(link["flags"] & _UP),
        carrier=bool(link.get_attr("IFLA_CARRIER")),
        mtu=link.get_attr("IFLA_MTU"),
        hardware=link.get_attr("IFLA_ADDRESS") or "",
        alias=link.get_attr("IFLA_IFALIAS") or "",
        addresses=tuple(held),
        received=_traffic(counted, "rx"),
        sent=_traffic(counted, "tx"),
    )


def _traffic(counted: Any, way: str) -> Traffic:
    return Traffic(**{name: counted.get(f"{way}_{name}", 0) for name in ("bytes", "packets", "errors", "dropped")})


def _routes(netlink: Any, names: Mapping[int, str]) -> Iterator[RouteState]:
    for family, everything in ((AF_INET, "0.0.0.0/0"), (AF_INET6, "::/0")):
        for route in netlink.get_routes(family=family):
            if route.get_attr("RTA_TABLE") != _MAIN or route["type"] not in _KINDS:
                continue
            told, protocol = route.get_attr("RTA_DST"), route["proto"]
            yield from (
                RouteState(
                    destination=ip_network(f"{told}/{route['dst_len']}" if told else everything),
                    kind=_KINDS[route["type"]],
                    interface=names.get(index, ""),
                    gateway=None if gateway is None else ip_address(gateway),
                    metric=route.get_attr("RTA_PRIORITY") or 0,
                    protocol=_PROTOCOLS.get(protocol, str(protocol)),
                )
                for index, gateway in _hops(route)
            )


def _hops(route: Any) -> Iterator[tuple[int, str | None]]:
    """Yield interface and gateway of each way that a route has."""
    several = route.get_attr("RTA_MULTIPATH")
    if several:
        yield from ((hop["oif"], hop.get_attr("RTA_GATEWAY")) for hop in several)
    else:
        yield route.get_attr("RTA_OIF") or 0, route.get_attr("RTA_GATEWAY")
