"""What is wrong or doubtful about how clients are spread: modes, fallbacks, affinity groups."""

from collections.abc import Iterator

from bascule.config.diagnostics import Diagnostic
from bascule.config.model import EngineName, LoadBalancer, Mode, Relay


def modes(relay: Relay) -> Iterator[Diagnostic]:
    """Yield what does not fit together in the `forward to` lines of a relay."""
    first = relay.forward
    for fallback in relay.fallbacks:
        if fallback.mode is not first.mode:
            what = (
                f'relay "{relay.name}" spreads clients by {first.mode}, its fallback <{fallback.table}> by {fallback.mode}'
            )
            yield Diagnostic.error(fallback.span, what, f"write `mode {first.mode}` in both lines")
    if first.mode is Mode.LEAST_STATES and relay.engine is EngineName.PROXY:
        why = "its processes do not know each other's sessions"
        what = f'relay "{relay.name}" cannot have mode least-states in the proxy: {why}'
        yield Diagnostic.error(first.span, what, "write `engine kernel`, or `mode roundrobin`")
    if first.slow_start and first.mode is not Mode.LEAST_STATES:
        what = f'slow start of relay "{relay.name}" has no effect with mode {first.mode}'
        yield Diagnostic.warning(first.span, what, "it ramps the share of a host that comes back with `mode least-states`")


def affinity(balancer: LoadBalancer) -> Iterator[Diagnostic]:
    """Yield members of a group whose table has another key than the group, and groups of one."""
    groups: dict[str, list[Relay]] = {}
    for relay in balancer.relays:
        if relay.affinity:
            groups.setdefault(relay.affinity, []).append(relay)
    for name, members in groups.items():
        first = members[0]
        if len(members) == 1:
            what = f'affinity "{name}" has one member, relay "{first.name}": it ties nothing together'
            yield Diagnostic.warning(first.span, what, f'write `affinity "{name}"` in the other relays too')
        key = balancer.table(first.forward.table).key
        for relay in members[1:]:
            table = balancer.table(relay.forward.table)
            if table.key != key:
                what = (
                    f'relay "{relay.name}" uses the key of affinity "{name}", {key:08x}, '
                    f"and not that of its table <{table.name}>, {table.key:08x}"
                )
                yield Diagnostic.warning(relay.span, what, f"write `key {key:08x}` in table <{table.name}>")
