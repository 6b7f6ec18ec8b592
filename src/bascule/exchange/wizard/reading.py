"""Reads answers as people write them: servers, the address of a farm, networks."""

from ipaddress import ip_interface
from typing import Final, TypeVar

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.kinds.addresses import ADDRESS, NETWORK
from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.lexer import Report, Token, TokenKind
from bascule.config.model import Address, Network
from bascule.config.wording import quoted
from bascule.exchange.wizard.answers import Server

T = TypeVar("T")

MOST_SERVERS: Final = 100
"""Of one farm; Exchange has fewer: 16 to a database availability group."""


def servers(text: str, report: Report) -> tuple[Server, ...]:
    """Return the servers of `EX1=10.2.0.11,EX2=10.2.0.12`; one without a name is called by its address."""
    found: list[Server] = []
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_SERVERS:
        report(Diagnostic.error(Span(), f"{len(parts)} servers are named", f"a farm has {MOST_SERVERS} at most"))
        return ()
    for part in parts:
        name, equals, address = part.rpartition("=")
        read = _read(ADDRESS, address.strip(), report, f"write NAME=ADDRESS, such as {name or 'EX1'}=10.2.0.11")
        if equals and not name.strip():
            report(Diagnostic.error(Span(), f"{quoted(part)} names no server", "write NAME=ADDRESS"))
        elif read is not None:
            found.append(Server(name.strip() or str(read), read))
    return tuple(found)


def place(text: str, report: Report) -> tuple[Address, int | None] | None:
    """Return an address, and its prefix length where it is written: `10.2.0.50`, `10.2.0.50/24`."""
    before, slash, _ = text.partition("/")
    address = _read(ADDRESS, before, report, "such as 10.2.0.50, or 10.2.0.50/24")
    if address is None or not slash:
        return None if address is None else (address, None)
    try:
        return address, ip_interface(text).network.prefixlen
    except ValueError:
        report(Diagnostic.error(Span(), f"{quoted(text)} has no prefix length", "such as 10.2.0.50/24"))
        return None


def networks(text: str, report: Report) -> tuple[Network, ...]:
    """Return the networks of `10.2.0.0/16,2001:db8::/32`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    read = [_read(NETWORK, part, report, "such as 10.2.0.0/16") for part in parts[:MOST_SERVERS]]
    return tuple(each for each in read if each is not None)


def _read(kind: Kind[T], text: str, report: Report, hint: str) -> T | None:
    value = kind.read(Token(TokenKind.WORD, text, 1, 1))
    if isinstance(value, Flaw):
        report(Diagnostic.error(Span(), value.message, value.hint or hint))
        return None
    return value
