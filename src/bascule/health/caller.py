"""Calls a host as a probe does: from the right address and port, and never reading more than is bounded."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bascule.config.model import Address
from bascule.health.certificates import read_certificate
from bascule.health.conversation import Conversation
from bascule.health.findings import SeenCertificate, SeenPage
from bascule.health.reasons import ProbeError, tls_words
from bascule.plan.model import Endpoint

PROBE_PORTS: Final = range(61000, 62000)
"""Local ports of probes that name their source: the kernel's rules leave these out of connection tracking."""

SMTP_PORT: Final = 25

_PORT_TRIES: Final = 8
"""Local ports to try before giving up. A port may be taken by a probe of the same host that ended a minute ago."""

_PORT_TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL})

_LEGACY_SERVER_CONNECT: Final = 0x4
"""`SSL_OP_LEGACY_SERVER_CONNECT`, which Python names from 3.12 on: servers without RFC 5746 are answered too."""


def lenient_tls() -> ssl.SSLContext:
    """Return the TLS settings of a probe: any version, any cipher and any certificate will do.

    A probe asks whether a server serves, not whether it can be trusted: it believes no answer, and the one secret it may
    send is that of a test mailbox, of which the manual says so. Exchange 2010 on an old Windows speaks TLS 1.0 only.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context


@dataclass(slots=True, kw_only=True)
class Caller:
    """Opens the connections of one probe, and remembers how far it came."""

    endpoint: Endpoint
    source: Address | None
    """Our own address to call from; None lets the kernel choose address and port."""
    random: Random
    """Chooses local ports, and what an echo carries."""
    tls: ssl.SSLContext
    ttl: int | None = None
    """Of the packets that are sent; None is the system's."""
    awaited: str = "answer"
    """What the probe waits for now, as the reason of a timeout names it."""
    proven: str = ""
    """What showed that the host is up, once that is so; what follows is courtesy and cannot fail the probe."""
    smtp_port: int = SMTP_PORT
    """Where SMTP answers that is asked about maintenance."""
    certificate: SeenCertificate | None = None
    """The last that the host showed."""
    server_name: str = ""
    """The name that it was asked for by."""
    pages: list[SeenPage] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)
    """What is not as it should be and takes no host out: by what it is about, the words."""

    @property
    def family(self) -> socket.AddressFamily:
        """Return the address family of the host."""
        return socket.AF_INET if self.endpoint.address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP version

    def remark(self, about: str, words: str) -> None:
        """Note something that is not as it should be; what was noted about the same thing goes."""
        self.remarks[about] = words

    def limit_hops(self, door: socket.socket) -> None:
        """Have what a socket sends live as long as it shall (ip(7), ipv6(7)). Raises OSError."""
        if self.ttl is None:
            return
        if door.family is socket.AF_INET:
            door.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, self.ttl)
        else:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, self.ttl)

    async def connect(self) -> socket.socket:
        """Return a connected, non-blocking TCP socket that the caller must close. Raises OSError, ProbeError."""
        if self.source is None:
            return await self._dial(None)
        for port in self.random.sample(PROBE_PORTS, _PORT_TRIES):
            try:
                return await self._dial((str(self.source), port))
            except OSError as error:
                if error.errno not in _PORT_TAKEN:
                    raise
        raise ProbeError(f"no local port of {PROBE_PORTS[0]} to {PROBE_PORTS[-1]} is free at {self.source}", ours=True)

    @asynccontextmanager
    async def conversation(self, *, tls: bool, server_name: str = "") -> AsyncIterator[Conversation]:
        """Connect, with TLS where asked (`server_name` empty names none), and hang up at the end without waiting.

        Raises OSError, ProbeError.
        """
        with ExitStack() as undo:
            connection = await self.connect()
            undo.callback(connection.close)
            reader, writer = await (self._handshake(connection, server_name) if tls else _streams(connection))
            undo.pop_all()
        self.awaited = "answer"
        if tls:
            self.look_at_certificate(writer, server_name)
        try:
            yield Conversation(reader, writer)
        finally:
            if not writer.transport.is_closing():  # the peer may have hung up first: Python 3.11.2 aborts no TLS then
                writer.close()  # says goodbye in TLS
                writer.transport.abort()  # and does not wait for the peer's

    def look_at_certificate(self, writer: asyncio.StreamWriter, server_name: str) -> None:
        """Keep what the host showed when it was asked for by that name."""
        der: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.server_name = server_name
        self.certificate = read_certificate(der) if der else None

    async def _dial(self, local: tuple[str, int] | None) -> socket.socket:
        connection = socket.socket(self.family, socket.SOCK_STREAM)
        with ExitStack() as undo:
            undo.callback(connection.close)
            connection.settimeout(0)
            self.limit_hops(connection)
            if local is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                connection.bind(local)
            where = (str(self.endpoint.address), self.endpoint.port)
            await asyncio.get_running_loop().sock_connect(connection, where)
            undo.pop_all()
        return connection

    async def _handshake(self, connection: socket.socket, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.awaited = "TLS handshake"
        try:
            return await _speak(connection, self.tls, name)
        except ssl.SSLError as error:
            raise ProbeError(f"TLS handshake failed: {tls_words(error)}") from error
        except ConnectionError as error:
            raise ProbeError("TLS handshake failed: connection closed") from error
        except ValueError as error:  # what ssl raises for a name that no server can have
            raise ProbeError(f"{name!r} cannot be a TLS server name", ours=True) from error


async def _streams(connection: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(sock=connection)


async def _speak(
    connection: socket.socket, tls: ssl.SSLContext, name: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Shake hands. One that is given up when it has just been done is aborted: asyncio would wait for its goodbye."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = _Remembering(reader)
    try:
        transport, _ = await loop.create_connection(lambda: protocol, sock=connection, ssl=tls, server_hostname=name)
    except asyncio.CancelledError:
        if protocol.made is not None:
            protocol.made.abort()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _Remembering(asyncio.StreamReaderProtocol):
    """Keeps the transport from the moment it can be used, which is before whoever waits for it is told."""

    made: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.made = transport
        super().connection_made(transport)
