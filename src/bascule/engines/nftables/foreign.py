"""Chains of others that stand in the way of what relays carry. Pure.

Said is only what the rules show for certain; of a chain that drops by default it is said that it may.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bascule.config.diagnostics import Span
from bascule.config.model import EngineName, Transport
from bascule.engines.nftables.passage import Fate, Packet, Rule, fates
from bascule.engines.nftables.ruleset import KEEP, TABLE
from bascule.plan.model import Endpoint, Plan, RelayPlan

OURS: Final = frozenset({TABLE, KEEP})
_VERSIONS: Final = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}
_BEFORE_US: Final = {"prerouting": -105, "postrouting": 95}
"""The priorities of our own nat chains: who translates before them takes the session from us."""

_NAMED: Final = 3
"""Relays that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """A chain of somebody else's that is in the way."""

    chain: str
    """In words: `chain FORWARD of table ip filter`."""
    fate: Fate
    certain: bool
    """No rule that we cannot judge might let the sessions pass."""
    relays: tuple[str, ...]
    span: Span = field(default=Span(), compare=False)
    """Of the first relay."""

    @property
    def message(self) -> str:
        """Return what an operator should know."""
        names = ", ".join(self.relays[:_NAMED]) + (f" and {len(self.relays) - _NAMED} more" if self.relays[_NAMED:] else "")
        whose = f"relay{'s' if len(self.relays) > 1 else ''} {names}"
        if self.fate is Fate.TRANSLATED:
            return f"{self.chain}, which is not Bascule's, translates connections of {whose} before Bascule can"
        if self.certain:
            return f"{self.chain}, which is not Bascule's, drops new connections of {whose}"
        return f"{self.chain}, which is not Bascule's, drops what it does not accept: see that it accepts {whose}"


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
    for base in _bases(listing):
        for fate in (Fate.DROPPED, Fate.TRANSLATED):
            hit = [(relay, certain) for relay in plan.relays if (certain := _meets(base, relay, fate)) is not None]
            for sure in (True, False):
                relays = [relay for relay, certain in hit if certain is sure]
                if relays:
                    found.append(_obstacle(base, fate, relays, certain=sure))
    return found


def _obstacle(base: _Base, fate: Fate, relays: Sequence[RelayPlan], *, certain: bool) -> Obstacle:
    return Obstacle(
        chain=f"chain {base.name} of table {base.family} {base.table}",
        fate=fate,
        certain=certain,
        relays=tuple(dict.fromkeys(relay.name for relay in relays)),
        span=relays[0].span,
    )


def _meets(base: _Base, relay: RelayPlan, fate: Fate) -> bool | None:
    """Return whether a relay's clients meet this fate for certain (True) or unless a rule we cannot judge saves them."""
    packet = _packet(base, relay, fate)
    if packet is None:
        return None
    possible = fates(base.chains, base.name, packet, policy=base.policy, guess=True)
    if possible == {fate}:
        return True
    if fate is Fate.DROPPED and fates(base.chains, base.name, packet, policy=base.policy, guess=False) == {fate}:
        return False
    return None


def _packet(base: _Base, relay: RelayPlan, fate: Fate) -> Packet | None:
    """Return a relay's packet as it comes to a chain; None where none does, or where the chain has no such say."""
    if relay.version not in _VERSIONS.get(base.family, ()) or relay.transport is not Transport.TCP:
        return None
    if fate is Fate.TRANSLATED and not (base.kind == "nat" and base.priority < _BEFORE_US.get(base.hook, base.priority)):
        return None
    if fate is Fate.DROPPED and base.kind == "nat":
        return None
    listen, host = relay.listens[0], relay.pool.hosts[0].endpoint if relay.pool.hosts else None
    arriving = base.hook == "prerouting" and base.priority < _BEFORE_US["prerouting"]
    if relay.engine is EngineName.PROXY:
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
