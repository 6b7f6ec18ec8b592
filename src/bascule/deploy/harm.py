"""Whether a deployment takes hosts out that were well: its own doing, until the opposite is shown. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bascule.plan.model import HostState, Plan, PoolHost, ProbeTarget, RelayPlan
from bascule.plan.orders import Duty

States: TypeAlias = Mapping[ProbeTarget, HostState]


@dataclass(frozen=True, slots=True)
class Situation:
    """A plan, and what the checks said of its hosts, whether that was believed or not."""

    plan: Plan
    states: States


def harmed(before: Situation, after: Situation) -> Sequence[str]:
    """Return the hosts that were up, are down now, and whose relay, path or check the deployment has touched.

    What an administrator has ordered of a host is nobody's harm.
    """
    found = [
        f"{host.label} in {relay.title}"
        for relay in after.plan.relays
        if (olds := _olds(relay, before.plan)) and all(_path(old) != _path(relay) for old in olds)
        for host in relay.pool.hosts
        if _checked(host, after.states) is HostState.DOWN and _was_up(olds, host, before.states)
    ]
    return list(dict.fromkeys(found))


def _olds(relay: RelayPlan, before: Plan) -> Sequence[RelayPlan]:
    """Return what the relay was, for the same clients."""
    return [
        old
        for old in before.relays
        if (old.name, old.version, old.transport) == (relay.name, relay.version, relay.transport)
    ]


def _path(relay: RelayPlan) -> tuple[object, ...]:
    """Return what decides whether a host can be reached and is found well."""
    hosts = frozenset((host.endpoint, host.target) for host in relay.pool.hosts)
    return relay.kind, relay.engine, relay.listens, relay.interface, relay.sources, hosts


def _was_up(olds: Sequence[RelayPlan], host: PoolHost, states: States) -> bool:
    return any(
        each.endpoint.address == host.endpoint.address and _checked(each, states) is HostState.UP
        for old in olds
        for each in old.pool.hosts
    )


def _checked(host: PoolHost, states: States) -> HostState:
    """Return what the checks say of a host that serves by nobody's order."""
    if host.target is None or host.duty is not Duty.SERVES:
        return HostState.UNKNOWN
    return states.get(host.target, HostState.UNKNOWN)
