"""What `show` tells: the running plan with what the checks and the engines know of it, as rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, groupby, islice
from typing import Final

from bascule.config.model import (
    Address,
    Check,
    HttpCheck,
    IcmpCheck,
    MailCheck,
    RpcCheck,
    ScriptCheck,
    SendCheck,
    TcpCheck,
    TlsCheck,
    Transport,
)
from bascule.config.vdirs import ExchangeCheck
from bascule.health.states import Record
from bascule.plan.model import NO_HOST, Endpoint, HostState, Plan, PoolHost, RelayPlan
from bascule.plan.orders import Duty, Order
from bascule.service.local.remarks import host_remarks
from bascule.service.local.running import Running
from bascule.service.results import HostOrder, HostRow, HostStatus, RelayRow, Relays, RelayStatus, TableRow

_STATUS: Final = {Duty.DRAINED: HostStatus.DRAINED, Duty.DISABLED: HostStatus.DISABLED}

SessionCounts = Mapping[tuple[str, Endpoint], int]
"""Sessions now, by relay and host."""


def chosen(plan: Plan, only: str | None) -> Iterable[RelayPlan]:
    """Return the relays of a plan, or those of one name."""
    return plan.relays if only is None else (relay for relay in plan.relays if relay.name == only)


def relay_rows(
    running: Running, sessions: SessionCounts, now: float, *, most: int | None = None, only: str | None = None
) -> Relays:
    """Return relays with their tables and hosts: the first of them where there are more than `most`, or one by its name.

    `now` is the clock that the states of hosts are kept by.
    """
    view = _View(running, sessions, now)
    named = groupby(chosen(running.plan, only), key=lambda relay: relay.name)
    rows = tuple(view.relay(name, list(parts)) for name, parts in islice(named, most))
    total, _ = count_relays(running)
    return Relays(relays=rows, total=total, sessions=sum(sessions.values()))


class _View:
    """One look at everything, with one run of numbers over it, as relayctl has them."""

    def __init__(self, running: Running, sessions: SessionCounts, now: float) -> None:
        self._running = running
        self._sessions = sessions
        self._now = now
        self._ids = count(1)
        self._remarks = host_remarks(running.plan, running.hosts)

    def relay(self, name: str, parts: Sequence[RelayPlan]) -> RelayRow:
        number = next(self._ids)
        tables = tuple(self._table(name, parts, tier) for tier in _tiers(parts))
        return RelayRow(
            id=number,
            name=name,
            type=parts[0].kind,
            listens=tuple(str(endpoint) for part in parts for endpoint in part.listens),
            engine=parts[0].engine,
            status=RelayStatus.ACTIVE if any(_dealt(part) for part in parts) else RelayStatus.DOWN,
            tables=tables,
            session_timeout=parts[0].session_timeout,
            sessions=sum({host.address: host.sessions for table in tables for host in table.hosts}.values()),
        )

    def _table(self, relay: str, parts: Sequence[RelayPlan], tier: int) -> TableRow:
        number = next(self._ids)
        hosts = [host for part in parts for host in part.pool.hosts if host.tier == tier]
        ports = dict.fromkeys(_port(part, host) for part in parts for host in part.pool.hosts if host.tier == tier)
        target = hosts[0].target if hosts else None
        name = hosts[0].table if hosts else parts[0].pool.table
        return TableRow(
            id=number,
            name=f"{name}:{','.join(ports)}" if ports else name,
            mode=parts[0].pool.mode,
            check="" if target is None else check_words(target.check),
            hosts=tuple(self._host(relay, host) for host in hosts),
        )

    def _host(self, relay: str, host: PoolHost) -> HostRow:
        record = None if host.target is None else self._running.hosts.records.get(host.target)
        state = self._running.state(host)
        full = host.is_full(self._running.belief.states)
        order = self._running.orders.of(host.endpoint.address, relay)
        return HostRow(
            id=next(self._ids),
            name=host.label,
            address=str(host.endpoint),
            weight=host.weight,
            status=HostStatus.FULL if full else _STATUS.get(host.duty) or _status(host, state, self._running),
            reason=f"max sessions {host.max_sessions}" if full else _reason(host, state, record),
            warnings=() if host.target is None else tuple(self._remarks.get(host.target, ())),
            since=None if record is None else datetime.now(UTC) - timedelta(seconds=self._now - record.since),
            checks_up=0 if record is None else record.ups,
            checks_all=0 if record is None else record.checks,
            sessions=self._sessions.get((relay, host.endpoint), 0),
            order=None if order is None else order_row(order),
        )


def _status(host: PoolHost, state: HostState, running: Running) -> HostStatus:
    said = None if host.target is None else running.belief.states.get(host.target)
    rests = state is HostState.UNKNOWN and said is HostState.MAINTENANCE
    return HostStatus.MAINTENANCE if rests else HostStatus(state.value)


def _port(part: RelayPlan, host: PoolHost) -> str:
    """Return a host's port, or those that clients ask for where it has none of its own."""
    over = "" if part.transport is Transport.TCP else f"/{part.transport}"
    asked = part.listens[0] if not host.endpoint.port else host.endpoint
    return f"{asked.port}{f'-{asked.last}' if asked.last else ''}{over}"


def order_row(order: Order) -> HostOrder:
    """Return an order as it is shown."""
    return HostOrder(
        host=order.name,
        address=str(order.host),
        relay=order.relay or None,
        duty=order.duty,
        by=order.by,
        since=order.since,
        until=order.until,
        reason=order.reason,
    )


def _reason(host: PoolHost, state: HostState, record: Record | None) -> str:
    """Return why a host is not up, as its check has it; nothing where that does not count, or found it up."""
    if host.duty is Duty.DISABLED or state is HostState.UP or record is None or record.state is HostState.UP:
        return ""
    return record.reason or "not checked yet"


def _tiers(parts: Sequence[RelayPlan]) -> Sequence[int]:
    """Return the numbers of a relay's `forward to` lines that name a host; the first one where none does."""
    return sorted({host.tier for part in parts for host in part.pool.hosts}) or [0]


def _dealt(part: RelayPlan) -> bool:
    """Return whether a client that comes now meets a host."""
    return any(index != NO_HOST for index in part.pool.slots)


def count_relays(running: Running) -> tuple[int, int]:
    """Return how many relays there are, and how many of them can serve a client."""
    serves: dict[str, bool] = {}
    for part in running.plan.relays:
        serves[part.name] = serves.get(part.name, False) or _dealt(part)
    return len(serves), sum(serves.values())


def count_hosts(running: Running) -> tuple[int, int]:
    """Return how many hosts there are, by address, and how many of them are up for every relay that they serve.

    A host that is full is up.
    """
    states = running.belief.states
    good: dict[Address, bool] = {}
    for relay in running.plan.relays:
        for host in relay.pool.hosts:
            address = host.endpoint.address
            good[address] = good.get(address, True) and (host.state(states) is HostState.UP or host.is_full(states))
    return len(good), sum(good.values())


def full_hosts(plan: Plan) -> Sequence[str]:
    """Return a sentence for each host that has all the sessions it may have."""
    hosts = [host for relay in plan.relays for host in relay.pool.hosts if host.full]
    return [
        *dict.fromkeys(f"{host.label} of table <{host.table}> is full (max sessions {host.max_sessions})" for host in hosts)
    ]


def check_words(check: Check) -> str:
    """Return a check in the language's own words."""
    match check:
        case IcmpCheck():
            return "check icmp"
        case TcpCheck():
            return "check tcp"
        case TlsCheck():
            return "check tls"
        case HttpCheck():
            return f'check {"https" if check.tls else "http"} "{check.path}"'
        case ExchangeCheck():
            return f'check exchange "{" ".join(check.vdirs)}"'
        case SendCheck():
            sent = f'"{check.send}"' if check.send else "nothing"
            return f'check send {sent} expect "{check.expect}"'
        case ScriptCheck():
            return f'check script "{check.program}"'
        case RpcCheck():
            words = (
                "check rpc",
                f'"{check.service}"' if check.service else "",
                f"port {check.port}" if check.port is not None else "",
                f"mapper {check.mapper}" if check.mapper != RpcCheck().mapper else "",
            )
            return " ".join(filter(None, words))
        case MailCheck():
            login = f' login "{check.user}"' if check.user else ""
            return f"check {check.protocol}{' tls' if check.tls else ''}{' starttls' if check.starttls else ''}{login}"
