"""Whom the `system` block has this machine speak to, name servers aside. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from bascule.config.diagnostics import Span
from bascule.config.firewall import Address, Protocol
from bascule.config.model import System
from bascule.config.outward import Webhook

NTP: Final = 123
"""RFC 5905, 7.2."""
_WEB: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A place of somebody's."""

    whose: str
    """In words: `the mail server`."""
    host: Address | str
    """What is no address is a name, and may mean any."""
    protocol: Protocol
    port: int
    span: Span


def contacts(system: System) -> Iterator[Contact]:
    """Yield them, in the order of the manual."""
    told = system.outward
    for server in told.syslog:
        protocol = Protocol.UDP if server.transport == "udp" else Protocol.TCP
        yield Contact(whose="a syslog server", host=server.host, protocol=protocol, port=server.port, span=server.span)
    if told.mail is not None:
        mail = told.mail
        yield Contact(whose="the mail server", host=mail.host, protocol=Protocol.TCP, port=mail.port, span=mail.span)
    for alert in told.alerts:
        yield from (_hooked(f'a webhook of alert "{alert.name}"', hook) for hook in alert.webhooks)
    for trap in told.snmp.traps if told.snmp is not None else ():
        yield Contact(whose="traps of SNMP", host=trap.host, protocol=Protocol.UDP, port=trap.port, span=trap.span)
    for clock in told.clocks:
        yield Contact(whose="a time server", host=clock.host, protocol=Protocol.UDP, port=NTP, span=clock.span)
    for each in system.directory.servers if system.directory is not None else ():
        yield Contact(whose="an LDAP server", host=each.host, protocol=Protocol.TCP, port=each.port, span=each.span)


def _hooked(whose: str, hook: Webhook) -> Contact:
    parts = urlsplit(hook.url)
    name = parts.hostname or ""
    try:
        host: Address | str = name if "%" in name else ip_address(name)
    except ValueError:
        host = name
    port = parts.port or _WEB.get(parts.scheme, _WEB["https"])
    return Contact(whose=whose, host=host, protocol=Protocol.TCP, port=port, span=hook.span)
