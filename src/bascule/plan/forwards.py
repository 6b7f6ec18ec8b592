"""Where port forwards lead: to the relay in the kernel that listens there, or to an address of somebody else. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bascule.config.firewall import Ports, Protocol, Rule
from bascule.config.model import EngineName, Transport
from bascule.plan.firewall import RulePlan
from bascule.plan.model import Endpoint, ForwardedPlace, RelayPlan

_TRANSPORTS = {Protocol.TCP: Transport.TCP, Protocol.UDP: Transport.UDP}


def leading(rule: Rule, relays: Iterable[RelayPlan]) -> RulePlan:
    """Return a rule of the text with the relay that its port forward leads to, if there is one."""
    found = _taker(rule, relays)
    return RulePlan(rule=rule, relay="" if found is None else found[0].name)


def with_forwarded(relays: Sequence[RelayPlan], rules: Iterable[Rule]) -> tuple[RelayPlan, ...]:
    """Return the relays with the places whose clients the rules of a firewall send to them."""
    places: dict[int, list[ForwardedPlace]] = {}
    for rule in rules:
        found = _taker(rule, relays)
        if found is not None:
            relay, listen = found
            places.setdefault(relays.index(relay), []).append(ForwardedPlace(place=_place(rule, listen), listen=listen))
    return tuple(
        replace(relay, forwarded=tuple(dict.fromkeys(places[index]))) if index in places else relay
        for index, relay in enumerate(relays)
    )


def _taker(rule: Rule, relays: Iterable[RelayPlan]) -> tuple[RelayPlan, Endpoint] | None:
    """Return who listens in the kernel where a forward leads: for clients of the rule's zone, else for any.

    Whom the relay takes otherwise does not matter: that it is asked at all is the rule's decision.
    """
    if rule.forward is None:
        return None
    listening = [
        (relay, listen)
        for relay in relays
        if relay.engine is EngineName.KERNEL
        for listen in relay.listens
        if _leads(rule, listen)
    ]
    zone = rule.zone or rule.source.zone
    fitting = [found for found in listening if zone and found[0].zone == zone]
    return next(iter(fitting or listening), None)


def _leads(rule: Rule, listen: Endpoint) -> bool:
    """Return whether a rule sends its packets to where somebody listens.

    A listener of many ports hands on the port that the client asked for, so that the forward must keep it.
    """
    forward, asked = rule.forward, rule.to.ports
    if forward is None or asked is None or rule.protocol not in _TRANSPORTS:
        return False
    target = asked if forward.port is None else Ports(forward.port, forward.port)
    return (
        forward.address == listen.address
        and _TRANSPORTS[rule.protocol] is listen.transport
        and target.first in listen.ports
        and target.last in listen.ports
        and (target == asked or (not listen.last and asked.first == asked.last))
    )


def _place(rule: Rule, listen: Endpoint) -> Endpoint:
    """Return where the clients of a forward connect to."""
    to, asked = rule.to.network, rule.to.ports
    assert to is not None, "the language asks a forward for an address"
    assert asked is not None, "and for a port"
    last = asked.last if asked.last != asked.first else 0
    return Endpoint(to.network_address, asked.first, last, listen.transport)
