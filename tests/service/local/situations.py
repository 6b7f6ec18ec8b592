"""Small running balancers to look at, made from a text without a machine."""

from datetime import UTC, datetime
from ipaddress import ip_interface, ip_network

from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.health.outcome import Outcome
from bascule.health.states import HostStates
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.local.belief import Belief
from bascule.service.local.running import Running

TWO_SERVICES = """
load-balancer {
	table <exchange> {
		10.80.2.1 name "EX1"
		10.80.2.2 name "EX2"
		key 7f3a91c2
	}
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		forward to <exchange> check tcp mode source-hash
	}
	relay "IMAP" {
		listen on 10.80.0.10 port 143
		forward to <exchange> check imap mode source-hash
		on down keep
	}
}
"""

FACTS = Facts(
    interfaces=(InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.2/16"), ip_interface("10.80.0.10/16"))),),
    routes=(RouteFacts(destination=ip_network("10.80.0.0/16"), interface="eth0"),),
)

UP = Outcome(up=True, reason="", seconds=0.001)


def configured(text: str = TWO_SERVICES) -> Configuration:
    """Return the configuration of a text that has no errors."""
    loaded = load(text)
    assert loaded.configuration is not None, loaded.diagnostics
    return loaded.configuration


def planned(text: str = TWO_SERVICES) -> Plan:
    """Return the plan of a text on a machine with one arm, before any host was probed."""
    return compile_plan(configured(text), Situation(facts=FACTS))


def target(plan: Plan, relay: str, label: str) -> ProbeTarget:
    """Return what is probed of a host for a relay."""
    return next(
        host.target
        for part in plan.relays
        if part.name == relay
        for host in part.pool.hosts
        if host.label == label and host.target is not None
    )


def running(*down: tuple[str, str], text: str = TWO_SERVICES, reason: str = "connection refused") -> Running:
    """Return a balancer that has probed every host once; those in `down`, by relay and label, failed."""
    plan = planned(text)
    hosts = HostStates().retarget([probe.target for probe in plan.probes], 100.0)
    failed = {target(plan, relay, label) for relay, label in down}
    for probe in plan.probes:
        outcome = Outcome(up=False, reason=reason, seconds=0.01) if probe.target in failed else UP
        hosts, _ = hosts.apply(probe.target, outcome, 101.0)
    states = hosts.states()
    return Running(
        configuration=configured(text),
        name="test.conf",
        since=datetime(2026, 11, 22, tzinfo=UTC),
        facts=FACTS,
        plan=redeal(plan, states, Rankings()),
        hosts=hosts,
        belief=Belief(states=states),
    )


def all_up(plan: Plan) -> dict[ProbeTarget, HostState]:
    """Return states in which every probed host is up."""
    return {probe.target: HostState.UP for probe in plan.probes}
