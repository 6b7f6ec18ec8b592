"""Plans with a firewall: of a machine between an outside, an inside and a dmz, whose relays serve from the inside."""

from collections.abc import Collection, Mapping
from typing import Final

from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import MarkOwner, Plan
from engines.nftables.plans import NO_MARKS
from plan.situations import configured, machine, states

PERIMETER: Final = """
interface eth0 { address 10.70.0.2/16; address fd70::2/64; }
interface eth1 { address 10.80.0.2/16; address fd80::2/64; address 10.80.0.10/32 virtual; address fd80::10/128 virtual; }
interface eth2 { address 10.90.0.2/16; address fd90::2/64; }
"""
"""What the balancer of `bed.perimeter` has."""
RELAYS: Final = """
load-balancer {
	table <exchange> { 10.80.2.1; 10.80.2.2; fd80::2:1; fd80::2:2; key 7f3a91c2; }
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		listen on fd80::10 port 443
		forward to <exchange> check tcp mode roundrobin
	}
	relay "RPC" {
		listen on 10.80.0.10 port 135 from internal
		listen on fd80::10 port 135 from internal
		forward to <exchange> check tcp mode roundrobin
	}
}
"""
ZONES: Final = ("zone internal { interface eth1; }", "zone external { interface eth0; }", "zone dmz { interface eth2; }")
FACTS: Final = machine(
    ("eth0", ("10.70.0.2/16", "fd70::2/64")),
    ("eth1", ("10.80.0.2/16", "fd80::2/64", "10.80.0.10/32", "fd80::10/128")),
    ("eth2", ("10.90.0.2/16", "fd90::2/64")),
)


def block(*lines: str, zones: Collection[str] = ZONES) -> str:
    """Return a `firewall` block."""
    return "firewall {\n" + "".join(f"\t{line}\n" for line in (*zones, *lines)) + "}\n"


def firewalled(
    *lines: str,
    zones: Collection[str] = ZONES,
    relays: str = RELAYS,
    down: Collection[str] = (),
    marks: Mapping[MarkOwner, int] = NO_MARKS,
) -> Plan:
    """Return the plan of a firewall of these lines, with every host up that is not named."""
    situation = Situation(facts=FACTS, marks=marks)
    plan = compile_plan(configured(PERIMETER + relays + block(*lines, zones=zones)), situation)
    return redeal(plan, states(plan, down=down), situation.rankings)
