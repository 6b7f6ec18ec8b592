"""What is said of redirects on different machines: who carries them, and where their hosts would answer."""

from dataclasses import replace
from ipaddress import ip_interface, ip_network
from typing import Final

import pytest

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.config.load import load

TEXT: Final = 'load-balancer { table <a> { %s }; redirect "X" { listen on 10.80.0.10 port 25; forward to <a> check tcp } }'
MACHINE: Final = Facts(
    interfaces=(
        InterfaceFacts(name="lo", addresses=(ip_interface("127.0.0.1/8"),), loopback=True),
        InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.10/16"),)),
        InterfaceFacts(name="eth1", addresses=(ip_interface("10.90.0.1/16"),)),
    ),
    routes=(
        RouteFacts(destination=ip_network("10.80.0.0/16"), interface="eth0"),
        RouteFacts(destination=ip_network("10.90.0.0/16"), interface="eth1"),
        RouteFacts(destination=ip_network("0.0.0.0/0"), interface="eth0"),
    ),
    forwarded_before=frozenset({4}),
)


def said(hosts: str, facts: Facts = MACHINE) -> list[tuple[Severity, str]]:
    """Return severity and message of everything that is said."""
    configuration = load(TEXT % hosts).configuration
    assert configuration is not None
    return [(one.severity, one.message) for one in diagnose(configuration, facts)]


def test_hosts_on_a_network_of_their_own_are_fine() -> None:
    """They need us as their default gateway, which cannot be seen from here."""
    assert said("10.90.2.1; 10.90.2.2") == []


def test_hosts_beside_the_listening_address_answer_past_us() -> None:
    """What they send to clients of their network never comes through this machine."""
    words = (
        'hosts of redirect "X" share a network with its address: answers of EX1 and EX2 to clients of that network go past '
        "this machine, and those connections fail"
    )
    assert said('10.80.2.1 name "EX1"; 10.80.2.2 name "EX2"; 10.90.2.1') == [(Severity.WARNING, words)]


def test_hosts_behind_another_router_are_named() -> None:
    """Four of them, and how many more there are."""
    ((severity, words),) = said("; ".join(f"192.0.2.{n}" for n in range(1, 7)))
    assert severity is Severity.WARNING
    assert "are reached through another router: 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 and 2 more must send" in words


def test_a_machine_that_is_no_router_is_told_what_it_will_forward() -> None:
    """Hosts that have it as their gateway would reach nothing by themselves."""
    ((severity, words),) = said("10.90.2.1", replace(MACHINE, forwarded_before=frozenset()))
    assert severity is Severity.WARNING
    assert words == 'this machine is no IPv4 router: it will forward what redirect "X" carries, and nothing else'


@pytest.mark.parametrize(
    ("hosts", "refusal", "words"),
    [
        ("10.90.2.1", "this user may not", "nftables may not be used here: this user may not"),
        ("127.0.0.1", "", "the kernel does not translate between loopback and the network"),
    ],
)
def test_without_the_kernel_there_is_no_redirect(hosts: str, refusal: str, words: str) -> None:
    """Refused, with the reason."""
    found = said(hosts, replace(MACHINE, no_nftables=refusal))
    assert (Severity.ERROR, f'redirect "X" needs the kernel\'s translation, but {words}') in found
