"""Clients that a relay does not take, since they come in by another interface or from another zone than it listens on.

Without a firewall they are turned back where the relay translates. A firewall judges them as if no relay listened there.
"""

from collections.abc import Iterator, Mapping, Sequence

from bascule.engines.nftables.names import comment, stranger_chain
from bascule.engines.nftables.rules.endpoints import place, verdict_map
from bascule.engines.nftables.rules.firewall.names import stranger_map
from bascule.engines.nftables.rules.firewall.zones import outside
from bascule.engines.nftables.rules.words import FAMILY, LISTENING, VERSIONS
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import RelayPlan


def strangers(relay: RelayPlan) -> Iterator[str]:
    """Yield the matches of clients that a relay does not take."""
    if relay.interface:
        yield f'iifname != "{relay.interface}"'
    if relay.zone:
        yield from outside(relay.zone, relay.version)


def stranger_maps(relays: Sequence[RelayPlan]) -> Iterator[tuple[str, NamedSet]]:
    """Yield the maps from the places of relays that do not take everybody to what tells whom."""
    for version in VERSIONS:
        choosy = _choosy(relays, version)
        verdicts = {place(end): f"jump {stranger_chain(relay)}" for relay in choosy for end in relay.listens}
        if choosy:
            yield stranger_map(version), verdict_map(version, verdicts)


def stranger_chains(relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains that let strangers leave the door, or the guard, as if no relay were there."""
    return {
        stranger_chain(relay): Chain(rules=tuple(f"{match} accept {comment(relay.title)}" for match in strangers(relay)))
        for version in VERSIONS
        for relay in _choosy(relays, version)
    }


def strangers_leave(relays: Sequence[RelayPlan]) -> Iterator[str]:
    """Yield what has strangers leave."""
    for version in VERSIONS:
        if _choosy(relays, version):
            yield f"{LISTENING.format(ip=FAMILY[version])} vmap @{stranger_map(version)}"


def _choosy(relays: Sequence[RelayPlan], version: int) -> Sequence[RelayPlan]:
    return [relay for relay in relays if relay.version == version and (relay.interface or relay.zone)]
