"""What meets a packet without a state: the limits of its relay or, where it is a stray one, a reset or silence."""

from collections.abc import Iterator, Mapping, Sequence

from bascule.engines.nftables.names import comment
from bascule.engines.nftables.rules.firewall.forwards import not_led
from bascule.engines.nftables.rules.firewall.strangers import strangers_leave
from bascule.engines.nftables.rules.limits import limit_entrance
from bascule.engines.nftables.rules.words import ADDRESS, SYN, both
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import Plan, RelayPlan


def kept_sets(version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets that the daemon fills while it runs."""
    address = ADDRESS[version]
    four = f"type {address} . inet_service . {address} . inet_service"
    yield f"s_settled{version}", NamedSet(f"type {address}; flags timeout", dynamic=True)
    yield f"s_killed{version}", NamedSet(f"{four}; flags timeout", dynamic=True)


def guard_chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains that packets of no known session pass.

    What hosts of redirects send to clients is not judged: it cannot be told from sessions of their own.
    """
    killed = "{ip} saddr . tcp sport . {ip} daddr . tcp dport @s_killed{v} counter reject with tcp reset"
    settled = "meta l4proto tcp {ip} daddr @s_settled{v} counter reject with tcp reset"
    return {
        "c_guard": Chain(
            "type filter hook prerouting priority mangle; policy accept;",
            (
                "ct state != new accept",
                *not_led(relays, "accept"),
                *(strangers_leave(relays) if plan.firewall is not None else ()),
                *limit_entrance(relays),
                "meta l4proto != tcp accept",
                f"{SYN} accept",
                "socket wildcard 0 accept",
                *both(f"{killed} {comment('sessions that were ended')}"),
                *both("{ip} daddr . meta l4proto . tcp dport @s_vip{v} goto c_client"),
                *both("{ip} saddr . tcp sport @s_host{v} {ip} daddr @s_source{v} goto c_answer"),
            ),
        ),
        "c_client": Chain(rules=tuple(both(f"{settled} {comment('stray packets of clients')}"))),
        "c_answer": Chain(
            rules=(
                *both(f"{settled} {comment('stray packets of hosts')}"),
                f"counter drop {comment('hosts speak before their clients after a takeover')}",
            )
        ),
    }
