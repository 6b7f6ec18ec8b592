"""Clients of every service, each of which does a little of its protocol and tells which server it met."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Final, TypeAlias

from bascule.dcerpc.client import bind
from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.mapping import ENDPOINT_MAPPER
from bascule.dcerpc.packets import Syntax
from bascule.lab.exchange_rpc import MANAGEMENT
from bascule.lab.rpc_client import mapped_port, principal_name
from bascule.lab.wire import MAXIMUM_LINE, Wire

_MAXIMUM_LINES: Final = 100

Conversation: TypeAlias = Callable[[Wire], Awaitable[str]]
"""Speaks with a server and returns its name. Raises one of `wire.BROKEN_PEER` where it is not answered as it should be."""


async def meet(service: str, *, client: IPv4Address, server: IPv4Address, port: int, seconds: float) -> str:
    """Return the short name of the server that a client meets at an address, by a service's own protocol.

    `service` is a field of `Ports`. Raises one of `wire.BROKEN_PEER`, TimeoutError after so many seconds.
    """
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(
            str(server),
            port,
            local_addr=(str(client), 0),
            limit=MAXIMUM_LINE,
            ssl=_any_certificate() if service == "https" else None,
        )
        try:
            full_name = await CONVERSATIONS[service](Wire(reader, writer))
            writer.close()
            await writer.wait_closed()
        finally:
            if not writer.transport.is_closing():  # Python 3.11.2 aborts no TLS that is closed already
                writer.transport.abort()
    return full_name.partition(".")[0]


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # simulated servers sign their own, and only their names matter here
    return context


async def _get_page(wire: Wire) -> str:
    await wire.say("GET /owa/ HTTP/1.1", "Host: outlook.lab.local", "Connection: close", "")
    _expect(await wire.line(), "HTTP/1.1 200 ")
    for _ in range(_MAXIMUM_LINES):
        name, _, value = (await wire.line()).partition(":")
        if name.lower() == "x-feserver":
            return value.strip()
    raise ValueError("no X-FEServer header")


async def _read_mailbox(wire: Wire) -> str:
    greeting = _expect(await wire.line(), "* OK The Microsoft Exchange IMAP4 service is ready.")
    await wire.say("1 LOGIN user password")
    _expect(await wire.line(), "1 OK")
    await wire.say("2 LOGOUT")
    _expect(await wire.line(), "* BYE")
    return greeting.partition("[")[2].rstrip("]")


async def _fetch_mail(wire: Wire) -> str:
    greeting = _expect(await wire.line(), "+OK The Microsoft Exchange POP3 service is ready.")
    for command in ("USER user", "PASS password", "STAT", "QUIT"):
        await wire.say(command)
        _expect(await wire.line(), "+OK")
    return greeting.partition("[")[2].rstrip("]")


async def _send_mail(wire: Wire) -> str:
    greeting = _expect(await wire.line(), "220 ")
    for command, code in (
        ("HELO client.lab.local", "250 "),
        ("MAIL FROM:<scanner@lab.local>", "250 "),
        ("RCPT TO:<user@lab.local>", "250 "),
        ("DATA", "354 "),
        ("Subject: demo\r\n\r\nHello.\r\n.", "250 "),
        ("QUIT", "221 "),
    ):
        await wire.say(command)
        _expect(await wire.line(), code)
    return greeting.split()[1]


async def _ask_mapper(wire: Wire) -> str:
    await bind(wire, (ENDPOINT_MAPPER, MANAGEMENT))
    await mapped_port(wire, 0, EMSMDB)
    await mapped_port(wire, 0, NSPI)
    return (await principal_name(wire, 1)).partition("/")[2]


def _open_session(interface: Syntax) -> Conversation:
    async def converse(wire: Wire) -> str:
        await bind(wire, (interface, MANAGEMENT))
        return (await principal_name(wire, 1)).partition("/")[2]

    return converse


def _expect(line: str, beginning: str) -> str:
    if not line.startswith(beginning):
        raise ValueError(f"{line!r} does not begin with {beginning!r}")
    return line


CONVERSATIONS: Final[Mapping[str, Conversation]] = MappingProxyType(
    {
        "https": _get_page,
        "imap": _read_mailbox,
        "pop3": _fetch_mail,
        "smtp": _send_mail,
        "mapper": _ask_mapper,
        "client_access": _open_session(EMSMDB),
        "address_book": _open_session(NSPI),
    }
)
"""What a client does on each service."""
