"""Rules of others, as a real nft lists them in a namespace, and what is said of each."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import ip_interface

import pytest

from bascule.config.facts import Facts, InterfaceFacts
from bascule.config.load import load
from bascule.engines.nftables.foreign import OURS, Obstacle, obstacles
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import Plan
from bascule.system.commands import SystemCommands
from bascule.system.nft import NftProgram
from bed import configuration
from bed.layout import Layout
from bed.netlab import NetLab

pytestmark = pytest.mark.kernel

Seen = Callable[..., Sequence[Obstacle]]

FACTS = Facts(interfaces=(InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.2/16"),)),))
FORWARD = "type filter hook forward priority filter;"


def planned(engine: str, wall: str = "") -> Plan:
    """Return the plan of two relays that one engine carries, with a firewall where one is given."""
    text = configuration.with_statements(configuration.plain(("HTTPS", 443), ("IMAP", 143)), f"engine {engine}")
    loaded = load(text + wall)
    assert loaded.configuration is not None
    return replace(compile_plan(loaded.configuration, Situation(facts=FACTS)), marks={})


@pytest.fixture
def seen(lab: Callable[[Layout], NetLab]) -> Seen:
    """Return what finds obstacles to relays in the kernel once a script is loaded."""
    node = lab(Layout(clients=1, lbs=1, servers=1))["lb1"]

    def see(script: str, engine: str = "kernel", wall: str = "") -> Sequence[Obstacle]:
        node.nft(f"flush ruleset\n{script}")
        with node.entered():
            listing = asyncio.run(NftProgram(SystemCommands()).others(OURS))
        return obstacles(listing, planned(engine, wall))

    return see


def said(found: Sequence[Obstacle]) -> list[str]:
    """Return the messages."""
    return [obstacle.message for obstacle in found]


def test_no_rules_are_no_obstacle(seen: Seen) -> None:
    """Nor are our own, whatever they say."""
    assert seen("") == []
    assert seen(f"table inet bascule {{ chain c {{ {FORWARD} policy drop; }}\n}}") == []


def test_a_forward_chain_that_drops_everything(seen: Seen) -> None:
    """By policy or by a last rule, with the usual first lines of a firewall."""
    usual = 'ct state established,related accept; iifname "lo" accept; tcp dport 22 accept'
    message = "chain FORWARD of table ip filter, which is not Bascule's, drops new connections of relays HTTPS, IMAP"
    assert said(seen(f"table ip filter {{ chain FORWARD {{ {FORWARD} policy drop; {usual}; }}\n}}")) == [message]
    assert said(seen(f"table ip filter {{ chain FORWARD {{ {FORWARD} {usual}; reject; }}\n}}")) == [message]


def test_a_chain_that_lets_translated_sessions_pass(seen: Seen) -> None:
    """As firewalld has it: what was translated is accepted before anything is refused."""
    assert seen(f"table inet firewalld {{ chain f {{ {FORWARD} ct status dnat accept; reject; }}\n}}") == []


def test_a_chain_that_drops_one_relay_alone(seen: Seen) -> None:
    """Only that one is named."""
    found = seen(f"table inet t {{ chain f {{ {FORWARD} tcp dport 143 drop; }}\n}}")
    assert [(obstacle.relays, obstacle.certain) for obstacle in found] == [(("IMAP",), True)]


def test_a_list_of_bad_addresses_is_nobodys_obstacle(seen: Seen) -> None:
    """Clients that somebody wants dropped are dropped."""
    assert seen(f"table inet t {{ set bad {{ type ipv4_addr; }}\nchain f {{ {FORWARD} ip saddr @bad drop; }}\n}}") == []


def test_a_chain_that_drops_by_default_may_be_one(seen: Seen) -> None:
    """What it accepts we cannot judge, so it is said with care, and is not certain."""
    found = seen(f'table inet t {{ chain f {{ {FORWARD} policy drop; iifname "eth0" accept; }}\n}}')
    assert [obstacle.certain for obstacle in found] == [False]
    assert "see that it accepts relays HTTPS, IMAP" in found[0].message


def test_input_matters_to_the_proxy_alone(seen: Seen) -> None:
    """Kernel relays are forwarded; the proxy's clients arrive."""
    script = "table inet t { chain i { type filter hook input priority 0; policy drop; }\n}"
    assert seen(script) == []
    assert len(seen(script, "proxy")) == 1


@pytest.mark.parametrize(("priority", "obstructs"), [("-110", True), ("dstnat", False)])
def test_translation_before_ours(seen: Seen, priority: str, obstructs: bool) -> None:  # noqa: FBT001 - a table
    """Who translates first has the session; after us nobody does."""
    script = (
        f"table ip t {{ chain p {{ type nat hook prerouting priority {priority}; tcp dport 443 dnat to 10.9.9.9; }}\n}}"
    )
    found = seen(script)
    assert [obstacle.relays for obstacle in found] == ([("HTTPS",)] if obstructs else [])


def test_other_families_are_not_asked(seen: Seen) -> None:
    """An IPv6 firewall does nothing to relays of IPv4."""
    assert seen(f"table ip6 filter {{ chain FORWARD {{ {FORWARD} policy drop; }}\n}}") == []


DOCKER = f"""
table ip nat {{
	chain PREROUTING {{ type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump DOCKER
	}}
	chain DOCKER {{
		iifname != "docker0" tcp dport 8080 dnat to 172.17.0.2:80
	}}
}}
table ip filter {{
	chain FORWARD {{ {FORWARD} policy drop;
		oifname "docker0" ct state established,related accept
		iifname "docker0" accept
	}}
}}
"""
"""As Docker leaves a machine."""


def test_what_docker_does_to_port_forwards_is_said(seen: Seen) -> None:
    """They are forwarded like the sessions of relays, which are told of by themselves; what leads to a relay is its own."""
    wall = (
        "firewall { pass in proto tcp to 10.70.0.2 port 443 forward to 10.80.0.10; "
        "pass in proto tcp to 10.70.0.2 port 8443 forward to 10.90.1.1 port 443; "
        "pass in proto udp to 10.70.0.2 port 53 forward to 10.90.1.1; }\n"
    )
    said_of = "chain FORWARD of table ip filter, which is not Bascule's, drops what it does not accept: see that it accepts"
    assert said(seen(DOCKER, wall=wall)) == [
        f"{said_of} relays HTTPS, IMAP",
        f"{said_of} the port forward to 10.90.1.1:443",
    ]
    assert said(seen(DOCKER)) == [f"{said_of} relays HTTPS, IMAP"]


UFW = """
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
		jump ufw-before-input
		jump ufw-user-input
	}
	chain ufw-before-input {
		iifname "lo" accept
		ct state established,related accept
		ct state invalid drop
	}
	chain ufw-user-input {
		tcp dport 22 accept
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		jump ufw-before-forward
	}
	chain ufw-before-forward {
		ct state established,related accept
	}
}
"""
"""As ufw leaves a machine that lets nothing but ssh in."""


def test_what_ufw_does_to_this_machine_s_own_services_is_said(seen: Seen) -> None:
    """What it lets in is no obstacle; the admin server, what rules pass, and relays are."""
    wall = """
firewall {
	pass in proto tcp to 10.80.0.2 port 22
	pass in proto tcp to 10.80.0.2 port 2222
}
system { http-server { listen on 10.80.0.2; port 4433 } }
"""
    chain = "chain INPUT of table ip filter, which is not Bascule's, drops new connections of"
    assert said(seen(UFW, wall=wall)) == [
        f"{chain} the admin server at 10.80.0.2:4433",
        f"{chain} what a rule passes to 10.80.0.2:2222",
        "chain FORWARD of table ip filter, which is not Bascule's, drops new connections of relays HTTPS, IMAP",
    ]
