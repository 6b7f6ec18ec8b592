"""The door to interfaces, their addresses and routes: rtnetlink(7) in the network namespace we run in.

Every method blocks for some milliseconds: call it from a thread.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any, Final, Protocol, TypeAlias

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from bascule.config.model import Address, InterfaceAddress, Network
from bascule.system.errors import MachineError

OUR_PROTOCOL: Final = 181
"""The protocol number of our routes and, where the kernel keeps one (Linux since 5.18), of our addresses; `ip route`
shows it. None of linux/rtnetlink.h."""

OUR_METRIC: Final = 1
"""Metric of our routes: less than those that DHCP and router advertisements bring, and more than a static one's 0."""

DUPLICATED: Final = 0x08  # IFA_F_DADFAILED
TENTATIVE: Final = 0x40  # IFA_FTENTATIVE
_UP: Final = 1  # IFF_UP
_NO_DETECTION: Final = 0x02  # IFA_F_NODAD
_MAIN: Final = 254  # RT_TABLE_MAIN
_UNICAST: Final = 1  # RTN_UNICAST
_FAMILY: Final = {4: AF_INET, 6: AF_INET6}
_EVERYTHING: Final = {4: "0.0.0.0/0", 6: "::/0"}
_CAP_NET_ADMIN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An interface as it is."""

    name: str
    up: bool
    mtu: int
    alias: str = ""
    addresses: tuple[InterfaceAddress, ...] = ()
    tentative: frozenset[Address] = frozenset()
    """Those that may not be used yet: the kernel asks the segment whether another machine has them (IPv6)."""
    duplicated: frozenset[Address] = frozenset()
    """Those that another machine has: the kernel does not use them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A route of the main table, by a gateway."""

    interface: str
    destination: Network
    gateway: Address
    metric: int = 0
    ours: bool = False
    """It has our protocol number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """All of it at one moment."""

    links: Mapping[str, Link]
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class SetLink:
    """Have an interface be up or down, with this length of packets (None leaves it) and this alias (None leaves it)."""

    interface: str
    mtu: int | None = None
    alias: str | None = None
    up: bool = True

    def __str__(self) -> str:
        mtu = "" if self.mtu is None else f", mtu {self.mtu}"
        return f"set {self.interface} {_state(self.up)}{mtu}"


def _state(up: bool) -> str:  # noqa: FBT001 - said of an interface
    return "up" if up else "down"


@dataclass(frozen=True, slots=True)
class AddAddress:
    """Give an interface an address."""

    interface: str
    address: InterfaceAddress
    detect: bool = False
    """The kernel shall ask the segment first whether another machine has it, and not use it if so (IPv6)."""

    def __str__(self) -> str:
        return f"give {self.interface} the address {self.address}"


@dataclass(frozen=True, slots=True)
class RemoveAddress:
    """Take an address from an interface."""

    interface: str
    address: InterfaceAddress

    def __str__(self) -> str:
        return f"take the address {self.address} from {self.interface}"


@dataclass(frozen=True, slots=True)
class AddWay:
    """Add a route of ours."""

    interface: str
    destination: Network
    gateway: Address
    beside: bool = False
    """One of ours to the same is there, and goes next; it is in effect until then."""

    def __str__(self) -> str:
        return f"add the route to {self.destination} by {self.gateway}"


@dataclass(frozen=True, slots=True)
class RemoveWay:
    """Remove a route of ours; one of others that is alike stays."""

    interface: str
    destination: Network
    gateway: Address

    def __str__(self) -> str:
        return f"remove the route to {self.destination} by {self.gateway}"


Act: TypeAlias = SetLink | AddAddress | RemoveAddress | AddWay | RemoveWay


_GONE_ALREADY: Final[Mapping[type[Act], int]] = {RemoveAddress: errno.EADDRNOTAVAIL, RemoveWay: errno.ESRCH}
"""What the kernel says where what shall go is not there; so it is done."""


class LinksDoor(Protocol):
    """Reads and changes them."""

    def look(self) -> Links:
        """Return what is there. Raises MachineError."""
        ...

    def do(self, act: Act) -> None:
        """Change one thing; what shall go and is not there is gone. Raises MachineError."""
        ...


def no_addressing() -> str:
    """Return why this process may not give interfaces addresses; empty where it may (capabilities(7), CAP_NET_ADMIN)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff" and int(value, 16) >> _CAP_NET_ADMIN & 1:
            return ""
    return "this user may not change addresses and routes"


class KernelLinks:
    """Asks the kernel, each time anew."""

    def look(self) -> Links:
        """Read links, addresses and routes."""
        with netlink_for("read interfaces and routes") as netlink:
            names: dict[int, str] = {}
            links: dict[str, Link] = {}
            held: dict[int, list[InterfaceAddress]] = {}
            tentative: dict[int, set[Address]] = {}
            duplicated: dict[int, set[Address]] = {}
            for entry in netlink.get_addr():
                told = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
                if entry["flags"] & DUPLICATED:
                    duplicated.setdefault(entry["index"], set()).add(ip_address(told))
                elif entry["flags"] & TENTATIVE:
                    tentative.setdefault(entry["index"], set()).add(ip_address(told))
                held.setdefault(entry["index"], []).append(ip_interface(f"{told}/{entry['prefixlen']}"))
            for entry in netlink.get_links():
                name = entry.get_attr("IFLA_IFNAME")
                names[entry["index"]] = name
                links[name] = Link(
                    name=name,
                    up=bool(entry["flags"] & _UP),
                    mtu=entry.get_attr("IFLA_MTU"),
                    alias=entry.get_attr("IFLA_IFALIAS") or "",
                    addresses=tuple(held.get(entry["index"], ())),
                    tentative=frozenset(tentative.get(entry["index"], ())),
                    duplicated=frozenset(duplicated.get(entry["index"], ())),
                )
            return Links(links=links, ways=tuple(_ways(netlink, names)))

    def do(self, act: Act) -> None:
        """Ask for it."""
        with netlink_for(str(act)) as netlink:
            found = netlink.link_lookup(ifname=act.interface)
            if not found:
                raise MachineError(str(act), f"there is no interface {act.interface}")
            try:
                with _others_stay(act):
                    _do(netlink, found[0], act)
            except NetlinkError as error:
                if error.code != _GONE_ALREADY.get(type(act)):
                    raise


@contextmanager
def _others_stay(act: Act) -> Iterator[None]:
    """Keep the kernel from taking all IPv4 addresses of a network, and with the last one every route, with its first one.

    `promote_secondaries` (ip-sysctl) is as it was afterwards. Where it may not be written, the kernel does what it does.
    """
    if not isinstance(act, RemoveAddress) or act.address.version != 4:  # noqa: PLR2004 - IP version
        yield
        return
    setting, before = Path(f"/proc/sys/net/ipv4/conf/{act.interface}/promote_secondaries"), None
    with suppress(OSError):
        before = setting.read_text(encoding="ascii")
        setting.write_text("1", encoding="ascii")
    try:
        yield
    finally:
        if before is not None:
            with suppress(OSError):
                setting.write_text(before, encoding="ascii")


def _do(netlink: Any, index: int, act: Act) -> None:
    match act:
        case SetLink(up=up):
            values = {key: value for key, value in (("mtu", act.mtu), ("ifalias", act.alias)) if value is not None}
            netlink.link("set", index=index, state=_state(up), **values)
        case AddAddress(_, address, detect):
            flags = {"flags": _NO_DETECTION} if address.version == 6 and not detect else {}  # noqa: PLR2004 - IP version
            netlink.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen, **flags)
        case RemoveAddress(_, address):
            netlink.addr("del", index=index, address=str(address.ip), prefixlen=address.network.prefixlen)
        case AddWay(_, destination, gateway, beside):
            netlink.route("append" if beside else "add", **_route(destination, gateway, index))
        case RemoveWay(_, destination, gateway):
            netlink.route("del", **_route(destination, gateway, index))


def _route(destination: Network, gateway: Address, index: int) -> Mapping[str, Any]:
    """Return a route of ours as pyroute2 takes it."""
    return {
        "family": _FAMILY[destination.version],
        "dst": str(destination),
        "gateway": str(gateway),
        "oif": index,
        "proto": OUR_PROTOCOL,
        "priority": OUR_METRIC,
    }


def network_stamp() -> str:
    """Return what names this network namespace in this start of the machine. Raises MachineError."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/thread-self/ns/net').stat().st_ino}"
    except OSError as error:
        raise MachineError("tell this network from others", error.strerror or str(error)) from error


@contextmanager
def netlink_for(step: str) -> Iterator[Any]:
    """Open a socket for one step, and name it in what goes wrong."""
    try:
        with IPRoute() as netlink:
            yield netlink
    except NetlinkError as error:
        raise MachineError(step, error.args[1] if len(error.args) > 1 else str(error)) from error
    except OSError as error:
        raise MachineError(step, error.strerror or str(error)) from error


def _ways(netlink: Any, names: Mapping[int, str]) -> Iterator[Way]:
    for version, family in _FAMILY.items():
        for route in netlink.get_routes(family=family):
            gateway, interface = route.get_attr("RTA_GATEWAY"), names.get(route.get_attr("RTA_OIF") or 0)
            if route.get_attr("RTA_TABLE") != _MAIN or route["type"] != _UNICAST or gateway is None or interface is None:
                continue
            destination = route.get_attr("RTA_DST")
            yield Way(
                interface=interface,
                destination=ip_network(f"{destination}/{route['dst_len']}" if destination else _EVERYTHING[version]),
                gateway=ip_address(gateway),
                metric=route.get_attr("RTA_PRIORITY") or 0,
                ours=route["proto"] == OUR_PROTOCOL,
            )
