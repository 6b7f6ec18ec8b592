"""Address tables, as up to three sets: what the text holds, what commands put in, and what was over a limit.

A rule can put single addresses into a set, but not into one of ranges; and what comes in while it runs must not be taken
out when the text's part is compared.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from bascule.config.firewall import Network
from bascule.engines.nftables.rules.firewall.names import commanded_set, fixed_set, overloaded_set
from bascule.engines.nftables.rules.firewall.zones import address_set
from bascule.engines.nftables.rules.words import ADDRESS, VERSIONS
from bascule.engines.nftables.ruleset import NamedSet
from bascule.plan.firewall import FirewallPlan, TablePlan

OVERLOADED: Final = 65536
"""Addresses that a table takes by limits; further sources are held to the limit all the same."""


def table_sets(plan: FirewallPlan) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of all tables."""
    for table in plan.tables:
        for version in VERSIONS:
            kind = f"type {ADDRESS[version]}"
            if _fixed(table, version):
                yield fixed_set(table.name, version), address_set(table.networks, version)
            yield commanded_set(table.name, version), NamedSet(f"{kind}; flags interval,timeout", dynamic=True)
            if table.overloaded:
                overloaded = NamedSet(f"{kind}; size {OVERLOADED}; flags dynamic,timeout", dynamic=True)
                yield overloaded_set(table.name, version), overloaded


def _fixed(table: TablePlan, version: int) -> Sequence[Network]:
    return [network for network in table.networks if network.version == version]


def sets_of(plan: FirewallPlan, name: str, version: int) -> Iterator[str]:
    """Yield the names of the sets of a table that may hold addresses of one IP version."""
    table = next(table for table in plan.tables if table.name == name)
    if _fixed(table, version):
        yield fixed_set(name, version)
    yield commanded_set(name, version)
    if table.overloaded:
        yield overloaded_set(name, version)
