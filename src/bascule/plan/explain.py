"""Says which relay, table and host would take a client, and why, by walking a plan.

What is said comes from the same slots that the engines carry out, so that the words and the traffic agree.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from bascule.config.model import Address, EngineName, Mode, OnEmpty
from bascule.plan.compile import redeal
from bascule.plan.grounds import Grounds
from bascule.plan.judged import passage
from bascule.plan.model import NO_HOST, Endpoint, HostState, Plan, Pool, PoolHost, ProbeTarget, RelayPlan
from bascule.plan.orders import Duty
from bascule.plan.question import Explanation, Question
from bascule.plan.selection import slot_of, slot_of_service
from bascule.plan.slots import HASHED, Rankings

States: TypeAlias = Mapping[ProbeTarget, HostState]

_ENDINGS: Final = {OnEmpty.RESET: "the connection is reset", OnEmpty.DROP: "packets are dropped"}


@dataclass(frozen=True, slots=True)
class Known:
    """What an explanation goes by besides the plan."""

    states: States
    rankings: Rankings


def suppose(plan: Plan, *, down: Collection[str] = (), states: States | None = None, rankings: Rankings) -> Plan:
    """Return the plan as it would be with some hosts down, named as `named` knows them.

    The others are as `states` says; None supposes them up.
    """
    hosts = [host for relay in plan.relays for host in relay.pool.hosts]
    supposed = {host.target: HostState.UP for host in hosts if host.target is not None} if states is None else dict(states)
    for host in hosts:
        if host.target is not None and any(named(host, name) for name in down):
            supposed[host.target] = HostState.DOWN
    return redeal(replace(plan, relays=tuple(_without(relay, down) for relay in plan.relays)), supposed, rankings)


def strangers(plan: Plan, names: Collection[str]) -> Sequence[str]:
    """Return those of the names that are no host of the plan."""
    hosts = [host for relay in plan.relays for host in relay.pool.hosts]
    return [name for name in names if not any(named(host, name) for host in hosts)]


def named(host: PoolHost, name: str) -> bool:
    """Tell whether an operator who says `name` means this host: its name, its address, or address and port."""
    return called(host.label, host.endpoint.address, name) or name == str(host.endpoint)


def called(label: str, address: Address, name: str) -> bool:
    """Tell whether a host is called so: by its label, its address, or the name of which it is one of several hosts."""
    return name in {label, label.removesuffix(f"/{address}"), str(address)}


def explain(
    plan: Plan, question: Question, *, states: States | None = None, rankings: Rankings, grounds: Grounds | None = None
) -> Explanation:
    """Return who takes a client and why; `states` tells the hosts that are down from those not probed yet.

    `grounds` are those of the plan, or of the one that it was supposed from; None where there is no firewall.
    """
    known = Known(states or {}, rankings)
    if grounds is not None:
        judged = passage(question, replace(grounds, plan=plan))
        if judged.taker is None or judged.met is None:
            return judged.said
        chosen = _chosen(judged.said, judged.taker, judged.met, question, known)
        return replace(chosen, reason=f"{judged.said.reason}; {chosen.reason}")
    nothing = Explanation(client=str(question.client), port=question.port, reason="")
    listening = _listening(plan, question)
    if not listening:
        return replace(nothing, reason=f"no relay listens on {_place(question)}: packets are not judged")
    relay, listen = listening[0]
    if any(other is not relay for other, _ in listening):
        choice = ", ".join(f"{other.name} at {endpoint.address}" for other, endpoint in listening)
        return replace(
            nothing, reason=f"several relays listen on port {question.port}, choose the address with --to: {choice}"
        )
    return _chosen(replace(nothing, to=str(listen.address)), relay, replace(listen, port=question.port), question, known)


def _chosen(found: Explanation, relay: RelayPlan, met: Endpoint, question: Question, known: Known) -> Explanation:
    """Return what is found with the relay that takes the client at a place, and the host that it has for it."""
    found = replace(
        found,
        relay=relay.name,
        table=relay.pool.table,
        rule=relay.title if relay.engine is EngineName.KERNEL else None,
        path=relay.engine.value,
    )
    if all(index == NO_HOST for index in relay.pool.slots):
        return replace(found, reason=_empty(relay))
    if relay.pool.mode in HASHED:
        found = _by_client(found, relay.pool, met, question.client, known)
    else:
        found = _in_turn(found, relay.pool, met)
    remembered = "; a client that is remembered keeps its host (sticky-address)" if relay.sticky is not None else ""
    return replace(found, reason=found.reason + remembered)


def _without(relay: RelayPlan, down: Collection[str]) -> RelayPlan:
    """Return a relay in which hosts that nothing checks, and so no state can take down, have no weight."""
    hosts = tuple(
        replace(host, weight=0) if host.target is None and any(named(host, name) for name in down) else host
        for host in relay.pool.hosts
    )
    return replace(relay, pool=replace(relay.pool, hosts=hosts))


def _listening(plan: Plan, question: Question) -> Sequence[tuple[RelayPlan, Endpoint]]:
    """Return the relays that a connection of this client may meet, with where each listens."""
    return [
        (relay, endpoint)
        for relay in plan.relays
        for endpoint in relay.listens
        if question.port in endpoint.ports
        and endpoint.transport == question.protocol
        and endpoint.address.version == question.client.version
        and question.to in {None, endpoint.address}
        and (question.interface is None or relay.interface in {"", question.interface})
    ]


def _place(question: Question) -> str:
    """Return the place nobody listens at: `10.2.0.50 tcp port 443`, `tcp port 443 over IPv6`."""
    place = f"{question.protocol} port {question.port}"
    return f"{place} over IPv{question.client.version}" if question.to is None else f"{question.to} {place}"


def _empty(relay: RelayPlan) -> str:
    table = f"table <{relay.pool.table}>"
    if not relay.pool.hosts:
        cause = f"{table} has no hosts"
    elif any(host.full for host in relay.pool.hosts):
        cause = f"every host of {table} that is up is full"
    elif any(host.weight for host in relay.pool.hosts):
        cause = f"no host of {table} is up"
    else:
        cause = f"every host of {table} has weight 0"
    return f"{cause}: {_ENDINGS[relay.on_empty]} (on empty {relay.on_empty})"


def _by_client(found: Explanation, pool: Pool, met: Endpoint, client: Address, known: Known) -> Explanation:
    """Explain a choice that the client's address, alone or with where it connects to, decides."""
    slot = slot_of(client, key=pool.key)
    if pool.mode is Mode.LOADBALANCE:
        slot = slot_of_service(client, met.address, met.port, key=pool.key)
    taken = pool.slots[slot]
    host = pool.hosts[taken]
    order = known.rankings.order(slot, pool.key, pool.hosts, host.tier)
    passed = [pool.hosts[index] for index in order[: order.index(taken)]]
    reason = f"slot {slot} of table <{host.table or pool.table}>, "
    if host.tier:
        reason = f"no host of the tables before is up, {reason}"
    if passed:
        first, *others = [f"{each.label} {_absence(each, known.states)}" for each in passed]
        reason += ", ".join([f"first choice {first}", *others, f"{host.label} is next"])
    else:
        reason += f"first choice {host.label}"
    return replace(
        found, slot=slot, table=host.table or pool.table, host=host.label, address=_reached(host, met), reason=reason
    )


def _reached(host: PoolHost, met: Endpoint) -> str:
    """Return where the connection goes: to the port asked for where the host's is none of its own."""
    return str(replace(host.endpoint, port=host.endpoint.port or met.port))


def _absence(host: PoolHost, states: States) -> str:
    if host.duty is not Duty.SERVES:
        return f"is {host.duty}"
    if host.full:
        return f"is full (max sessions {host.max_sessions})"
    state = HostState.DOWN if host.target is None else states.get(host.target, HostState.DOWN)
    return {
        HostState.UNKNOWN: "is not known to be up yet",
        HostState.UP: "is down for another service of its group",
        HostState.DOWN: "is down",
        HostState.MAINTENANCE: "is in Exchange maintenance",
    }[state]


def _in_turn(found: Explanation, pool: Pool, met: Endpoint) -> Explanation:
    """Explain a choice that does not depend on the client."""
    live_hosts = [pool.hosts[index] for index in sorted(set(pool.slots) - {NO_HOST})]
    if len(live_hosts) == 1:
        only = live_hosts[0]
        reason = f"{only.label} is the only host of table <{pool.table}> that takes clients"
        return replace(found, host=only.label, address=_reached(only, met), reason=reason)
    how = {Mode.RANDOM: "at random", Mode.LEAST_STATES: "with the fewest sessions"}.get(pool.mode, "in turn")
    labels = ", ".join(host.label for host in live_hosts)
    return replace(found, reason=f"any live host of table <{pool.table}> {how}: {labels}")
