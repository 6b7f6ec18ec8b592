"""Address tables, as up to three sets: addresses and networks that the plan knows, and what was over a limit.

A rule can put single addresses into a set, but not into one of ranges; what comes in so must not be taken out when the
plan's part is compared; and nft 1.0.6 reads every set of ranges whole before it changes any set or map of the
table, so that 100,000 addresses in one would have a host's going down wait for two seconds.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from bascule.engines.nftables.rules.firewall.names import fixed_set, networks_set, overloaded_set
from bascule.engines.nftables.rules.words import ADDRESS, VERSIONS, written
from bascule.engines.nftables.ruleset import NamedSet
from bascule.plan.firewall import FirewallPlan, TablePlan

OVERLOADED: Final = 65536
"""Addresses that a table takes by limits; further sources are held to the limit all the same."""


def table_sets(plan: FirewallPlan) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of all tables."""
    for table in plan.tables:
        for version in VERSIONS:
            kind = f"type {ADDRESS[version]}"
            addresses, networks = _fixed(table, version)
            if addresses:
                yield fixed_set(table.name, version), NamedSet(kind, dict.fromkeys(addresses, ""))
            if networks:
                yield networks_set(table.name, version), NamedSet(f"{kind}; flags interval", dict.fromkeys(networks, ""))
            if table.overloaded:
                overloaded = NamedSet(f"{kind}; size {OVERLOADED}; flags dynamic,timeout", dynamic=True)
                yield overloaded_set(table.name, version), overloaded


def _fixed(table: TablePlan, version: int) -> tuple[Sequence[str], Sequence[str]]:
    """Return the addresses and the networks of one IP version; they overlap nowhere."""
    held = [written(network) for network in table.networks if network.version == version]
    return [each for each in held if "/" not in each], [each for each in held if "/" in each]


def sets_of(plan: FirewallPlan, name: str, version: int) -> Iterator[str]:
    """Yield the names of the sets of a table that may hold addresses of one IP version."""
    table = next(table for table in plan.tables if table.name == name)
    addresses, networks = _fixed(table, version)
    if addresses:
        yield fixed_set(name, version)
    if networks:
        yield networks_set(name, version)
    if table.overloaded:
        yield overloaded_set(name, version)
