"""Interfaces and routes as they are, as they travel and as `--json` prints them.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from typing import Final

import msgspec

from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result


class AddressRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address of an interface."""

    address: str
    """With its prefix length."""
    virtual: bool = False
    """It moves with the cluster."""
    ours: bool = False
    """Bascule gave it, and takes it away when the configuration names it no more."""
    state: str = ""
    """`duplicate` where another machine has it, `tentative` while the kernel asks, `missing` where it should be there."""


class TrafficRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What went one way since the interface came."""

    bytes: int
    packets: int
    errors: int
    dropped: int


class InterfaceRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An interface of the machine, or one that the configuration names and the machine lacks."""

    name: str
    state: str
    """`up`, `down`, `no carrier` (up, with nothing at the other end) or `missing`."""
    description: str = ""
    mtu: int | None = None
    hardware: str = ""
    zones: tuple[str, ...] = ()
    """The firewall's zones that name it."""
    addresses: tuple[AddressRow, ...] = ()
    received: TrafficRow | None = None
    sent: TrafficRow | None = None


class Interfaces(Result, frozen=True, kw_only=True, tag="interfaces"):
    """Every interface; loopback comes last."""

    interfaces: tuple[InterfaceRow, ...]


class RouteRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way of a route of the main table."""

    destination: str
    """`default`, or a network."""
    kind: str = ""
    """`blackhole`, `unreachable`, `prohibit`; empty of one that leads somewhere."""
    gateway: str = ""
    interface: str = ""
    version: int
    """4 or 6, the IP version."""
    metric: int
    by: str
    """Who made it: `bascule`, `kernel`, `dhcp`, …"""
    router: str = ""
    """The router of the configuration that it is of."""


class Routes(Result, frozen=True, kw_only=True, tag="routes"):
    """Every route of the main table, the widest of each IP version first."""

    routes: tuple[RouteRow, ...]


class ShowInterfaces(Request[Interfaces], frozen=True, kw_only=True, tag="show.interfaces"):
    """List interfaces with their addresses and traffic."""


class ShowRoutes(Request[Routes], frozen=True, kw_only=True, tag="show.routes"):
    """List the routes of the main table."""


OPERATIONS: Final = (
    Operation(ShowInterfaces, Permission.VIEW, "list interfaces with their addresses and traffic", rest="GET /interfaces"),
    Operation(ShowRoutes, Permission.VIEW, "list the routes of the main table", rest="GET /routes"),
)
