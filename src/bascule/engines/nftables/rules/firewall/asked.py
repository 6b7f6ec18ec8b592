"""What the kernel asks as one: the runs of a plan's rules, each with the name that its set and its counter have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bascule.config.firewall import Direction, Protocol
from bascule.engines.nftables.rules.firewall.names import run_set
from bascule.engines.nftables.rules.intervals import Range, collapsed, joined, pairs
from bascule.engines.nftables.rules.words import ADDRESS, VERSIONS, written
from bascule.engines.nftables.ruleset import NamedSet
from bascule.plan.firewall import FirewallPlan, Purpose, RulePlan
from bascule.plan.idents import idents
from bascule.plan.runs import Part, differing, runs


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule, or a run of rules, of one walk."""

    rules: tuple[RulePlan, ...]
    ident: str
    varies: frozenset[Part]
    """What the rules of a run differ in, and so stands in a set."""

    @property
    def plan(self) -> RulePlan:
        """Return the first rule, which says what all of them have in common."""
        return self.rules[0]

    @property
    def forwards(self) -> bool:
        """Return whether it is a port forward."""
        return self.plan.rule.forward is not None

    def goes(self, direction: Direction) -> bool:
        """Return whether packets that go this way are asked; of a port forward both ways in are."""
        return direction is not Direction.OUT if self.forwards else self.plan.rule.direction is direction

    def of(self, version: int) -> bool:
        """Return whether packets of an IP version may match."""
        rule = self.plan.rule
        said: set[int] = {end.network.version for end in (rule.source, rule.to) if end.network is not None}
        if rule.protocol is not None and rule.protocol.version is not None:
            said.add(rule.protocol.version)
        return said <= {version}

    @property
    def zone(self) -> str | None:
        """Return the zone that packets have to be of: of `out` where they go to, else where they come from.

        Empty is any; None is that there is none, since two are named.
        """
        rule = self.plan.rule
        end = rule.to if rule.direction is Direction.OUT else rule.source
        zones = {rule.zone, end.zone} - {""}
        return None if len(zones) > 1 else next(iter(zones), "")


def all_asked(plan: FirewallPlan) -> Sequence[Asked]:
    """Return what is asked, in order, but for the families of hosts: those come before everything."""
    names, rules = idents(plan), plan.all_rules
    asked = []
    for run in runs(rules):
        members = tuple(rules[index] for index in run)
        if members[0].purpose is not Purpose.EXCHANGE:
            asked.append(Asked(members, names[run[0]], differing(members)))
    return asked


def run_sets(asked: Sequence[Asked]) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of what the rules of each run differ in."""
    for each in asked:
        for version in VERSIONS if each.varies else ():
            if each.of(version):
                yield run_set(each.ident, version), _differences(each, version)


def _differences(asked: Asked, version: int) -> NamedSet:
    rules = [plan.rule for plan in asked.rules]
    ports = [(rule.to.ports.first, rule.to.ports.last) for rule in rules if rule.to.ports]
    ends = [rule.source.network if Part.SOURCE in asked.varies else rule.to.network for rule in rules]
    networks = [network for network in ends if network is not None]
    if asked.varies == {Part.PORT}:
        return _ranged("type inet_service", map(port_range, joined(ports)))
    if Part.PORT in asked.varies:
        elements = (
            f"{written(network)} . {port_range(each)}" for network, each in pairs(zip(networks, ports, strict=True))
        )
        return _ranged(f"type {ADDRESS[version]} . inet_service", elements)
    return _ranged(f"type {ADDRESS[version]}", map(written, collapsed(networks)))


def _ranged(kind: str, elements: Iterator[str]) -> NamedSet:
    """Return a set that takes ranges only where it holds one: a hash is the quicker to ask."""
    held = dict.fromkeys(elements, "")
    ranges = any("-" in element or "/" in element for element in held)
    return NamedSet(f"{kind}; flags interval" if ranges else kind, held)


def port_range(ports: Range) -> str:
    """Return ports as nft prints them."""
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"


def protocols(protocol: Protocol | None) -> tuple[Protocol, ...]:
    """Return the protocols with ports that a rule with ports means."""
    return (Protocol.TCP, Protocol.UDP) if protocol is None else (protocol,)
