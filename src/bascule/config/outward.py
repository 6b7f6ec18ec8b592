"""What a `system` block says of those who are told what happens here: by syslog, mail, webhooks, SNMP; and of clocks."""

from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from bascule.config.diagnostics import Span

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

SYSLOG_PORTS: Final = {"udp": 514, "tcp": 601, "tls": 6514}
"""RFC 5426, 3.3; RFC 6587, 4.1, and IANA's syslog-conn; RFC 5425, 4.1."""

FACILITIES: Final = {
    "kern": 0,
    "user": 1,
    "mail": 2,
    "daemon": 3,
    "auth": 4,
    "syslog": 5,
    "authpriv": 10,
    "audit": 13,
    **{f"local{number}": 16 + number for number in range(8)},
}
"""RFC 5424, table 1, as far as a balancer may have use for them."""


def _span() -> Span:
    return field(default=Span(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogServer:
    """`server HOST …` of the `syslog` block: every event and the audit log go there."""

    host: Address | str
    transport: str = "udp"
    """`udp`, `tcp` or `tls`."""
    port: int = SYSLOG_PORTS["udp"]
    facility: str = "daemon"
    warnings_only: bool = False
    authority: str = ""
    """A file in PEM of those who may sign its certificate; empty is whom this machine trusts."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The `mail` block: who takes our mails, and as whom we write them."""

    host: Address | str
    port: int = 25
    tls: bool = False
    """It speaks TLS from the first byte (465)."""
    starttls: bool = False
    sender: str = ""
    """Empty is `bascule` at this machine."""
    user: str = ""
    """Empty logs in nowhere."""
    password: str = field(default="", repr=False)
    """Or what stands for it (`kept.password`). Never shown: repr, logs and errors leave it out."""
    authority: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`webhook "URL" …`: a POST of JSON."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    span: Span = _span()


class Cause(StrEnum):
    """What an alert may be about."""

    HOST = "host"
    RELAY = "relay"
    TABLE = "table"
    DEPLOYMENT = "deployment"
    CERTIFICATE = "certificate"
    PORTS = "ports"
    CONNTRACK = "conntrack"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Quiet:
    """From when to when, by this machine's clock, nothing comes but what is urgent; it may span midnight."""

    begins: time
    ends: time

    def holds(self, now: time) -> bool:
        """Tell whether it is quiet at a time of day."""
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An `alert "NAME"` block: who is told, of what, and when not."""

    name: str
    mail_to: tuple[str, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    causes: frozenset[Cause] = frozenset(Cause)
    quiet: Quiet | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """`trap to HOST …`: who hears of host and table states by SNMP."""

    host: Address | str
    port: int = 162
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snmp:
    """The `snmp` block: who may ask by SNMP, and who is told."""

    port: int = 161
    address: Address | None = None
    """None is every address of the machine."""
    community: str = field(default="", repr=False)
    """Of SNMPv2c; empty answers none."""
    user: str = ""
    """Of SNMPv3, with authentication and privacy; empty answers none."""
    password: str = field(default="", repr=False)
    sources: tuple[Network, ...] = ()
    traps: tuple[Trap, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeServer:
    """`server HOST` of the `ntp` block: whose clock ours is compared with."""

    host: Address | str
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """All of that."""

    syslog: tuple[SyslogServer, ...] = ()
    mail: MailServer | None = None
    alerts: tuple[Alert, ...] = ()
    snmp: Snmp | None = None
    clocks: tuple[TimeServer, ...] = ()


def place(host: Address | str, port: int) -> str:
    """Return a place as people write it."""
    return f"[{host}]:{port}" if isinstance(host, IPv6Address) else f"{host}:{port}"
