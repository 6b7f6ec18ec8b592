"""What is said of relays on different machines."""

from ipaddress import ip_interface, ip_network
from typing import Final

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.config.load import load

LISTENING: Final = (
    'load-balancer { table <a> { 10.81.0.9 }; relay "X" { listen on 10.80.0.10 port 443; forward to <a>; %s } }'
)
INSIDE: Final = "interface eth0 { address 10.80.0.2/16; address 10.80.0.10/16 virtual }"


def said(text: str, facts: Facts) -> list[tuple[Severity, str]]:
    """Return severity and message of everything that is said of a good text."""
    configuration = load(text).configuration
    assert configuration is not None
    return [(one.severity, one.message) for one in diagnose(configuration, facts)]


def machine(*names: str, route: str = "") -> Facts:
    """Return a machine with these interfaces, and a route to 10.81.0.0/16 through the one named."""
    routes = (RouteFacts(destination=ip_network("10.81.0.0/16"), interface=route),) if route else ()
    return Facts(interfaces=tuple(InterfaceFacts(name=name) for name in names), routes=routes)


def test_kernel_engine_without_nftables_is_refused() -> None:
    """The reason that the machine gives is passed on."""
    facts = Facts(
        interfaces=(InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.10/16"),)),), no_nftables="not permitted"
    )
    assert said(LISTENING % "engine kernel", facts) == [
        (Severity.ERROR, 'relay "X" wants engine kernel, but nftables may not be used here: not permitted')
    ]
    assert said(LISTENING % "engine proxy", facts) == []
    assert said(LISTENING % "", facts) == []


def test_hosts_behind_another_interface_end_sessions_at_a_failover() -> None:
    """The machine's route leads to the host through eth1, which has no virtual address to speak from."""
    (found,) = said(f"{INSIDE}\n{LISTENING % ''}", machine("eth0", "eth1", route="eth1"))
    assert found[0] is Severity.WARNING
    assert 'sessions of relay "X" end at a failover' in found[1]
    assert "eth1" in found[1]


def test_one_arm_survives_a_failover() -> None:
    """The route leads through the interface that holds the listening address."""
    assert said(f"{INSIDE}\n{LISTENING % ''}", machine("eth0", route="eth0")) == []


def test_virtual_address_on_the_other_side_survives_too() -> None:
    """The virtual address of the host's side moves along."""
    outside = "interface eth1 { address 10.81.0.2/16; address 10.81.0.10/16 virtual }"
    assert said(f"{INSIDE}\n{outside}\n{LISTENING % ''}", machine("eth0", "eth1")) == []


def test_without_virtual_addresses_there_is_no_failover() -> None:
    """One node alone is not warned of what it cannot do."""
    alone = INSIDE.replace(" virtual", "")
    assert said(f"{alone}\n{LISTENING % ''}", machine("eth0", "eth1", route="eth1")) == []


def test_loopback_is_always_ours() -> None:
    """A relay on a loopback address needs no interface block, as in the demo."""
    text = 'load-balancer { table <a> { 127.0.0.2 }; relay "X" { listen on 127.0.0.1 port 8443; forward to <a> } }'
    assert said(text, Facts()) == []
    assert said(f"{INSIDE}\n{text}", machine("eth0")) == []


def test_admin_server_with_an_address_of_its_own_is_no_neighbour() -> None:
    """The same port on another address is free; none written means every address."""
    relay = LISTENING.replace("443", "4433") % ""
    own = "system { http-server { port 4433; listen on 10.80.0.2 } }"
    assert said(f"{INSIDE}\n{relay}\n{own}", machine("eth0", route="eth0")) == []
    (found,) = said(f"{INSIDE}\n{relay}\nsystem {{ http-server {{ port 4433 }} }}", machine("eth0", route="eth0"))
    assert found[0] is Severity.ERROR


def test_dual_stack_pool_serves_both_listeners() -> None:
    """A pool may hold both families; each listener needs one host of its own."""
    text = (
        'load-balancer { table <a> { 10.80.2.1; 2001:db8::1 }; relay "X" '
        "{ listen on 10.80.0.10 port 443; listen on 2001:db8::10 port 443; forward to <a> } }"
    )
    facts = Facts(
        interfaces=(
            InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.10/16"), ip_interface("2001:db8::10/64"))),
        )
    )
    assert said(text, facts) == []


def test_smtp_that_was_thought_of_is_not_warned_of() -> None:
    """`accept-source-rewrite` silences the warning, and only that."""
    facts = Facts(interfaces=(InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.10/16"),)),))
    relay = LISTENING.replace("port 443", "port 587")
    assert len(said(relay % "", facts)) == 1
    assert said(relay % "accept-source-rewrite", facts) == []
