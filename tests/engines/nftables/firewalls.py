"""Firewalls to put into effect: written down by hand, or any number of random ones."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Final, TypeVar

from bascule.config.firewall import (
    Action,
    Direction,
    End,
    Nat,
    Ports,
    Protocol,
    Rule,
)
from bascule.plan.firewall import FirewallPlan, Purpose, Region, RulePlan, TablePlan, ZonePlan

Item = TypeVar("Item")

PASS: Final = Action.PASS
IN: Final = Direction.IN
THROUGH: Final = Direction.THROUGH
DEFAULTS: Final = tuple(
    RulePlan(rule=Rule(action=action, direction=direction), purpose=Purpose.DEFAULT)
    for action, direction in ((Action.BLOCK, IN), (Action.BLOCK, THROUGH), (PASS, Direction.OUT))
)
SPOOFING: Final = tuple(
    RulePlan(rule=Rule(action=Action.BLOCK, direction=direction), purpose=Purpose.SPOOFING) for direction in (IN, THROUGH)
)
NEIGHBOURS: Final = tuple(
    RulePlan(rule=Rule(action=PASS, direction=IN, protocol=protocol), purpose=Purpose.NEIGHBOURS)
    for protocol in (Protocol.ICMP, Protocol.ICMP6)
)
EXCHANGE: Final = RulePlan(rule=Rule(action=PASS, direction=THROUGH), purpose=Purpose.EXCHANGE)


def to(network: str = "", ports: str = "", *, zone: str = "", table: str = "") -> End:
    """Return an end of a rule; ports are `80` or `80:90`."""
    first, _, last = ports.partition(":")
    return End(
        network=ip_network(network) if network else None,
        ports=Ports(int(first), int(last or first)) if ports else None,
        zone=zone,
        table=table,
    )


def zone(name: str, regions: Mapping[str, Sequence[str]]) -> ZonePlan:
    """Return a zone: what it has of each interface."""
    return ZonePlan(
        name=name,
        regions=tuple(
            Region(interface=interface, networks=tuple(map(ip_network, networks)))
            for interface, networks in regions.items()
        ),
    )


def table(name: str, *networks: str, overloaded: bool = False) -> TablePlan:
    """Return an address table."""
    return TablePlan(name=name, networks=tuple(map(ip_network, networks)), overloaded=overloaded)


def firewall(
    *rules: Rule | RulePlan,
    before: Iterable[RulePlan] = (*SPOOFING, *NEIGHBOURS),
    zones: Sequence[ZonePlan] = (),
    tables: Sequence[TablePlan] = (),
    nats: Sequence[Nat] = (),
    families: Sequence[Sequence[str]] = (),
    homes: Mapping[str, Sequence[str]] | None = None,
    after: Sequence[RulePlan] = (),
) -> FirewallPlan:
    """Return a firewall of these rules, between those that are generated anywhere."""
    return FirewallPlan(
        zones=tuple(zones),
        tables=tuple(tables),
        before=(*before, *(EXCHANGE for _ in families)),
        rules=tuple(each if isinstance(each, RulePlan) else RulePlan(rule=each) for each in rules),
        after=(*after, *DEFAULTS),
        nats=tuple(nats),
        families=tuple(frozenset(map(ip_address, family)) for family in families),
        homes={name: tuple(map(ip_network, networks)) for name, networks in (homes or {}).items()},
    )
