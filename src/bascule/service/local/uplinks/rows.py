"""What `show` and `status` tell of routers."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bascule.plan.model import Gateway, HostState, PlannedRoute, RouterPlan
from bascule.plan.uplinks import leading
from bascule.service.local.rows import check_words
from bascule.service.local.running import Running
from bascule.service.local.uplinks.news import any_up, staying
from bascule.service.results import GatewayRow, HostStatus, RelayStatus, RouterRow


def uplink_findings(running: Running) -> Sequence[str]:
    """Return a sentence for each gateway that is down, and for each router of which none is up."""
    return [words for router in running.plan.routers for words in _findings(router, running)]


def router_rows(running: Running, now: float) -> Sequence[RouterRow]:
    """Return the routers as they are; `now` is the clock that the states of gateways are kept by."""
    return [_row(router, running, now) for router in running.plan.routers]


def _findings(router: RouterPlan, running: Running) -> Iterator[str]:
    states = running.belief.states
    for gateway in router.gateways:
        if gateway.target is not None and gateway.state(states) is HostState.DOWN:
            yield f"router {router.name}: gateway {gateway} is down: {running.hosts.records[gateway.target].reason}"
    if not any_up(router, states):
        yield f"router {router.name}: no gateway is up: {staying(router, running.plan)}"


def _row(router: RouterPlan, running: Running, now: float) -> RouterRow:
    routes = leading(router, running.plan.network).values()
    target = next((gateway.target for gateway in router.gateways if gateway.target is not None), None)
    return RouterRow(
        name=router.name,
        status=RelayStatus.ACTIVE if any_up(router, running.belief.states) else RelayStatus.DOWN,
        routes=tuple(str(destination) for destination in router.destinations),
        check="" if target is None else check_words(target.check),
        gateways=tuple(_gateway(gateway, routes, running, now) for gateway in router.gateways),
    )


def _gateway(gateway: Gateway, routes: Collection[PlannedRoute], running: Running, now: float) -> GatewayRow:
    record = None if gateway.target is None else running.hosts.records.get(gateway.target)
    state = gateway.state(running.belief.states)
    return GatewayRow(
        name=gateway.label,
        address=str(gateway.address),
        interface=gateway.interface,
        status=HostStatus(state.value),
        leads=tuple(str(route.destination) for route in routes if route.gateway == gateway.address),
        reason="" if record is None or state is HostState.UP else record.reason or "not checked yet",
        since=None if record is None else datetime.now(UTC) - timedelta(seconds=now - record.since),
        checks_up=0 if record is None else record.ups,
        checks_all=0 if record is None else record.checks,
    )
