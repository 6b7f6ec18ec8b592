"""Tells for how long sessions may be silent, from the service: by the check, else by the port, never by the name."""

from collections.abc import Iterable
from typing import Final

from bascule.config.model import Check, Listen, MailCheck, MailProtocol, RpcCheck

USUAL: Final = 40 * 60
"""Seconds. Microsoft's chain is 1 h at the firewall, 40 min at the balancer, 20 min at Exchange, which so ends sessions."""
RPC: Final = 2 * 3600
SMTP: Final = 10 * 60
"""Ten minutes is what RFC 5321, 4.5.3.2.6, gives a server to answer the end of a message."""
MAILBOX: Final = 35 * 60
"""RFC 3501, 5.4: not less than 30 minutes for IMAP."""

_ENDPOINT_MAPPER: Final = 135
_STATIC_RPC: Final = range(59531, 60555)
"""The ports that guides for Exchange 2010 give RPC Client Access and the Address Book (59532 and 59533 in ours)."""
_DYNAMIC_RPC: Final = range(6005, 59531)
"""The ports that Exchange 2010 takes for RPC where none are set (Microsoft, "Exchange Network Port Reference")."""
_SMTP_PORTS: Final = frozenset({25, 465, 587})
_MAILBOX_PORTS: Final = frozenset({110, 143, 993, 995})


def session_timeout(check: Check | None, listens: Iterable[Listen]) -> int:
    """Return the seconds that a session may be silent where the text says nothing; of several ports' times the longest."""
    if isinstance(check, RpcCheck):
        return RPC
    if isinstance(check, MailCheck):
        return SMTP if check.protocol is MailProtocol.SMTP else MAILBOX
    return max(_by_ports(listen.ports) for listen in listens)


def _by_ports(ports: range) -> int:
    if len(ports) == 1:
        return _by_port(ports[0])
    return RPC if ports[0] in _DYNAMIC_RPC and ports[-1] in _DYNAMIC_RPC else USUAL


def _by_port(port: int) -> int:
    if port == _ENDPOINT_MAPPER or port in _STATIC_RPC:
        return RPC
    if port in _SMTP_PORTS:
        return SMTP
    return MAILBOX if port in _MAILBOX_PORTS else USUAL
