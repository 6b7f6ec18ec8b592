"""Only what kernel relays need is set, and what was set does not change what is asked for."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bascule.config.facts import Facts
from bascule.plan.compile import Situation, compile_plan
from bascule.system.sysctls import PLANNED
from plan.situations import ONE_ARM, balancer, configured, relay

FOUR = relay("HTTPS", "session timeout 40m")
SIX = relay("HTTPS6", "session timeout 2h", listen=["fd80::10 port 443"])


def settings(*relays: str, facts: Facts = ONE_ARM) -> Mapping[str, str]:
    """Return the settings that the plan of these relays names."""
    text = balancer(*relays, hosts=["10.80.2.1", "fd80::2:1"])
    return compile_plan(configured(text), Situation(facts=facts)).network.sysctls


def with_settings(**values: str) -> Facts:
    """Return the machine with some settings; two underscores stand for a dot."""
    return replace(ONE_ARM, sysctls={name.replace("__", "."): value for name, value in values.items()})


def test_what_relays_of_ipv4_need() -> None:
    """Forwarding of their version alone, states that report and can be picked up, neighbours asked properly."""
    assert settings(FOUR) == {
        "net.netfilter.nf_conntrack_tcp_loose": "1",
        "net.netfilter.nf_conntrack_events": "1",
        "net.netfilter.nf_conntrack_acct": "1",
        "net.netfilter.nf_conntrack_timestamp": "1",
        "net.netfilter.nf_conntrack_tcp_timeout_established": "2400",
        "net.ipv4.ip_forward": "1",
        "net.ipv4.conf.all.arp_announce": "2",
        "net.ipv4.conf.all.arp_ignore": "1",
    }


def test_what_relays_of_ipv6_need() -> None:
    """The other version's forwarding, and nothing of ARP."""
    assert {name for name in settings(SIX) if not name.startswith("net.netfilter")} == {"net.ipv6.conf.all.forwarding"}


def test_the_floor_of_timeouts_is_the_longest() -> None:
    """A state that lost its policy lives as long as any relay's sessions may."""
    assert settings(FOUR, SIX)["net.netfilter.nf_conntrack_tcp_timeout_established"] == "7200"


def test_relays_of_the_proxy_need_nothing() -> None:
    """No setting is touched where no relay is in the kernel."""
    assert settings(relay("HTTPS", "engine proxy")) == {}


def test_a_firewall_needs_sessions_to_be_picked_up() -> None:
    """Those that began before anything was tracked; where it lets nothing through, nothing is forwarded for it."""
    plan = compile_plan(configured("firewall { }"), Situation(facts=ONE_ARM))
    assert plan.network.sysctls == {"net.netfilter.nf_conntrack_tcp_loose": "1"}


@pytest.mark.parametrize("interface", ["all", "default", "eth0"])
def test_strict_reverse_path_filtering_is_loosened(interface: str) -> None:
    """Answers may come back through another interface; where nothing is strict, nothing is asked for."""
    strict = with_settings(**{f"net__ipv4__conf__{interface}__rp_filter": "1"})
    assert settings(FOUR, facts=strict)["net.ipv4.conf.all.rp_filter"] == "2"
    assert "net.ipv4.conf.all.rp_filter" not in settings(SIX, facts=strict)
    loose = with_settings(**{f"net__ipv4__conf__{interface}__rp_filter": "2"})
    assert "net.ipv4.conf.all.rp_filter" not in settings(FOUR, facts=loose)


def test_router_advertisements_stay_heard() -> None:
    """Forwarding deafens an interface where accept_ra is 1; where it is 0 the operator wanted no advertisement."""
    facts = with_settings(
        net__ipv6__conf__eth0__accept_ra="1", net__ipv6__conf__eth1__accept_ra="0", net__ipv6__conf__eth2__accept_ra="2"
    )
    named = {name: value for name, value in settings(SIX, facts=facts).items() if name.endswith("accept_ra")}
    assert named == {"net.ipv6.conf.eth0.accept_ra": "2", "net.ipv6.conf.eth2.accept_ra": "2"}
    assert not any(name.endswith("accept_ra") for name in settings(FOUR, facts=facts))


def test_every_setting_that_a_plan_names_is_observed() -> None:
    """The engine reads the same settings that plans name, or it could not tell a difference."""
    assert settings(FOUR, SIX).keys() <= set(PLANNED)
