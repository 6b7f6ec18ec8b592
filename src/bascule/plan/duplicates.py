"""Addresses of ours that another machine has too, as the kernel has found (RFC 4862, 5.4): it does not use them. Pure."""

from dataclasses import replace

from bascule.config.facts import Facts
from bascule.plan.model import NetworkPlan, PlannedAddress


def duplicates(network: NetworkPlan, facts: Facts) -> tuple[PlannedAddress, ...]:
    """Return those of the addresses that a plan names."""
    failed = {(interface.name, address) for interface in facts.interfaces for address in interface.duplicated}
    named = (*network.addresses, *sorted(network.left, key=str))
    return tuple(each for each in named if (each.interface, each.address.ip) in failed)


def still_asked(facts: Facts, before: Facts) -> Facts:
    """Return the facts in which an address that was another machine's too stays so while the kernel asks again."""
    known = {interface.name: interface.duplicated for interface in before.interfaces}
    interfaces = tuple(
        replace(each, duplicated=each.duplicated | (each.tentative & known.get(each.name, frozenset())))
        for each in facts.interfaces
    )
    return replace(facts, interfaces=interfaces)


def duplicate_words(address: PlannedAddress) -> str:
    """Return the sentence about one."""
    return f"another machine has {address.address.ip} too, so {address.interface} does not use it"
