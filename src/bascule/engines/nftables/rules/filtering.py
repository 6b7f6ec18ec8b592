"""What is forwarded by our doing, and what a client meets when no host is up."""

from collections.abc import Mapping, Sequence

from bascule.engines.nftables.names import comment
from bascule.engines.nftables.rules.words import LISTENING, MARKS, NFPROTO, NOT_SYN, VERSIONS, both
from bascule.engines.nftables.ruleset import Chain
from bascule.plan.model import Plan, RelayPlan


def filter_chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains behind the choice of a host."""
    versions = {relay.version for relay in relays}
    closed = [version for version in VERSIONS if version in versions and version not in plan.routed_before]
    chains = {
        "c_size": Chain(
            "type filter hook forward priority mangle; policy accept;",
            (f"ct status dnat {MARKS} tcp flags syn tcp option maxseg size set rt mtu",),
        ),
        "c_forward": Chain(
            "type filter hook forward priority filter - 5; policy accept;",
            (
                f"ct status dnat {MARKS} accept",
                "ct state new jump c_refuse",
                *(
                    f"meta nfproto {NFPROTO[version]} counter drop {comment('this machine was no router before')}"
                    for version in closed
                ),
            ),
        ),
        "c_in": Chain(
            "type filter hook input priority filter - 5; policy accept;",
            (
                "ct state established,related,untracked accept",
                f"{NOT_SYN} socket wildcard 0 accept",
                "goto c_refuse",
            ),
        ),
        "c_refuse": _refusal(),
    }
    if 6 in versions:  # noqa: PLR2004 - IP version
        redirects = f"icmpv6 type nd-redirect drop {comment('never tell a client of one segment to skip us')}"
        chains["c_icmp"] = Chain("type filter hook output priority filter - 5; policy accept;", (redirects,))
    return chains


def _refusal() -> Chain:
    """Return what answers for services without a host, before a state is kept: one to nowhere would hold UDP clients."""
    said = comment("no host is up")
    return Chain(
        rules=(
            *both(f"{LISTENING} @s_silent{{v}} counter drop {said}"),
            *both(f"{{ip}} daddr . meta l4proto . tcp dport @s_vip{{v}} counter reject with tcp reset {said}"),
            *both(f"{LISTENING} @s_vip{{v}} counter reject with {{refusal}} {said}"),
        )
    )
