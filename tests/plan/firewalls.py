"""Plans with a firewall, made from short texts without a machine, and packets to ask them about."""

from ipaddress import ip_address

from bascule.config.facts import Facts
from bascule.config.firewall import Address
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.firewall import FirewallPlan, Purpose, RulePlan
from bascule.plan.grounds import Packet
from bascule.plan.model import Plan
from plan.situations import configured, machine, states

ZONES = """
	zone internal { from 10.0.0.0/8; from fd00::/8 }
	zone external { interface eth0 }
"""

ROUTER = machine(
    ("eth0", ("203.0.113.1/24", "2001:db8::1/64")),
    ("eth1", ("10.2.0.1/16", "10.2.0.50/16", "fd02::1/64", "fd02::50/64")),
    ("eth2", ("10.3.0.1/16", "fd03::1/64")),
    routes=(("0.0.0.0/0", "eth0"), ("::/0", "eth0"), ("10.9.0.0/16", "eth2")),
)
"""Outside on eth0, servers and the virtual addresses 10.2.0.50 and fd02::50 on eth1, others on eth2."""


def walled(*rules: str, zones: str = ZONES, before: str = "", facts: Facts = ROUTER) -> Plan:
    """Return the plan of a text with these rules in its firewall, every host up."""
    text = before + "firewall {" + zones + "".join(f"\t{rule}\n" for rule in rules) + "}\n"
    situation = Situation(facts=facts)
    plan = compile_plan(configured(text), situation)
    return redeal(plan, states(plan), situation.rankings)


def wall(plan: Plan) -> FirewallPlan:
    """Return the firewall of a plan that has one."""
    assert plan.firewall is not None
    return plan.firewall


def of(plan: Plan, purpose: Purpose) -> list[RulePlan]:
    """Return the rules that are there for a purpose."""
    return [each for each in wall(plan).all_rules if each.purpose is purpose]


def packet(interface: str, source: str, destination: str, port: int = 0, protocol: str = "tcp", **more: object) -> Packet:
    """Return a first packet of a client at a usual port."""
    return Packet(
        interface=interface,
        source=address(source),
        source_port=50_000,
        destination=address(destination),
        port=port,
        protocol=protocol,
        **more,  # type: ignore[arg-type]
    )


def address(text: str) -> Address:
    """Return an address as it is written."""
    return ip_address(text)
