"""What is another than before about routers: gateways that are up or down, and routes that lead by another. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bascule.health.states import HostStates
from bascule.plan.model import Gateway, HostState, Plan, PlannedRoute, ProbeTarget, RouterPlan
from bascule.plan.uplinks import leading
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Subject
from bascule.service.local.news import News

States: TypeAlias = Mapping[ProbeTarget, HostState]


@dataclass(frozen=True, slots=True)
class Uplinks:
    """Routers at one moment."""

    plan: Plan
    states: States = field(default_factory=dict)


def uplink_news(before: Uplinks, after: Uplinks, hosts: HostStates) -> Iterator[News]:
    """Yield what there is to say of each gateway whose state, and each route whose gateway is another than it was."""
    for router in after.plan.routers:
        for gateway in router.gateways:
            if gateway.target is not None and gateway.state(after.states) is not gateway.state(before.states):
                yield _gateway_news(router, gateway, gateway.state(after.states), hosts.records[gateway.target].reason)
        if _lost(router, before.states, after.states):
            yield _news(router, f"no gateway is up: {staying(router, after.plan)}", Grade.WARNING, Subject(state="down"))
        old, new = leading(router, before.plan.network), leading(router, after.plan.network)
        for destination, route in new.items():
            if old.get(destination) != route:
                words = f"route {route.name} leads by {_label(router, route)} on {route.interface}"
                yield _news(router, words, Grade.INFO, Subject(address=str(route.gateway), state="active"))


def any_up(router: RouterPlan, states: States) -> bool:
    """Tell whether any gateway of a router is up."""
    return any(gateway.state(states) is HostState.UP for gateway in router.gateways)


def staying(router: RouterPlan, plan: Plan) -> str:
    """Return what becomes of the routes of a router of which no gateway is up."""
    routes = leading(router, plan.network)
    stay = [f"route {route.name} stays with {_label(router, route)}" for route in routes.values()]
    lack = [f"nothing leads to {destination}" for destination in router.destinations if destination not in routes]
    return " and ".join([*stay, *lack])


def _lost(router: RouterPlan, before: States, after: States) -> bool:
    """Tell whether no gateway is up since now, and that is known of all."""
    was = any(gateway.state(before) is not HostState.DOWN for gateway in router.gateways)
    return was and bool(router.gateways) and all(gateway.state(after) is HostState.DOWN for gateway in router.gateways)


def _label(router: RouterPlan, route: PlannedRoute) -> str:
    return next((str(each) for each in router.gateways if each.address == route.gateway), str(route.gateway))


def _gateway_news(router: RouterPlan, gateway: Gateway, state: HostState, why: str) -> News:
    reason = why if state is HostState.DOWN else ""
    subject = Subject(host=gateway.label, address=str(gateway.address), state=state, reason=reason)
    grade = Grade.INFO if state is HostState.UP else Grade.WARNING
    return _news(router, f"gateway {gateway} is {state}{reason and f': {reason}'}", grade, subject)


def _news(router: RouterPlan, words: str, grade: Grade, subject: Subject) -> News:
    return News(kind=EventKind.ROUTER, words=f"router {router.name}: {words}", grade=grade, subject=subject)
