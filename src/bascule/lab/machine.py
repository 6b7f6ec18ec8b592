"""Who a simulated server is, and what its protocols share."""

from dataclasses import dataclass, field
from enum import StrEnum


class PageFault(StrEnum):
    """How a health page may go wrong."""

    RESET = "reset"
    """The connection is cut where the page was, as Exchange does for a protocol that it thinks ill of."""
    GONE = "gone"
    """404."""
    FAILING = "failing"
    """503."""
    WRONG = "wrong"
    """200, with a body that is no health page's."""
    LOGIN = "login"
    """200, with a page to log in at."""
    MOVED = "moved"
    """302, to such a page."""
    REFUSED = "refused"
    """401."""
    DRIP = "drip"
    """The answer comes byte by byte, and never to an end."""
    HANG = "hang"
    """Nothing comes."""


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
    pages: dict[str, PageFault] = field(default_factory=dict)
    """What is wrong with health pages, by their folder in lower case: `owa`, `microsoft-server-activesync`."""
    mailboxes: dict[str, str] | None = None
    """Who may log in, with the password; None lets in everybody."""
    rpc_fault: RpcFault | None = None
    """None is a mapper that works. What is set holds from the next connection on."""
    queued_messages: int = 0
    """Messages that SMTP has accepted since the start; none is kept."""

    @property
    def fqdn(self) -> str:
        """Return the full name, as greetings and health pages give it."""
        return f"{self.name}.{self.domain}"

    def admits(self, user: str, password: str) -> bool:
        """Whether a user may log in to IMAP, POP3 or SMTP."""
        return self.mailboxes is None or self.mailboxes.get(user) == password
