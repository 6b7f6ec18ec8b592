"""Names of the firewall's sets, chains and counters."""

from typing import Final

from bascule.engines.nftables.names import safe

ZONED: Final = "s_fw_zoned"
"""The set of interfaces that any zone names."""


def zone_set(zone: str, version: int) -> str:
    """Return the name of the set of what a zone has on interfaces that zones name."""
    return f"s_fw_zone_{safe(zone)}.{version}"


def rest_set(zone: str, version: int) -> str:
    """Return the name of the set of what a zone has on all other interfaces."""
    return f"s_fw_rest_{safe(zone)}.{version}"


def fixed_set(table: str, version: int) -> str:
    """Return the name of the set of a table's single addresses that the text, its files and commands hold."""
    return f"s_fw_f_{safe(table)}.{version}"


def networks_set(table: str, version: int) -> str:
    """Return the name of the set of a table's networks that the text, its files and commands hold."""
    return f"s_fw_n_{safe(table)}.{version}"


def overloaded_set(table: str, version: int) -> str:
    """Return the name of the set of a table's addresses that were over a limit: single ones, each with its time."""
    return f"s_fw_o_{safe(table)}.{version}"


def home_set(version: int) -> str:
    """Return the name of the set of networks, each with the interface that it is attached to."""
    return f"s_fw_home{version}"


def attached_set(version: int) -> str:
    """Return the name of the set of networks that are attached to any interface."""
    return f"s_fw_attached{version}"


def family_set(number: int) -> str:
    """Return the name of the set of the hosts of one family."""
    return f"s_fw_family{number}"


def asked_set(version: int) -> str:
    """Return the name of the set of places of port forwards."""
    return f"s_fw_asked{version}"


def forwarded_set(version: int) -> str:
    """Return the name of the set of places whose clients some port forward sends to a relay in the kernel."""
    return f"s_fw_forwarded{version}"


def stranger_map(version: int) -> str:
    """Return the name of the map from the places of relays that do not take everybody to what tells whom."""
    return f"m_fw_stranger{version}"


def run_set(ident: str, version: int) -> str:
    """Return the name of the set of what the rules of one run differ in."""
    return f"s_fw_run_{ident}.{version}"


def block_set(chain: str) -> str:
    """Return the name of the set of addresses that packets have which enter the chain of a block of rules."""
    return f"s_fw_of_{chain.removeprefix('c_fw_')}"


def rate_set(ident: str, rate: int, version: int) -> str:
    """Return the name of the set of sources and how often they came by a rule; its elements carry the limit."""
    return f"s_fw_rate_{ident}.{rate}.{version}"


def sessions_set(ident: str, sessions: int, version: int) -> str:
    """Return the name of the set of sources and their sessions by a rule; its elements carry the limit."""
    return f"s_fw_sessions_{ident}.{sessions}.{version}"


def counter(ident: str) -> str:
    """Return the name of the counter of packets that a rule, or a run of rules, has decided on."""
    return f"n_fw_{ident}"


def verdict_chain(ident: str, version: int) -> str:
    """Return the name of the chain of a rule that does more with a packet than to let it pass or to drop it."""
    return f"c_fw_do_{ident}.{version}"


def over_chain(ident: str, version: int) -> str:
    """Return the name of the chain of what is over a rule's limit."""
    return f"c_fw_over_{ident}.{version}"
