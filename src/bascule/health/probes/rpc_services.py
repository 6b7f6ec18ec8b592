"""What an RPC service of Exchange 2010 is called, and the registry value that gives it a port of its own.

Exchange 2010 SP1 and later. Source of the values: TechNet Wiki 864, "Configure static RPC ports on an Exchange 2010 Client
Access server".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_SERVICES: Final = r"HKLM\SYSTEM\CurrentControlSet\services"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A service of Exchange."""

    title: str
    """The interface's name."""
    service: str
    """As Windows shows it."""
    key: str
    value: str
    type: str


KNOWN: Final[Mapping[str, Known]] = MappingProxyType(
    {
        "emsmdb": Known(
            title="EMSMDB",
            service="Microsoft Exchange RPC Client Access",
            key=rf"{_SERVICES}\MSExchangeRPC\ParametersSystem",
            value="TCP/IP Port",
            type="REG_DWORD",
        ),
        "nspi": Known(
            title="NSPI",
            service="Microsoft Exchange Address Book",
            key=rf"{_SERVICES}\MSExchangeAB\Parameters",
            value="RpcTcpPort",
            type="REG_SZ",
        ),
    }
)


def title(service: str) -> str:
    """Return what reasons call a service: `EMSMDB`, or its UUID."""
    return KNOWN[service].title if service in KNOWN else service


def to_start(service: str) -> str:
    """Return what to do about a service that is not registered; empty where that is not known."""
    return f" (is the service {KNOWN[service].service} running?)" if service in KNOWN else ""


def to_move(service: str, ports: str) -> str:
    """Return what has a service use a port; empty where that is not known."""
    if service not in KNOWN:
        return ""
    known = KNOWN[service]
    return f": set {known.value} ({known.type}) in {known.key} to {ports} and restart {known.service}"
