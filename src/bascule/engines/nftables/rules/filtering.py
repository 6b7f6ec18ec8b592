"""What is forwarded by our doing, and what a client meets when no host is up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bascule.config.model import EngineName, OnEmpty, Transport
from bascule.engines.nftables.names import Refusal, comment, refusal_counter, refuse_chain
from bascule.engines.nftables.rules.endpoints import taken_places, verdict_map
from bascule.engines.nftables.rules.firewall.forwards import not_led
from bascule.engines.nftables.rules.firewall.hooks import CLAMP, going_through, staying
from bascule.engines.nftables.rules.limits import closed, full_hosts
from bascule.engines.nftables.rules.translation import entrance
from bascule.engines.nftables.rules.words import LISTENING, MARKS, NFPROTO, NOT_SYN, VERSIONS, both
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import Plan, RelayPlan

_INPUT: Final = "type filter hook input priority filter - 5; policy accept;"


def filter_chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains behind the choice of a host."""
    versions = {relay.version for relay in relays}
    closed = [version for version in VERSIONS if version in versions and version not in plan.routed_before]
    firewall = plan.firewall
    usual = ("ct state established,related,untracked accept", f"{NOT_SYN} socket wildcard 0 accept", "goto c_refuse")
    chains = {
        "c_forward": Chain(
            "type filter hook forward priority filter - 5; policy accept;",
            (
                f"tcp flags syn ct status dnat {MARKS} {CLAMP}",
                *full_hosts(relays),
                f"ct status dnat {MARKS} accept",
                *(_unjudged(closed) if firewall is None else going_through(firewall, relays)),
            ),
        ),
        **(
            {"c_in": Chain(_INPUT, usual)}
            if firewall is None
            else staying(_INPUT, usual, relays, plan.of(EngineName.PROXY))
        ),
        **_refusals(relays, judged=firewall is not None),
    }
    if 6 in versions:  # noqa: PLR2004 - IP version
        redirects = f"icmpv6 type nd-redirect drop {comment('never tell a client of one segment to skip us')}"
        chains["c_icmp"] = Chain("type filter hook output priority filter - 5; policy accept;", (redirects,))
    return chains


def _unjudged(closed: Sequence[int]) -> Iterator[str]:
    """Yield what becomes of packets that no relay carries where there is no firewall."""
    yield "ct state new jump c_refuse"
    for version in closed:
        yield f"meta nfproto {NFPROTO[version]} counter drop {comment('this machine was no router before')}"


def refusal_maps(relays: Sequence[RelayPlan], version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the map from listening places of one IP version to what answers their clients where no host takes them."""
    verdicts = {where: f"goto {refuse_chain(relay)}" for where, relay in taken_places(relays).items()}
    yield f"m_refuse{version}", verdict_map(version, verdicts)


def _refusals(relays: Sequence[RelayPlan], *, judged: bool) -> Mapping[str, Chain]:
    """Return what answers for services without a host, before a state is kept: one to nowhere would hold UDP clients.

    Where a firewall judges, clients that a relay does not take are left to it.
    """
    return {
        "c_refuse": Chain(rules=(*not_led(relays, "return"), *both(f"{LISTENING} vmap @m_refuse{{v}}"))),
        **{
            refuse_chain(relay): Chain(rules=(*(entrance(relay) if judged else ()), *closed(relay), _refusal(relay)))
            for relay in relays
        },
    }


def _refusal(relay: RelayPlan) -> str:
    counted = f'counter name "{refusal_counter(relay, Refusal.NO_HOST)}"'
    said = comment(f"{relay.title}: no host takes it")
    if relay.on_empty is OnEmpty.DROP:
        return f"{counted} drop {said}"
    if relay.transport is Transport.TCP:
        return f"meta l4proto tcp {counted} reject with tcp reset {said}"
    return f"{counted} reject {said}"
