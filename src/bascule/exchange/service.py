"""A service of Exchange as a balancer sees it."""

from dataclasses import dataclass
from enum import StrEnum

from bascule.exchange.evidence import Note
from bascule.exchange.virtual_directories import VirtualDirectory


class SecurityZone(StrEnum):
    """Where a service's clients may be, in the guide's words."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class Affinity(StrEnum):
    """Whether a client must find one server on this service and on others."""

    NONE = "none"
    """Any server serves any connection."""
    SAME_HOST = "same host"
    """A client's connections belong on one server; the same as on other services is better, and not needed."""
    GROUP = "group"
    """A client's connections belong on the server that it has on the other services of the group, whatever fails."""


class Wish(StrEnum):
    """What has a service be part of a farm."""

    ALWAYS = "always"
    HTTP = "http"
    SMTP = "smtp"
    IMAP = "imap"
    POP = "pop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A row of the guide's table: programs that use the same services in the same way."""

    name: str
    zone: SecurityZone
    remark: str = ""
    """What the table says behind the zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service, and what balancing it needs."""

    relay: str
    """The guide's name for its relay."""
    client: Client
    protocol: str
    """As the guide's table calls it."""
    port: str
    """The field of `Ports` that holds its port."""
    checks: tuple[str, ...]
    """How the language asks for its health, the best first: a version of Bascule uses the first that it knows."""
    session_timeout: str
    """How long a session may be silent, as the language writes it."""
    affinity: Affinity = Affinity.NONE
    wish: Wish = Wish.ALWAYS
    virtual_directories: tuple[VirtualDirectory, ...] = ()
    notes: tuple[Note, ...] = ()
