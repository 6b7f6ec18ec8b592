"""From the firewall of a configuration to that of a plan: every rule, and what the rules are asked about. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from itertools import chain

from bascule.config.facts import Facts
from bascule.config.firewall import Action, Address, AddressTable, Direction, Firewall, Network, Rule
from bascule.config.model import Configuration, Table
from bascule.plan.firewall import FirewallPlan, RulePlan, TablePlan
from bascule.plan.forwards import leading, with_forwarded
from bascule.plan.generated import Cause, after, before
from bascule.plan.model import Plan
from bascule.plan.spread import Spread
from bascule.plan.sysctls import forwarding, judging
from bascule.plan.zones import zone_plans

VERSIONS = (4, 6)


def with_firewall(plan: Plan, configuration: Configuration, facts: Facts) -> Plan:
    """Return a plan with what judges packets, and what port forwards need.

    It is the same plan where the text has no firewall, or the machine nobody to judge for it: forwarding above all stays
    as it is then.
    """
    firewall = configuration.firewall
    if firewall is None or facts.no_nftables:
        return plan
    walls = firewall_plan(firewall, configuration, plan, facts)
    sysctls = {**plan.network.sysctls, **judging(), **forwarding(_forwarding(walls, facts), facts)}
    return replace(
        plan,
        firewall=walls,
        relays=with_forwarded(plan.relays, firewall.rules),
        network=replace(plan.network, sysctls=sysctls),
    )


def firewall_plan(firewall: Firewall, configuration: Configuration, plan: Plan, facts: Facts) -> FirewallPlan:
    """Return what judges packets, for the relays and the admin server of a plan."""
    families = _families(configuration)
    return FirewallPlan(
        zones=zone_plans(firewall.zones),
        tables=tuple(_table(table, firewall, facts) for table in firewall.tables),
        before=tuple(before(configuration, families.values(), plan.relays, firewall.span)),
        rules=tuple(leading(rule, plan.relays) for rule in firewall.rules),
        after=tuple(after(plan.relays, plan.admin, firewall, configuration.system.outward.snmp)),
        nats=firewall.nats,
        families=tuple(families),
        homes=_homes(facts),
    )


def _forwarding(plan: FirewallPlan, facts: Facts) -> frozenset[int]:
    """Return the IP versions that the machine must forward, and has addresses of, for the text's rules to mean anything."""
    held = {each.version for interface, each in facts.addresses() if not interface.loopback and not each.ip.is_link_local}
    if plan.nats:
        return frozenset(held)
    return frozenset(held.intersection(version for each in plan.rules for version in _forwarded(each)))


def versions(rule: Rule) -> Collection[int]:
    """Return the IP versions that a rule applies to."""
    said: list[int] = [end.network.version for end in (rule.source, rule.to) if end.network is not None]
    if rule.protocol is not None and rule.protocol.version is not None:
        said.append(rule.protocol.version)
    return said[:1] or VERSIONS


def _forwarded(plan: RulePlan) -> Collection[int]:
    """Return the IP versions of which a rule lets packets through; those of relays are forwarded as relays need it."""
    rule = plan.rule
    if plan.relay:
        return ()
    passes = rule.action is Action.PASS and (rule.direction is Direction.THROUGH or rule.forward is not None)
    return versions(rule) if passes else ()


def _table(table: AddressTable, firewall: Firewall, facts: Facts) -> TablePlan:
    files = [facts.table_files[file].networks for file in table.files if file in facts.table_files]
    return TablePlan(
        name=table.name,
        networks=_collapsed((*table.networks, *chain.from_iterable(files), *facts.entered.get(table.name, ()))),
        timeout=None if table.timeout is None else int(table.timeout.total_seconds()),
        overloaded=any(rule.limit is not None and rule.limit.overload == table.name for rule in firewall.rules),
    )


def _collapsed(networks: Iterable[Network]) -> tuple[Network, ...]:
    held = list(networks)
    return tuple(network for version in VERSIONS for network in Spread.of(version, held).networks())


def _families(configuration: Configuration) -> Mapping[frozenset[Address], Cause]:
    """Return the hosts of each table by IP version, with what to call them: only where there are two or more."""
    found: dict[frozenset[Address], list[Table]] = {}
    for table in configuration.load_balancer.tables:
        for version in VERSIONS:
            family = frozenset(host.address for host in table.hosts if host.address.version == version)
            if len(family) > 1:
                found.setdefault(family, []).append(table)
    return {family: _cause(family, tables) for family, tables in found.items()}


def _cause(family: frozenset[Address], tables: Sequence[Table]) -> Cause:
    names = " and ".join(f"<{table.name}>" for table in tables)
    return Cause(f"the hosts of table {names}{_over(family)}", tables[0].span)


def _over(family: frozenset[Address]) -> str:
    """Return what tells the families of one table apart."""
    return " over IPv6" if any(address.version == 6 for address in family) else ""  # noqa: PLR2004 - IP version


def _homes(facts: Facts) -> Mapping[str, tuple[Network, ...]]:
    """Return the networks that are attached to each interface; those that every interface has tell nothing."""
    homes = {known.name: _collapsed(_attached(facts, known.name)) for known in facts.interfaces if not known.loopback}
    return {name: networks for name, networks in homes.items() if networks}


def _attached(facts: Facts, interface: str) -> Iterator[Network]:
    for holder, held in facts.addresses():
        if holder.name == interface and not held.ip.is_link_local and held.network.num_addresses > 1:
            yield ip_network(held.network)
