from ipaddress import ip_address, ip_network

import pytest

from bascule.config.diagnostics import Diagnostic
from bascule.exchange.wizard.answers import Server
from bascule.exchange.wizard.reading import MOST_SERVERS, networks, place, servers


def test_good_answers() -> None:
    """With blanks or without, with names or without."""
    found: list[Diagnostic] = []
    named = servers("EX1=10.2.0.11, EX 2 = 10.2.0.12,10.2.0.13,", found.append)
    assert named == tuple(
        Server(name, ip_address(address))
        for name, address in (("EX1", "10.2.0.11"), ("EX 2", "10.2.0.12"), ("10.2.0.13", "10.2.0.13"))
    )
    assert place("10.2.0.50/24", found.append) == (ip_address("10.2.0.50"), 24)
    assert place("fd00::50", found.append) == (ip_address("fd00::50"), None)
    assert networks("10.2.0.0/16,fd00::/64", found.append) == (ip_network("10.2.0.0/16"), ip_network("fd00::/64"))
    assert found == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("EX1=10.2.0", "expected an IPv4 or IPv6 address, found `10.2.0`"),
        ("=10.2.0.11", "names no server"),
        ("EX1", "expected an IPv4 or IPv6 address, found `EX1`"),
        ("EX1=255.255.255.255", "is the address of many machines"),
        (",".join(f"10.2.1.{n}" for n in range(MOST_SERVERS + 1)), "101 servers are named"),
    ],
)
def test_wrong_servers(text: str, said: str) -> None:
    """Each is told, with how to write it."""
    found: list[Diagnostic] = []
    servers(text, found.append)
    (mistake,) = found
    assert said in mistake.message
    assert mistake.hint


@pytest.mark.parametrize("text", ["10.2.0.50/", "10.2.0.50/33", "10.2.0.50/x", "mail.example.com", ""])
def test_wrong_places(text: str) -> None:
    """An address, and the length of its prefix where there is one."""
    found: list[Diagnostic] = []
    assert place(text, found.append) is None
    assert len(found) == 1


def test_wrong_networks() -> None:
    """What is one is taken, the other is told."""
    found: list[Diagnostic] = []
    assert networks("10.2.0.0/16,10.2.0.1/16", found.append) == (ip_network("10.2.0.0/16"),)
    assert "bits set behind its prefix length" in found[0].message
