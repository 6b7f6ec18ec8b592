"""Names of our sets, maps and chains, made from the names that operators gave.

Every name has a prefix of ours: some words are reserved (`fwd`), and nft knows no quoting for names.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from zlib import crc32

from bascule.config.model import Transport
from bascule.plan.model import RelayPlan

_SAFE: Final = re.compile(r"[A-Za-z0-9_]{1,32}")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_PORTS: Final = 48


def relay_id(relay: RelayPlan) -> str:
    """Return a name that no other relay part has: `HTTPS.4.443`, `Outlook_2010.5f1d3b7a.6.59532`, `web.4.80_443`.

    Dots part it, since a safe name holds none; a long list of ports is told by its hash: a name has room for 255 bytes.
    """
    places = {(end.port, end.last) for end in relay.listens}
    ports = "_".join(f"{port}to{last}" if last else str(port) for port, last in sorted(places))
    if len(ports) > _LONGEST_PORTS:
        ports = f"ports.{crc32(ports.encode()):08x}"
    over = "" if relay.transport is Transport.TCP else f"{relay.transport}."
    through = f".through.{crc32(relay.interface.encode()):08x}" if relay.interface else ""
    return f"{safe(relay.name)}.{relay.version}.{over}{ports}{through}"


def service_id(relay: RelayPlan) -> str:
    """Return a name that all parts of a relay share that are of one IP version and transport, as their marks do."""
    over = "" if relay.transport is Transport.TCP else f".{relay.transport}"
    return f"{safe(relay.name)}.{relay.version}{over}"


def safe(name: str) -> str:
    """Return a name as nft takes it: itself where that is possible, else what is left of it and its checksum."""
    return name if _SAFE.fullmatch(name) else f"{_UNSAFE.sub('_', name)[:24]}.{crc32(name.encode()):08x}"


def slots_map(relay: RelayPlan) -> str:
    """Return the name of the map from slots to the marks of hosts."""
    return f"m_slots_{relay_id(relay)}"


def relay_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that translates a relay's new sessions."""
    return f"c_relay_{relay_id(relay)}"


def range_set(relay: RelayPlan) -> str:
    """Return the name of the set of marks whose sessions leave from a range of addresses."""
    return f"s_range_{relay_id(relay)}"


def sticky_map(relay: RelayPlan) -> str:
    """Return the name of the map from clients to marks, which all parts of a service and of an affinity group share."""
    shared = f"group.{safe(relay.affinity)}" if relay.affinity else safe(relay.name)
    return f"m_sticky_{shared}.{relay.version}"


def stay_map(relay: RelayPlan) -> str:
    """Return the name of the map from marks that clients were remembered with to the relay's own."""
    return f"m_stay_{relay_id(relay)}"


def destination_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that sends clients whose mark is chosen to its host."""
    return f"c_to_{relay_id(relay)}"


def refresh_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that keeps clients remembered: one for each map and time."""
    return f"c_refresh_{sticky_map(relay).removeprefix('m_sticky_')}.{relay.sticky}"


class Refusal(StrEnum):
    """Why clients of a relay are refused; each is counted by a counter of its own."""

    NO_HOST = "nohost"
    """No host takes clients."""
    FULL = "full"
    """The host has all the sessions that it may have."""
    SOURCE_SESSIONS = "sessions"
    """The client has all the sessions that it may have."""
    SOURCE_RATE = "rate"
    """The client comes too often."""
    HALF_OPEN = "halfopen"
    """Too many sessions are begun and not completed."""


def refusal_counter(relay: RelayPlan, why: Refusal) -> str:
    """Return the name of the counter of clients that are refused for one reason."""
    return f"n_{why}_{service_id(relay)}"


def limit_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that new sessions pass where a relay has limits."""
    return f"c_limit_{relay_id(relay)}"


def refuse_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that refuses a relay's clients where no host takes them."""
    return f"c_refuse_{relay_id(relay)}"


def rate_set(relay: RelayPlan) -> str:
    """Return the name of the set of clients and how often they came; it names the limit, which its elements carry."""
    return f"s_rate_{service_id(relay)}.{relay.limits.source_rate}"


def source_set(relay: RelayPlan) -> str:
    """Return the name of the set of clients and their sessions; it names the limit, which its elements carry."""
    return f"s_sessions_{service_id(relay)}.{relay.limits.source_sessions}"


def opening_set(relay: RelayPlan) -> str:
    """Return the name of the set of sessions that are begun and not completed; it names its size."""
    return f"s_opening_{service_id(relay)}.{relay.limits.half_open}"


def opened_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that takes completed sessions from that set."""
    return f"c_opened_{service_id(relay)}"


def full_set(table: str, version: int, limit: int) -> str:
    """Return the name of the set of a table's hosts and their sessions; it names the limit, which its elements carry."""
    return f"s_full_{safe(table)}.{version}.{limit}"


def full_chain(relay: RelayPlan, table: str, limit: int) -> str:
    """Return the name of the chain that refuses clients of a table's hosts that have so many sessions."""
    return f"c_full_{service_id(relay)}.{safe(table)}.{limit}"


def stranger_chain(relay: RelayPlan) -> str:
    """Return the name of the chain that tells a relay's clients from those that it does not take."""
    return f"c_stranger_{relay_id(relay)}"


def chains_of(relay: RelayPlan) -> Iterator[str]:
    """Yield the names of all chains that a relay may have of its own."""
    for chain in (relay_chain, destination_chain, limit_chain, refuse_chain, opened_chain, stranger_chain):
        yield chain(relay)
    limits = {(host.table, host.max_sessions) for host in relay.pool.hosts}
    yield from (full_chain(relay, table, limit) for table, limit in limits if limit is not None)


def timeout_policy(seconds: int) -> str:
    """Return the name of a conntrack time-out policy, which says its content: policies cannot be changed in place."""
    return f"ct_tcp_{seconds}"


def plain(text: str) -> str:
    """Return what of a text nft can carry in a comment: its listing does not escape quotes, and 127 bytes are kept."""
    return "".join(char if char.isprintable() and char.isascii() and char not in '"\\' else "?" for char in text)[:100]


def comment(text: str) -> str:
    """Return a rule's comment."""
    return f'comment "{plain(text)}"'
