"""Opening listening sockets, and telling beforehand why one could not be opened."""

import errno
import socket
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span
from bascule.engines.proxy.wire import Place

_FREE_BIND: Final = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}
"""IP_FREEBIND of linux/in.h, IPV6_FREEBIND of linux/in6.h."""

BACKLOG: Final = 4096
"""Clients that the kernel lets wait at a door; `net.core.somaxconn` bounds it too."""

SOCKET_BUFFER: Final = 256 * 1024
"""Bytes asked for each direction of each socket of a session; the kernel doubles it for its own use and
`net.core.rmem_max` and `wmem_max` bound it (socket(7)). So a session holds 2 MiB of kernel memory at most, however slow its
reader; the price is a window of about 256 KiB for each connection (40 Mbit/s over 50 ms)."""


def bound_memory(connection: socket.socket) -> None:
    """Fix the sizes of a socket's buffers; to be called before it connects or listens, when windows are agreed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)


def listening_socket(place: Place) -> socket.socket:
    """Return a socket that listens there beside others of ours (SO_REUSEPORT). Raises OSError.

    Its clients' sockets inherit its buffers, TCP_NODELAY and TCP_QUICKACK.
    """
    listener = _fresh_socket(place)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound_memory(listener)
        listener.bind((place.address, place.port))
        listener.listen(BACKLOG)
        # A client's first bytes are acknowledged with the answer to them, within 40 ms in any case. listen() forgets it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def objection(place: Place, relay: str, span: Span, *, comes: bool = False) -> Diagnostic | None:
    """Return why a relay cannot listen there, or None where it can. Nobody could connect meanwhile: it only binds.

    `comes` says that the address will be there in time: then it need not be there now (ip(7), IP_FREEBIND).
    """
    with _fresh_socket(place) as probe:
        try:
            if comes:
                probe.setsockopt(*_FREE_BIND[place.family], 1)
            probe.bind((place.address, place.port))
        except OSError as error:
            return _explained(error, place, relay, span)
    return None


def _fresh_socket(place: Place) -> socket.socket:
    fresh = socket.socket(place.family, socket.SOCK_STREAM)
    fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if place.family == socket.AF_INET6:
        fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return fresh


def _explained(error: OSError, place: Place, relay: str, span: Span) -> Diagnostic:
    match error.errno:
        case errno.EADDRINUSE:
            return Diagnostic.error(
                span,
                f'relay "{relay}" cannot listen on {place}: another program listens on that port',
                f"`ss -ltnp sport = :{place.port}` names it",
            )
        case errno.EADDRNOTAVAIL:
            return Diagnostic.error(
                span,
                f'relay "{relay}" cannot listen on {place}: this machine does not have the address {place.address}',
                "`ip address` lists those it has",
            )
        case errno.EACCES:
            return Diagnostic.error(
                span,
                f'relay "{relay}" cannot listen on {place}: ports below 1024 need root or CAP_NET_BIND_SERVICE',
                "choose a port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start",
            )
    return Diagnostic.error(span, f'relay "{relay}" cannot listen on {place}: {error.strerror}')
