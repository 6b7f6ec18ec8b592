"""What is forwarded by our doing, and what a client meets when no host is up."""

from collections.abc import Iterator, Mapping, Sequence

from bascule.config.model import OnEmpty, Transport
from bascule.engines.nftables.names import Refusal, comment, refusal_counter, refuse_chain
from bascule.engines.nftables.rules.endpoints import place, verdict_map
from bascule.engines.nftables.rules.limits import closed, full_hosts
from bascule.engines.nftables.rules.words import LISTENING, MARKS, NFPROTO, NOT_SYN, VERSIONS, both
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import Plan, RelayPlan


def filter_chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains behind the choice of a host."""
    versions = {relay.version for relay in relays}
    closed = [version for version in VERSIONS if version in versions and version not in plan.routed_before]
    chains = {
        "c_forward": Chain(
            "type filter hook forward priority filter - 5; policy accept;",
            (
                f"tcp flags syn ct status dnat {MARKS} tcp option maxseg size set rt mtu",
                *full_hosts(relays),
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
        **_refusals(relays),
    }
    if 6 in versions:  # noqa: PLR2004 - IP version
        redirects = f"icmpv6 type nd-redirect drop {comment('never tell a client of one segment to skip us')}"
        chains["c_icmp"] = Chain("type filter hook output priority filter - 5; policy accept;", (redirects,))
    return chains


def refusal_maps(relays: Sequence[RelayPlan], version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the map from listening places of one IP version to what answers their clients where no host takes them."""
    verdicts = {place(end): f"goto {refuse_chain(relay)}" for relay in relays for end in relay.listens}
    yield f"m_refuse{version}", verdict_map(version, verdicts)


def _refusals(relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return what answers for services without a host, before a state is kept: one to nowhere would hold UDP clients."""
    return {
        "c_refuse": Chain(rules=tuple(both(f"{LISTENING} vmap @m_refuse{{v}}"))),
        **{refuse_chain(relay): Chain(rules=(*closed(relay), _refusal(relay))) for relay in relays},
    }


def _refusal(relay: RelayPlan) -> str:
    counted = f'counter name "{refusal_counter(relay, Refusal.NO_HOST)}"'
    said = comment(f"{relay.title}: no host takes it")
    if relay.on_empty is OnEmpty.DROP:
        return f"{counted} drop {said}"
    if relay.transport is Transport.TCP:
        return f"meta l4proto tcp {counted} reject with tcp reset {said}"
    return f"{counted} reject {said}"
