"""Port forwards: found before translation, marked, and sent where they lead; the kernel translates a session once."""

from collections.abc import Iterator, Mapping, Sequence

from bascule.config.firewall import Rule
from bascule.engines.nftables.names import relay_chain
from bascule.engines.nftables.rules.endpoints import place, taken_places, triple
from bascule.engines.nftables.rules.firewall.asked import Asked, port_range, protocols
from bascule.engines.nftables.rules.firewall.matches import Place, in_zone, matches
from bascule.engines.nftables.rules.firewall.names import asked_set, forwarded_set
from bascule.engines.nftables.rules.firewall.walks import parting
from bascule.engines.nftables.rules.intervals import grouped, joined
from bascule.engines.nftables.rules.words import FAMILY, FORWARDED, LISTENING, VERSIONS, written
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.firewall import FirewallPlan, RulePlan
from bascule.plan.model import RelayPlan


def forward_sets(asked: Sequence[Asked], relays: Sequence[RelayPlan]) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of places of port forwards: of all, and of those that lead to a relay."""
    for version in VERSIONS:
        places = grouped(each for asking in asked if asking.forwards for each in _places(asking.plan.rule, version))
        elements = {f"{where} . {port_range(ports)}": "" for where, ranges in places.items() for ports in joined(ranges)}
        if elements:
            yield asked_set(version), _ranged(version, elements)
        family = [relay for relay in relays if relay.version == version]
        led = dict.fromkeys(led_places(family), "")
        if led:
            yield forwarded_set(version), _ranged(version, led)


def led_places(relays: Sequence[RelayPlan]) -> Sequence[str]:
    """Return the places where port forwards alone bring clients to relays."""
    own = {place(end) for relay in relays for end in relay.listens}
    return [where for where in taken_places(relays) if where not in own]


def not_led(relays: Sequence[RelayPlan], does: str) -> Iterator[str]:
    """Yield what becomes of packets for such a place that no forward has taken: no relay has a say in them."""
    for place_of in led_matches(relays, "th"):
        yield f"{FORWARDED.replace('mark', 'mark !=')} {place_of} {does}"


def led_matches(relays: Sequence[RelayPlan], header: str) -> Iterator[str]:
    """Yield the matches of those places, for each IP version that has any."""
    for version in VERSIONS:
        if led_places([relay for relay in relays if relay.version == version]):
            yield f"{LISTENING.format(ip=FAMILY[version]).replace('th', header)} @{forwarded_set(version)}"


def _places(rule: Rule, version: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield address and protocol, and ports, where a port forward is asked."""
    network, ports = rule.to.network, rule.to.ports
    if network is not None and network.version == version and ports is not None:
        for protocol in protocols(rule.protocol):
            yield f"{written(network)} . {protocol}", (ports.first, ports.last)


def _ranged(version: int, elements: Mapping[str, str]) -> NamedSet:
    ranges = any("-" in element for element in elements)
    return NamedSet(f"type {triple(version)}" + ("; flags interval" if ranges else ""), elements)


def forward_chains(plan: FirewallPlan, asked: Sequence[Asked], relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains that translate what a port forward has taken: the first that matches did it."""
    chains = {}
    for version in VERSIONS:
        rules = [rule for each in asked if each.forwards for rule in _sent(plan, each, relays, version)]
        chains[f"c_fw_forward{version}"] = Chain(rules=tuple(rules))
    return {"c_fw_forward": parting("c_fw_forward"), **chains} if any(each.forwards for each in asked) else {}


def _sent(plan: FirewallPlan, asked: Asked, relays: Sequence[RelayPlan], version: int) -> Iterator[str]:
    rule = asked.plan.rule
    if rule.forward is None or rule.forward.address.version != version or not asked.of(version):
        return
    where = Place(plan, version, rule.direction, routed=False)
    target, port = str(rule.forward.address), rule.forward.port
    if port is not None:
        target = f"[{target}]:{port}" if version == 6 else f"{target}:{port}"  # noqa: PLR2004 - IP version
    does = f"dnat {FAMILY[version]} to {target}"
    if asked.plan.relay:
        does = f"goto {relay_chain(_taker(asked.plan, relays))}"
    for way in in_zone(asked, where):
        yield from (f"{way} {match} {does}".strip() for match in matches(asked, where))


def _taker(plan: RulePlan, relays: Sequence[RelayPlan]) -> RelayPlan:
    """Return the part of a relay that a port forward leads to."""
    wanted = {f"{where} . {port_range(ports)}" for version in VERSIONS for where, ports in _places(plan.rule, version)}
    return next(
        relay
        for relay in relays
        if relay.name == plan.relay and any(place(each.place) in wanted for each in relay.forwarded)
    )
