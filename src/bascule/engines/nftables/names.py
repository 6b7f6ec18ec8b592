"""Names of our sets, maps and chains, made from the names that operators gave.

Every name has a prefix of ours: some words are reserved (`fwd`), and nft knows no quoting for names.
"""

import re
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
    return f"{_safe(relay.name)}.{relay.version}.{over}{ports}{through}"


def _safe(name: str) -> str:
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
    shared = f"group.{_safe(relay.affinity)}" if relay.affinity else _safe(relay.name)
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


def timeout_policy(seconds: int) -> str:
    """Return the name of a conntrack time-out policy, which says its content: policies cannot be changed in place."""
    return f"ct_tcp_{seconds}"


def timeout_set(seconds: int, version: int) -> str:
    """Return the name of the set of listening endpoints with one session timeout."""
    return f"s_time_{seconds}_{version}"


def plain(text: str) -> str:
    """Return what of a text nft can carry in a comment: its listing does not escape quotes, and 127 bytes are kept."""
    return "".join(char if char.isprintable() and char.isascii() and char not in '"\\' else "?" for char in text)[:100]


def comment(text: str) -> str:
    """Return a rule's comment."""
    return f'comment "{plain(text)}"'
