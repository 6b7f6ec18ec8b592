"""Addresses and networks: what is one, and what is said of the others."""

from ipaddress import ip_address, ip_interface, ip_network

import pytest

from bascule.config.kinds.addresses import ADDRESS, ADDRESS_RANGE, HOST, INTERFACE_ADDRESS, NETWORK
from bascule.config.kinds.kind import Flaw
from bascule.config.lexer import Token, TokenKind


def word(text: str) -> Token:
    """Return a token as the lexer would."""
    return Token(TokenKind.WORD, text, 1, 1)


@pytest.mark.parametrize("text", ["10.0.0.1", "2001:db8::1", "fe80::1", "127.0.0.1", "::1"])
def test_addresses_of_both_families(text: str) -> None:
    """An address is read as Python reads it."""
    assert ADDRESS.read(word(text)) == ip_address(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.0.0.0", "no machine's"),
        ("::", "no machine's"),
        ("224.0.0.1", "many machines"),
        ("ff02::1", "many machines"),
        ("255.255.255.255", "many machines"),
        ("::ffff:10.0.0.1", "IPv4 address in IPv6 clothes"),
        ("10.0.0.1/24", "without prefix length"),
        ("10.0.0.1,", "ends with a comma"),
        ("fe80::1%eth0", "expected an IPv4 or IPv6 address"),
        ("010.0.0.1", "expected an IPv4 or IPv6 address"),
        ("10.0.0", "expected an IPv4 or IPv6 address"),
        ("167772161", "expected an IPv4 or IPv6 address"),
    ],
)
def test_other_addresses_are_flaws(text: str, message: str) -> None:
    """What is no single machine's address is refused with the reason."""
    flaw = ADDRESS.read(word(text))
    assert isinstance(flaw, Flaw)
    assert message in flaw.message


@pytest.mark.parametrize(
    "text", ["ex1.lab.local", "EX1.Lab.local.", "a-1.example.com", "1.2.3.example", "_x.y", "x.xn--p1ai"]
)
def test_hosts_by_name(text: str) -> None:
    """A host may be written by its name, with its domain; letters and a dot at the end make no other name."""
    assert HOST.read(word(text)) == text.lower().removesuffix(".")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.256", "expected an IPv4 or IPv6 address, found `10.0.0.256`"),
        ("10.0.0.1x.", "expected an IPv4 or IPv6 address"),
        ("ex1", "expected a host's address, or its name with its domain"),
        ("intervall", "expected a host's address, or its name with its domain"),
        ("-a.example", "expected an IPv4 or IPv6 address"),
        ("a..example", "expected an IPv4 or IPv6 address"),
        (f"{'a' * 64}.example", "expected an IPv4 or IPv6 address"),
        (f"{'a.' * 124}example", "expected an IPv4 or IPv6 address"),
        ("224.0.0.1", "the address of many machines"),
    ],
)
def test_what_is_neither_a_host_nor_its_name(text: str, message: str) -> None:
    """A mistyped address or word is no name."""
    flaw = HOST.read(word(text))
    assert isinstance(flaw, Flaw)
    assert message in flaw.message


@pytest.mark.parametrize("text", ["10.0.0.1/24", "10.0.0.0/31", "10.0.0.1/32", "2001:db8::/64", "2001:db8::1/128"])
def test_addresses_of_interfaces(text: str) -> None:
    """An interface's address has a prefix length; a /31 has neither network nor broadcast address (RFC 3021)."""
    assert INTERFACE_ADDRESS.read(word(text)) == ip_interface(text)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/24", "10.0.0.255/24", "10.0.0.1", "10.0.0.1/33", "eth0", "10.0.0.1/255.255.0.0"]
)
def test_other_addresses_of_interfaces_are_flaws(text: str) -> None:
    """Network and broadcast addresses are refused, and so is an address without its length."""
    assert isinstance(INTERFACE_ADDRESS.read(word(text)), Flaw)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.1.2.3"])
def test_networks(text: str) -> None:
    """A network is written by its first address; one address is a network of its own."""
    assert NETWORK.read(word(text)) == ip_network(text)


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10", "default", "10.0.0.0/", "10.0.0.0/0.255.255.255", "fe80::/10%eth0", "/8"]
)
def test_other_networks_are_flaws(text: str) -> None:
    """Bits behind the prefix are refused, and so is a bare number, which Python would take."""
    assert isinstance(NETWORK.read(word(text)), Flaw)


def test_ranges_hold_both_ends() -> None:
    """A range is read as its ends; one address is a range of one."""
    first, last = ip_address("10.0.0.1"), ip_address("10.0.1.0")
    assert ADDRESS_RANGE.read(word("10.0.0.1-10.0.1.0")) == (first, last)
    assert ADDRESS_RANGE.read(word("10.0.0.1")) == (first, first)


@pytest.mark.parametrize("text", ["10.0.0.2-10.0.0.1", "10.0.0.1-", "-", "10.0.0.1-::1", "10.0.0.0-10.0.1.0", "a-b"])
def test_other_ranges_are_flaws(text: str) -> None:
    """Ranges that run backwards, change family or hold more than 256 addresses are refused."""
    assert isinstance(ADDRESS_RANGE.read(word(text)), Flaw)
