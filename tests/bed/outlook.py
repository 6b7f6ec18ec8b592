"""Outlook-shaped clients: each uses every port of an Exchange farm from an address of its own, and names itself by it."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Final, TypeAlias

from bascule.lab.dcerpc import MAXIMUM_FRAGMENT, NDR, Packet, PacketType, Syntax
from bascule.lab.endpoint_mapper import ENDPOINT_MAPPER
from bascule.lab.exchange_rpc import EMSMDB, NSPI
from bed.node import Node

_AT_ONCE: Final = 16
"""Clients that speak at the same time."""
_PATIENCE: Final = 20.0
"""Seconds for one answer."""
_TLS: Final = frozenset({443, 993, 995})

_Conversation: TypeAlias = Callable[[socket.socket, str], None]


def use(node: Node, clients: Sequence[str], to: str, ports: Iterable[int]) -> None:
    """Have every client use every port once, one after the other; raises OSError where one is not served."""
    context, asked = _any_certificate(), tuple(ports)

    def visit(client: str) -> None:
        with node.entered():
            for port in asked:
                with _spoken(client, to, port, context):
                    pass

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(visit, clients):
            pass


@contextlib.contextmanager
def staying(node: Node, clients: Sequence[str], to: str, ports: Iterable[int]) -> Iterator[None]:
    """Have every client hold a session on every port meanwhile."""
    context = _any_certificate()
    with contextlib.ExitStack() as held:
        with node.entered():
            for client in clients:
                for port in ports:
                    held.enter_context(_spoken(client, to, port, context))
        yield


@contextlib.contextmanager
def _spoken(client: str, to: str, port: int, context: ssl.SSLContext) -> Iterator[None]:
    """Connect, say who speaks, and hear that it was understood."""
    with socket.create_connection((to, port), timeout=_PATIENCE, source_address=(client, 0)) as plain:
        connection = context.wrap_socket(plain) if port in _TLS else plain
        with connection:
            _CONVERSATIONS[port](connection, client)
            yield


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _browse(connection: socket.socket, client: str) -> None:
    connection.sendall(f"GET /owa/?client-{client} HTTP/1.1\r\nHost: mail.lab.local\r\n\r\n".encode())
    _hear(connection, b"HTTP/1.1 200 ")


def _imap(connection: socket.socket, client: str) -> None:
    _hear(connection, b"* OK")
    connection.sendall(f"1 LOGIN client-{client} secret\r\n".encode())
    _hear(connection, b"1 OK")


def _pop3(connection: socket.socket, client: str) -> None:
    _hear(connection, b"+OK")
    connection.sendall(f"USER client-{client}\r\n".encode())
    _hear(connection, b"+OK")


def _bound(interface: Syntax) -> _Conversation:
    context = b"\x00\x00\x01\x00" + interface.pack() + NDR.pack()
    body = MAXIMUM_FRAGMENT.to_bytes(2, "little") * 2 + bytes(4) + b"\x01\x00\x00\x00" + context

    def converse(connection: socket.socket, client: str) -> None:
        connection.sendall(Packet(kind=PacketType.BIND, call=int(IPv4Address(client)), body=body).pack())
        _hear(connection, bytes((5, 0, PacketType.BIND_ACK)))

    return converse


def _hear(connection: socket.socket, beginning: bytes) -> None:
    heard = connection.recv(4096)
    if not heard.startswith(beginning):
        raise ConnectionError(f"{heard!r} does not begin with {beginning!r}")


_CONVERSATIONS: Final[Mapping[int, _Conversation]] = MappingProxyType(
    {
        443: _browse,
        143: _imap,
        993: _imap,
        110: _pop3,
        995: _pop3,
        135: _bound(ENDPOINT_MAPPER),
        59532: _bound(EMSMDB),
        59533: _bound(NSPI),
    }
)
