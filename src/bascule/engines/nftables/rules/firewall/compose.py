"""What the firewall of a plan adds to the table: sets, chains and counters. Without one it adds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from bascule.engines.nftables.rules.firewall.asked import all_asked, run_sets
from bascule.engines.nftables.rules.firewall.forwards import forward_chains, forward_sets
from bascule.engines.nftables.rules.firewall.hooks import door, family_chains, leaving
from bascule.engines.nftables.rules.firewall.names import counter, forwarded_set
from bascule.engines.nftables.rules.firewall.strangers import stranger_chains, stranger_maps
from bascule.engines.nftables.rules.firewall.tables import table_sets
from bascule.engines.nftables.rules.firewall.verdicts import limit_sets, verdict_chains
from bascule.engines.nftables.rules.firewall.walks import first_looks, walks
from bascule.engines.nftables.rules.firewall.zones import zone_sets
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.firewall import FirewallPlan
from bascule.plan.idents import idents
from bascule.plan.model import RelayPlan


@dataclass(frozen=True, slots=True)
class Judging:
    """What stands in the table because of the firewall."""

    sets: Mapping[str, NamedSet] = field(default_factory=dict)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    counters: frozenset[str] = frozenset()


def judging(plan: FirewallPlan | None, relays: Sequence[RelayPlan]) -> Judging:
    """Return what judges packets, beside these relays in the kernel."""
    if plan is None:
        return Judging()
    asked = all_asked(plan)
    listening = chain(forward_sets(asked, relays), stranger_maps(relays))
    sets = dict(chain(zone_sets(plan), table_sets(plan), run_sets(asked), limit_sets(asked), listening))
    looks, walked = first_looks(plan, asked), walks(plan, asked)
    led = [version for version in (4, 6) if forwarded_set(version) in sets]
    chains = {
        **door(plan, asked, relays, led),
        **looks.chains,
        **walked.chains,
        **verdict_chains(asked),
        **dict(family_chains(plan, asked)),
        **forward_chains(plan, asked, relays),
        **leaving(),
        **stranger_chains(relays),
    }
    return Judging(
        {**sets, **looks.sets, **walked.sets}, chains, frozenset(counter(ident) for ident in idents(plan).values())
    )
