"""Which network settings kernel relays and a firewall need, and why (Linux: ip-sysctl, nf_conntrack-sysctl)."""

from collections.abc import Collection, Mapping, Sequence

from bascule.config.facts import Facts
from bascule.plan.model import MarkOwner, RelayPlan

_ALL = "net.ipv4.conf.all"

_LOOSE = "net.netfilter.nf_conntrack_tcp_loose"

_LONGEST = 7200
"""Seconds that sessions of relays that have gone may still be idle: the longest session timeout where nothing is said."""


def settings(relays: Sequence[RelayPlan], kept: Collection[MarkOwner], facts: Facts) -> Mapping[str, str]:
    """Return the settings that these kernel relays need, by their dotted names.

    `kept` are the owners of all marks in use: sessions of relays that have gone may live, and need the same. None are
    needed where there is neither.
    """
    if not relays and not kept:
        return {}
    versions = {relay.version for relay in relays} | {owner.endpoint.address.version for owner in kept}
    wanted = {
        # A session picked up in mid-stream, after this node took its address over, is a session.
        _LOOSE: "1",
        # "auto" reports the end of no session that began before somebody listened.
        "net.netfilter.nf_conntrack_events": "1",
        "net.netfilter.nf_conntrack_acct": "1",
        "net.netfilter.nf_conntrack_timestamp": "1",
        # The floor of every session that lost its own time-out.
        "net.netfilter.nf_conntrack_tcp_timeout_established": str(
            max((relay.session_timeout for relay in relays), default=_LONGEST)
        ),
    }
    if 4 in versions:  # noqa: PLR2004 - IP version
        wanted |= _version4(facts)
    return {**wanted, **forwarding(versions, facts)}


def judging() -> Mapping[str, str]:
    """Return the settings that a firewall needs, with relays or without."""
    # Sessions that began before anything was tracked go on: their next packet is none of a session known.
    return {_LOOSE: "1"}


def forwarding(versions: Collection[int], facts: Facts) -> Mapping[str, str]:
    """Return the settings that make the machine forward packets of some IP versions."""
    wanted: dict[str, str] = {}
    if 4 in versions:  # noqa: PLR2004 - IP version
        wanted["net.ipv4.ip_forward"] = "1"
    if 6 in versions:  # noqa: PLR2004 - IP version
        # Forwarding switches router advertisements off where accept_ra is 1, and the default route with them.
        wanted |= {
            name: "2"
            for name, value in facts.sysctls.items()
            if name.startswith("net.ipv6.conf.") and name.endswith(".accept_ra") and value in ("1", "2")
        }
        wanted["net.ipv6.conf.all.forwarding"] = "1"
    return wanted


def _version4(facts: Facts) -> dict[str, str]:
    wanted = {
        # Ask for a host's neighbour with an address of its segment, and answer for an address only where it lives.
        f"{_ALL}.arp_announce": "2",
        f"{_ALL}.arp_ignore": "1",
    }
    strict = any(name.endswith(".rp_filter") and value == "1" for name, value in facts.sysctls.items())
    if strict:  # answers may come back through another interface; the larger of "all" and the interface's own counts
        wanted[f"{_ALL}.rp_filter"] = "2"
    return wanted
