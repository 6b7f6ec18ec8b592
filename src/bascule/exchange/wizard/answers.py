"""What somebody answers who sets a farm up."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from bascule.config.exchange import Version
from bascule.config.model import Address, Kind, Network
from bascule.exchange.ports import Ports
from bascule.exchange.service import Affinity, Service, Wish

PRIVATE: Final[tuple[Network, ...]] = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Where clients inside are when nobody says better (RFC 1918, RFC 4193)."""

GROUP: Final = "outlook"
"""What the affinity group is called."""


@dataclass(frozen=True, slots=True)
class Server:
    """An Exchange server."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One farm, as its administrator describes it."""

    version: Version
    vip: Address
    """Where clients connect to."""
    servers: tuple[Server, ...]
    key: str
    """The table's: eight hexadecimal digits, new for every farm."""
    table: str = "exchange"
    namespace: str = ""
    array_fqdn: str = ""
    ad_site: str = ""
    method: Kind = Kind.RELAY
    gateway: bool = False
    """This machine is the servers' default gateway, so that SMTP may be a redirect."""
    wishes: AbstractSet[Wish] = frozenset()
    """Services beyond those that every farm has."""
    https_affinity: bool = False
    mode: str = ""
    """How clients are spread; empty is the version's usual way."""
    ports: Ports = field(default_factory=Ports)
    admin_port: int | None = None
    """None leaves the admin server where it is, unless a service takes its port."""
    interface: str = ""
    """Which holds the address; empty is none of Bascule's business."""
    prefix_length: int | None = None
    """Of the address there; None is the address alone."""
    zones: bool = False
    inside: tuple[Network, ...] = PRIVATE

    def kind(self, service: Service) -> Kind:
        """Return how a service hands its clients on."""
        mail = service.wish is Wish.SMTP
        return Kind.REDIRECT if self.method is Kind.REDIRECT or (mail and self.gateway) else Kind.RELAY

    def grouped(self, service: Service) -> bool:
        """Tell whether a service is a member of the affinity group."""
        return service.affinity is Affinity.GROUP or (self.https_affinity and service.affinity is Affinity.SAME_HOST)
