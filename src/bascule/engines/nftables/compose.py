"""From a plan to the rules that carry it: the ruleset that was attacked and held (reference for each cure: ADR 0001).

Rules are written as nft 1.0.6 prints them, so that what is read back can be compared word for word. What differs from
relay to relay stands in sets and maps; the chains hardly ever change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bascule.config.model import EngineName, Transport
from bascule.engines.nftables.names import timeout_policy
from bascule.engines.nftables.rules.endpoints import endpoint_sets
from bascule.engines.nftables.rules.filtering import filter_chains, refusal_maps
from bascule.engines.nftables.rules.firewall.compose import judging
from bascule.engines.nftables.rules.guard import guard_chains, kept_sets
from bascule.engines.nftables.rules.limits import fullness_sets, limit_chains, limit_counters, limit_sets
from bascule.engines.nftables.rules.probing import probe_sets, raw_chains
from bascule.engines.nftables.rules.sticky import refresh_chains, sticky_chains, sticky_sets
from bascule.engines.nftables.rules.translation import nat_chains, relay_chains, slot_sets, source_maps, target_maps
from bascule.engines.nftables.rules.words import VERSIONS
from bascule.engines.nftables.ruleset import Chain, NamedSet, Ruleset
from bascule.plan.model import Plan, RelayPlan


def compose(plan: Plan) -> Ruleset | None:
    """Return the table of a plan: what carries its relays and redirects in the kernel, and its firewall.

    None where it has none of them, and never had a relay.
    """
    relays = plan.of(EngineName.KERNEL)
    if not relays and not plan.marks and plan.firewall is None:
        return None
    firewall = judging(plan.firewall, relays)
    return Ruleset(
        timeouts={timeout_policy(seconds): seconds for seconds in sorted(set(_timeouts(relays)))},
        sets={**dict(_sets(plan, relays)), **firewall.sets},
        chains={**_chains(plan, relays), **firewall.chains},
        counters=frozenset(limit_counters(relays)) | firewall.counters,
    )


def _timeouts(relays: Iterable[RelayPlan]) -> Iterator[int]:
    return (relay.session_timeout for relay in relays if relay.transport is Transport.TCP)


def _sets(plan: Plan, relays: Sequence[RelayPlan]) -> Iterator[tuple[str, NamedSet]]:
    for version in VERSIONS:
        family = [relay for relay in relays if relay.version == version]
        yield from endpoint_sets(family, version)
        yield from probe_sets(plan, version)
        yield from kept_sets(version)
        yield from target_maps(plan, version)
        yield from source_maps(family, version)
        yield from refusal_maps(family, version)
        yield from limit_sets(family, version)
    for relay in relays:
        yield from slot_sets(relay)
    yield from sticky_sets(plan)
    yield from fullness_sets(relays)


def _chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    chains = {
        **raw_chains(plan),
        **guard_chains(plan, relays),
        **limit_chains(relays),
        **refresh_chains(plan),
        **nat_chains(plan, relays),
        **filter_chains(plan, relays),
    }
    for relay in relays:
        chains |= relay_chains(relay) if relay.sticky is None else sticky_chains(relay)
    return chains
