"""The guide's services, as the wizard offers them: what people call them, and their ports."""

from dataclasses import dataclass
from typing import Final

from bascule.exchange.ports import Ports

_PORTS: Final = Ports()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A service to choose."""

    name: str
    port: int

    @property
    def label(self) -> str:
        """Return what the list says."""
        return f"{self.name} ({self.port})"


OFFERS: Final = (
    Offer(name="HTTPS", port=_PORTS.https),
    Offer(name="POP3", port=_PORTS.pop3),
    Offer(name="POP3S", port=_PORTS.pop3s),
    Offer(name="IMAP", port=_PORTS.imap),
    Offer(name="IMAPS", port=_PORTS.imaps),
    Offer(name="RPC mapper", port=_PORTS.mapper),
    Offer(name="RPC client access", port=_PORTS.client_access),
    Offer(name="Address book", port=_PORTS.address_book),
    Offer(name="SMTP", port=_PORTS.smtp),
    Offer(name="SMTP submission", port=_PORTS.submission),
    Offer(name="HTTP", port=_PORTS.http),
)

OTHER: Final = "other"
"""What stands for ports that are written."""


def port_of(name: str) -> int | None:
    """Return the port of a service; None where it is none of these."""
    return next((each.port for each in OFFERS if each.name == name), None)
