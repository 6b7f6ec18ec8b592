"""Who a simulated server is, and what its protocols share."""

from dataclasses import dataclass
from enum import StrEnum


class RpcFault(StrEnum):
    """What may be wrong with an endpoint mapper."""

    WRONG_PORT = "wrong-port"
    """It names other ports than those that are served, as where no static port is set."""
    NOT_REGISTERED = "not-registered"
    """It knows neither service, as while they are stopped."""
    HANGS = "hangs"
    """It accepts and never answers."""


@dataclass(slots=True, kw_only=True)
class Machine:
    """One simulated Exchange server, as its protocols see it."""

    name: str
    """NetBIOS name, as `X-FEServer` gives it: `EX1`."""
    domain: str = "lab.local"
    in_maintenance: bool = False
    """As after `Set-ServerComponentState … ServerWideOffline Inactive`: no health page, and SMTP answers 421 4.3.2."""
    rpc_fault: RpcFault | None = None
    """None is a mapper that works. What is set holds from the next connection on."""
    queued_messages: int = 0
    """Messages that SMTP has accepted since the start; none is kept."""

    @property
    def fqdn(self) -> str:
        """Return the full name, as greetings and health pages give it."""
        return f"{self.name}.{self.domain}"
