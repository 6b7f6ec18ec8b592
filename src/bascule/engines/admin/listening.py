"""Opening the admin server's listening sockets, and telling beforehand why one could not be opened."""

import errno
import socket
from collections.abc import Iterable
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span
from bascule.plan.model import Endpoint

_FREE_BIND: Final = {4: (socket.IPPROTO_IP, 15), 6: (socket.IPPROTO_IPV6, 78)}
"""IP_FREEBIND of linux/in.h, IPV6_FREEBIND of linux/in6.h: an address may come later (ip(7))."""

_BACKLOG: Final = 128


def listening_socket(endpoint: Endpoint) -> socket.socket:
    """Return a socket that listens there, beside others of our user (SO_REUSEPORT). Raises OSError."""
    listener = _fresh(endpoint)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((str(endpoint.address), endpoint.port))
        listener.listen(_BACKLOG)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def objection(endpoint: Endpoint, span: Span, ours: Iterable[Endpoint]) -> Diagnostic | None:
    """Return why the admin server cannot listen there, or None where it can. Nobody could connect meanwhile: it only binds.

    `ours` are the places where we listen already: beside those only programs of other users are seen.
    """
    with _fresh(endpoint) as probe:
        try:
            if any(_meet(endpoint, other) for other in ours):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            probe.bind((str(endpoint.address), endpoint.port))
        except OSError as error:
            what, hint = _explained(error, endpoint)
            return Diagnostic.error(span, f"the admin server cannot listen on {shown(endpoint)}: {what}", hint)
    return None


def shown(endpoint: Endpoint) -> str:
    """Return a place in words."""
    if endpoint.address.is_unspecified:
        return f"port {endpoint.port} of every IPv{endpoint.address.version} address"
    return str(endpoint)


def _meet(one: Endpoint, other: Endpoint) -> bool:
    """Return whether two listening sockets would be in each other's way."""
    if one.port != other.port or one.address.version != other.address.version:
        return False
    return one.address == other.address or one.address.is_unspecified or other.address.is_unspecified


def _fresh(endpoint: Endpoint) -> socket.socket:
    version = endpoint.address.version
    fresh = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_STREAM)  # noqa: PLR2004 - IP version
    fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    fresh.setsockopt(*_FREE_BIND[version], 1)
    if fresh.family == socket.AF_INET6:
        fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return fresh


def _explained(error: OSError, endpoint: Endpoint) -> tuple[str, str]:
    match error.errno:
        case errno.EADDRINUSE:
            return "another program listens on that port", f"`ss -ltnp sport = :{endpoint.port}` names it"
        case errno.EACCES:
            hint = "write `http-server { port 4433 }` in the `system` block, or another port from 1024 on"
            return "ports below 1024 need root or CAP_NET_BIND_SERVICE", hint
    return error.strerror or str(error), ""
