"""Addresses, networks and what an operator writes in their place."""

import re
from ipaddress import IPv4Interface, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network
from typing import Final

from bascule.config.kinds.kind import Flaw, Kind, expected
from bascule.config.lexer import Token, TokenKind
from bascule.config.model import Address, InterfaceAddress, Network
from bascule.config.wording import quoted

_LABEL: Final = "(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_WHOLE_NAME: Final = re.compile(rf"({_LABEL}\.)+(?=[A-Za-z]){_LABEL}")
"""A name with its domain (RFC 1123, 2.1); no domain at the top begins with a digit, so a mistyped address is none."""

_LONGEST_WHOLE_NAME: Final = 253
_LENGTH: Final = re.compile(r"[0-9]{1,3}")
_AN_ADDRESS: Final = "an IPv4 or IPv6 address"
_A_HOST: Final = "a host's address, or its name with its domain"
_A_NAME: Final = "a name with its domain in quotes"
_EXAMPLE: Final = '"mail.example.com"'
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def parsed_address(text: str) -> Address | None:
    """Return the address that a text writes, or None; zone ids (`%eth0`) are none of ours."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def _address(token: Token) -> Address | Flaw:
    address = parsed_address(token.text)
    if address is None:
        return _no_address(token)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        return Flaw(f"{quoted(token.text)} is an IPv4 address in IPv6 clothes", f"write {mapped}")
    if address.is_multicast or str(address) == "255.255.255.255":
        return Flaw(f"{quoted(token.text)} is the address of many machines, not of one")
    if address.is_unspecified:
        return Flaw(
            f"{quoted(token.text)} is no machine's address", "leave it out to mean every address, where that is allowed"
        )
    return address


def _no_address(token: Token) -> Flaw:
    if token.kind is TokenKind.WORD and "/" in token.text and parsed_address(token.text.split("/")[0]) is not None:
        return Flaw(f"an address without prefix length is expected, found {quoted(token.text)}")
    if token.text.endswith(",") and parsed_address(token.text[:-1]) is not None:
        return Flaw(f"{quoted(token.text)} ends with a comma", "one address a line, or a `;` between two")
    return expected(_AN_ADDRESS, token)


ADDRESS: Final[Kind[Address]] = Kind(name="ADDRESS", what=_AN_ADDRESS, read=_address)


def _host(token: Token) -> Address | str | Flaw:
    """Read a host of a table: its address, or its name with its domain, in lower case and without the dot at its end."""
    name = token.text.removesuffix(".")
    if token.kind is TokenKind.WORD and len(name) <= _LONGEST_WHOLE_NAME and _WHOLE_NAME.fullmatch(name):
        return name.lower()
    found = _address(token)
    if isinstance(found, Flaw) and token.kind is TokenKind.WORD and _WORD.fullmatch(token.text):
        return Flaw(f"expected {_A_HOST}, found {quoted(token.text)}", "a name is written whole, such as ex1.example.com")
    return found


def _domain_name(token: Token) -> str | Flaw:
    """Read a name with its domain in quotes, in lower case and without the dot at its end."""
    name = token.text[1:-1].removesuffix(".")
    if token.kind is TokenKind.STRING and len(name) <= _LONGEST_WHOLE_NAME and _WHOLE_NAME.fullmatch(name):
        return name.lower()
    bare = token.kind is TokenKind.WORD and _WHOLE_NAME.fullmatch(token.text)
    message = expected(f"{_A_NAME}, such as {_EXAMPLE}", token).message
    return Flaw(message, f'write "{token.text}"' if bare else "")


DOMAIN_NAME: Final = Kind(name='"NAME"', what=_A_NAME, read=_domain_name)

HOST: Final[Kind[Address | str]] = Kind(name="ADDRESS|NAME", what=_A_HOST, read=_host)


def _interface_address(token: Token) -> InterfaceAddress | Flaw:
    example = "2001:db8::10/64" if ":" in token.text else "10.2.0.10/24"
    what = f"an address with its prefix length, such as {example}"
    if parsed_address(token.text) is not None:
        return Flaw(f"{quoted(token.text)} lacks its prefix length, such as {example}")
    before, slash, length = token.text.partition("/")
    if not slash or parsed_address(before) is None or not _LENGTH.fullmatch(length):
        return expected(what, token)
    try:
        found = ip_interface(token.text)
    except ValueError:
        return expected(what, token)
    if isinstance(found, IPv4Interface) and _names_no_machine(found):
        return Flaw(f"{quoted(token.text)} is the network or its broadcast address, not a machine's")
    return found


def _names_no_machine(address: IPv4Interface) -> bool:
    """Whether an address is that of its network or the broadcast; a /31 has neither (RFC 3021)."""
    network = address.network
    ends = (network.network_address, network.broadcast_address)
    return network.num_addresses > len(ends) and address.ip in ends


INTERFACE_ADDRESS: Final[Kind[InterfaceAddress]] = Kind(
    name="ADDRESS/LENGTH", what="an address with its prefix length", read=_interface_address
)


def _network(token: Token) -> Network | Flaw:
    what = "a network such as 10.2.0.0/16 or 2001:db8::/32"
    before, slash, length = token.text.partition("/")
    address = parsed_address(before)
    if address is None or (slash and not _LENGTH.fullmatch(length)):
        return expected(what, token)
    try:
        network = ip_network(token.text, strict=False)
    except ValueError:
        return expected(what, token)
    if address != network.network_address:
        return Flaw(f"{quoted(token.text)} has bits set behind its prefix length", f"the network is {network}")
    if within_ipv4(network):
        return Flaw(f"{quoted(token.text)} is of IPv4 addresses in IPv6 clothes", "write them as IPv4 does")
    return network


_CLOTHED: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("::/96"))
_LOOPBACKS: Final = IPv6Network("::/112")
"""With `::1`, which is none of them."""


def within_ipv4(network: Network) -> bool:
    """Whether a network is of IPv6 addresses that stand for IPv4's (RFC 4291, 2.5.5): no packet carries one."""
    if not isinstance(network, IPv6Network) or network.subnet_of(_LOOPBACKS):
        return False
    return any(network.subnet_of(clothed) for clothed in _CLOTHED)


NETWORK: Final[Kind[Network]] = Kind(name="NETWORK", what="a network such as 10.2.0.0/16", read=_network)
ADDRESS_OR_NETWORK: Final[Kind[Network]] = Kind(
    name="ADDRESS|NETWORK", what="an address, or a network such as 10.2.0.0/16", read=_network
)
"""An address is a network of one."""

_MOST_SOURCES: Final = 256


def _address_range(token: Token) -> tuple[Address, Address] | Flaw:
    low, dash, high = token.text.partition("-")
    first = parsed_address(low)
    last = parsed_address(high) if dash else first
    if first is None or last is None:
        return expected("an address, or two with `-` between them", token)
    if first.version != last.version:
        return Flaw(f"{quoted(token.text)} begins and ends in different families")
    if int(last) < int(first):
        return Flaw(f"{quoted(token.text)} ends before it begins", f"write {last}-{first}")
    if int(last) - int(first) >= _MOST_SOURCES:
        return Flaw(f"{quoted(token.text)} holds more than {_MOST_SOURCES} addresses")
    return first, last


ADDRESS_RANGE: Final = Kind(name="ADDRESS[-ADDRESS]", what="an address or a range of addresses", read=_address_range)
