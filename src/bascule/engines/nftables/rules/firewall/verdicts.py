"""What becomes of a packet that a rule has decided on: it is counted, and passes, or does not; the rest needs a chain."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bascule.config.firewall import Action, SourceLimit
from bascule.engines.nftables.names import comment
from bascule.engines.nftables.rules.firewall.asked import Asked
from bascule.engines.nftables.rules.firewall.names import (
    counter,
    over_chain,
    overloaded_set,
    rate_set,
    sessions_set,
    verdict_chain,
)
from bascule.engines.nftables.rules.words import ADDRESS, FAMILY, FORWARDED, NOT_SYN, SYN, VERSIONS, burst, duration
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.system.packet_log import NFLOG_GROUP

_SOURCES: Final = 65536
"""Sources that one set counts."""
_LOG_RATE: Final = "limit rate 100/second"
_REJECT: Final = "goto c_fw_reject"
_PLAIN: Final = {Action.PASS: "accept", Action.BLOCK: "drop", Action.REJECT: _REJECT}


def decided(asked: Asked, version: int) -> str:
    """Return what a rule does with a packet that it matches."""
    does = f"goto {verdict_chain(asked.ident, version)}" if _more(asked) else _PLAIN[asked.plan.rule.action]
    return f'counter name "{counter(asked.ident)}" {does}'


def _more(asked: Asked) -> bool:
    rule = asked.plan.rule
    return rule.log or rule.limit is not None or asked.forwards


def verdict_chains(asked: Sequence[Asked]) -> Mapping[str, Chain]:
    """Return the chains of the rules that do more, and the one that all rejected packets come to."""
    told = comment("rejected by the firewall")
    chains = {"c_fw_reject": Chain(rules=(f"meta l4proto tcp reject with tcp reset {told}", f"reject {told}"))}
    for each in asked:
        for version in VERSIONS if _more(each) else ():
            if each.of(version):
                chains[verdict_chain(each.ident, version)] = Chain(rules=tuple(_steps(each, version)))
                if each.plan.rule.limit is not None:
                    over = tuple(_over(each.plan.rule.limit, version))
                    chains[over_chain(each.ident, version)] = Chain(rules=over)
    return chains


def _steps(asked: Asked, version: int) -> Iterator[str]:
    rule = asked.plan.rule
    if rule.log:
        for begun in ("ct state new", f"ct state untracked {SYN}"):  # the second at the admin port
            yield f'{begun} {_LOG_RATE} log prefix "{asked.ident}" group {NFLOG_GROUP}'
    if rule.limit is not None:
        yield "ct status confirmed accept"  # sent again, or one more datagram before there is an answer
    if asked.forwards:
        yield FORWARDED.replace("mark", "mark set")
    if rule.limit is not None:
        yield f"{NOT_SYN} accept"  # it begins no session: picked up in mid-stream, or none is kept of it
        yield from _limits(asked.ident, rule.limit, version)
    yield _PLAIN[rule.action]


def _limits(ident: str, limit: SourceLimit, version: int) -> Iterator[str]:
    source, over = f"{FAMILY[version]} saddr", f"goto {over_chain(ident, version)}"
    if limit.rate is not None:
        rate = f"limit rate over {limit.rate}/second{burst(limit.rate)}"
        yield f"update @{rate_set(ident, limit.rate, version)} {{ {source} timeout 1m {rate} }} {over}"
    if limit.sessions is not None:
        count = f"ct count over {limit.sessions}"
        yield f"add @{sessions_set(ident, limit.sessions, version)} {{ {source} {count} }} {over}"


def _over(limit: SourceLimit, version: int) -> Iterator[str]:
    if limit.overload:
        time = duration(int(limit.overload_for.total_seconds()))
        yield f"update @{overloaded_set(limit.overload, version)} {{ {FAMILY[version]} saddr timeout {time} }}"
    yield "drop"


def limit_sets(asked: Sequence[Asked]) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of sources that rules count; what one has no room for is let in uncounted."""
    for each in asked:
        limit = each.plan.rule.limit
        for version in VERSIONS if limit is not None else ():
            kind = f"type {ADDRESS[version]}; size {_SOURCES}; flags dynamic"
            if limit is None or not each.of(version):
                continue
            if limit.rate is not None:
                yield rate_set(each.ident, limit.rate, version), NamedSet(f"{kind},timeout", dynamic=True)
            if limit.sessions is not None:
                yield sessions_set(each.ident, limit.sessions, version), NamedSet(kind, dynamic=True)
