"""Chains of others that stand in the way of what relays carry. Pure.

Said is only what the rules show for certain; of a chain that drops by default it is said that it may.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Final

from bascule.config.diagnostics import Span
from bascule.config.firewall import Action, Direction, Protocol
from bascule.config.model import EngineName, Transport
from bascule.engines.nftables.passage import Fate, Packet, Rule, fates
from bascule.engines.nftables.ruleset import KEEP, TABLE
from bascule.plan.model import Endpoint, Plan

OURS: Final = frozenset({TABLE, KEEP})
_VERSIONS: Final = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}
_BEFORE_US: Final = {"prerouting": -105, "postrouting": 95}
"""The priorities of our own nat chains: who translates before them takes the session from us."""

_NAMED: Final = 3
"""Relays that a message names."""
_RELAY: Final = "relay"
_FORWARD: Final = "the port forward to"
_ADMIN: Final = "the admin server at"
_PASSED: Final = "what a rule passes to"
_MANY: Final = {
    _RELAY: "relays",
    _FORWARD: "the port forwards to",
    _ADMIN: "the admin server at",
    _PASSED: "what rules pass to",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """A chain of somebody else's that is in the way."""

    chain: str
    """In words: `chain FORWARD of table ip filter`."""
    fate: Fate
    certain: bool
    """No rule that we cannot judge might let the sessions pass."""
    relays: tuple[str, ...]
    """Their names; of port forwards, where they lead; of this machine's own services, where they are."""
    kind: str = _RELAY
    span: Span = field(default=Span(), compare=False)
    """Of the first of them."""

    @property
    def message(self) -> str:
        """Return what an operator should know."""
        names = ", ".join(self.relays[:_NAMED]) + (f" and {len(self.relays) - _NAMED} more" if self.relays[_NAMED:] else "")
        kind = self.kind if len(self.relays) == 1 else _MANY[self.kind]
        whose = f"{kind} {names}"
        if self.fate is Fate.TRANSLATED:
            return f"{self.chain}, which is not Bascule's, translates connections of {whose} before Bascule can"
        if self.certain:
            return f"{self.chain}, which is not Bascule's, drops new connections of {whose}"
        return f"{self.chain}, which is not Bascule's, drops what it does not accept: see that it accepts {whose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """A relay, a port forward or a service of this machine, as far as chains of others concern it."""

    kind: str = _RELAY
    name: str
    listen: Endpoint
    host: Endpoint | None
    """Where its connections go in place of that, if we know one."""
    proxied: bool = False
    span: Span = Span()


@dataclass(frozen=True, slots=True)
class _Base:
    """A base chain with its table's rules."""

    family: str
    table: str
    name: str
    kind: str
    hook: str
    priority: int
    policy: Fate
    chains: Mapping[str, Sequence[Rule]]


def obstacles(listing: Sequence[Mapping[str, Any]], plan: Plan) -> Sequence[Obstacle]:
    """Return what is in the way, from the chains and rules of all tables as nft lists them in JSON."""
    found = []
    carried = [*_relays(plan), *_forwards(plan), *_own(plan)]
    for base in _bases(listing):
        for fate in (Fate.DROPPED, Fate.TRANSLATED):
            hit = [(each, certain) for each in carried if (certain := _meets(base, each, fate)) is not None]
            for sure, kind in product((True, False), _MANY):
                met = [each for each, certain in hit if certain is sure and each.kind == kind]
                if met:
                    found.append(_obstacle(base, fate, met, certain=sure))
    return found


def _relays(plan: Plan) -> Iterator[_Carried]:
    for relay in plan.relays:
        if relay.transport is Transport.TCP:
            host = relay.pool.hosts[0].endpoint if relay.pool.hosts else None
            proxied = relay.engine is EngineName.PROXY
            yield _Carried(name=relay.name, listen=relay.listens[0], host=host, proxied=proxied, span=relay.span)


def _forwards(plan: Plan) -> Iterator[_Carried]:
    """Yield the port forwards that lead to others: what leads to relays is theirs."""
    for each in plan.firewall.rules if plan.firewall else ():
        forward, network, ports = each.rule.forward, each.rule.to.network, each.rule.to.ports
        if each.relay or forward is None or network is None or ports is None or each.rule.protocol is Protocol.UDP:
            continue
        host = Endpoint(forward.address, forward.port or ports.first)
        listen = Endpoint(network.network_address, ports.first)
        yield _Carried(kind=_FORWARD, name=str(host), listen=listen, host=host, span=each.span)


def _own(plan: Plan) -> Iterator[_Carried]:
    """Yield where administrators come to, and what the firewall's rules pass to one place of this machine."""
    for each in plan.admin.untracked:
        yield _Carried(kind=_ADMIN, name=str(each), listen=each, host=None, proxied=True)
    taken = {listen.address for relay in plan.relays for listen in relay.listens}
    for rule in plan.firewall.rules if plan.firewall else ():
        said = rule.rule
        network, ports = said.to.network, said.to.ports
        passes = said.action is Action.PASS and said.direction is Direction.IN and said.forward is None
        if not passes or network is None or ports is None or network.num_addresses > 1 or said.protocol is not Protocol.TCP:
            continue
        if network.network_address not in taken:
            place = Endpoint(network.network_address, ports.first)
            yield _Carried(kind=_PASSED, name=str(place), listen=place, host=None, proxied=True, span=rule.span)


def _obstacle(base: _Base, fate: Fate, met: Sequence[_Carried], *, certain: bool) -> Obstacle:
    return Obstacle(
        chain=f"chain {base.name} of table {base.family} {base.table}",
        fate=fate,
        certain=certain,
        relays=tuple(dict.fromkeys(each.name for each in met)),
        kind=met[0].kind,
        span=met[0].span,
    )


def _meets(base: _Base, carried: _Carried, fate: Fate) -> bool | None:
    """Return whether the clients of one meet this fate for certain (True) or unless a rule we cannot judge saves them."""
    packet = _packet(base, carried, fate)
    if packet is None:
        return None
    possible = fates(base.chains, base.name, packet, policy=base.policy, guess=True)
    if possible == {fate}:
        return True
    if fate is Fate.DROPPED and fates(base.chains, base.name, packet, policy=base.policy, guess=False) == {fate}:
        return False
    return None


def _packet(base: _Base, carried: _Carried, fate: Fate) -> Packet | None:
    """Return a packet of its clients as it comes to a chain; None where none does, or where the chain has no such say."""
    listen, host = carried.listen, carried.host
    if listen.address.version not in _VERSIONS.get(base.family, ()):
        return None
    if fate is Fate.TRANSLATED and not (base.kind == "nat" and base.priority < _BEFORE_US.get(base.hook, base.priority)):
        return None
    if fate is Fate.DROPPED and base.kind == "nat":
        return None
    arriving = base.hook == "prerouting" and base.priority < _BEFORE_US["prerouting"]
    if carried.proxied:
        return _to(listen, translated=False) if base.hook in ("prerouting", "input") else None
    if arriving:
        return _to(listen, translated=False)
    if base.hook in ("prerouting", "forward", "postrouting") and host is not None:
        return _to(replace(host, port=host.port or listen.port), translated=True)
    return None


def _to(endpoint: Endpoint, *, translated: bool) -> Packet:
    return Packet(to=endpoint.address, port=endpoint.port, translated=translated)


def _bases(listing: Sequence[Mapping[str, Any]]) -> Iterator[_Base]:
    """Yield the base chains of others' tables."""
    tables: dict[tuple[str, str], dict[str, list[Rule]]] = {}
    for entry in listing:
        if "rule" in entry:
            rule = entry["rule"]
            tables.setdefault((rule["family"], rule["table"]), {}).setdefault(rule["chain"], []).append(rule["expr"])
    for entry in listing:
        chain = entry.get("chain", {})
        if "hook" in chain and chain["table"] not in OURS:
            yield _Base(
                family=chain["family"],
                table=chain["table"],
                name=chain["name"],
                kind=chain["type"],
                hook=chain["hook"],
                priority=chain["prio"],
                policy=Fate.DROPPED if chain.get("policy") == "drop" else Fate.GOES_ON,
                chains=tables.get((chain["family"], chain["table"]), {}),
            )
