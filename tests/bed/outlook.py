"""Outlook-shaped clients: each uses every port of an Exchange farm from an address of its own, and names itself by it."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from struct import pack
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from bed.node import Node

_AT_ONCE: Final = 16
"""Clients that speak at the same time."""
_PATIENCE: Final = 20.0
"""Seconds for one answer."""
_TLS: Final = frozenset({443, 993, 995})
_NDR: Final = ("8a885d04-1ceb-11c9-9fe8-08002b104860", (2, 0))

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


def _bound(interface: str, major: int, minor: int) -> _Conversation:
    """Return who binds to an interface (C706, 12.6.4.3): the call's number is the client."""
    syntax, ndr = (UUID(uuid).bytes_le + pack("<HH", *version) for uuid, version in ((interface, (major, minor)), _NDR))
    body = pack("<HHIBxxxHBx", 5840, 5840, 0, 1, 0, 1) + syntax + ndr

    def converse(connection: socket.socket, client: str) -> None:
        head = pack("<BBBBIHHI", 5, 0, 11, 3, 0x10, 16 + len(body), 0, int(IPv4Address(client)))
        connection.sendall(head + body)
        _hear(connection, b"\x05\x00\x0c")  # bind_ack

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
        135: _bound("e1af8308-5d1f-11c9-91a4-08002b14a0fa", 3, 0),
        59532: _bound("a4f1db00-ca47-1067-b31f-00dd010662da", 0, 81),
        59533: _bound("f5cc5a18-4264-101a-8c59-08002b2f8426", 56, 0),
    }
)
