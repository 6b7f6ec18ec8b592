"""Counters as rows: each relay or redirect with the sum over its hosts, then the hosts. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice

from bascule.plan.model import HostState, PoolHost, RelayPlan
from bascule.service.counters import CounterRow
from bascule.service.local.counters.totals import NOTHING, Key, Look, Rates
from bascule.service.local.rows import chosen
from bascule.service.local.running import Running


def counter_rows(
    running: Running, look: Look, rates: Mapping[Key, Rates], *, most: int | None = None, only: str | None = None
) -> Iterator[CounterRow]:
    """Yield a row for each relay of the running plan, each followed by those of its hosts.

    `most` and `only` are as with `relay_rows`.
    """
    for name, parts in islice(groupby(chosen(running.plan, only), key=lambda relay: relay.name), most):
        together = list(parts)
        hosts = [_host(running, name, host, look, rates) for host in _hosts(together)]
        yield _relay(together[0], hosts, look.refused.get(name, 0))
        yield from hosts


def _hosts(parts: Sequence[RelayPlan]) -> Sequence[PoolHost]:
    """Return the hosts of a relay, each place once."""
    return list({host.endpoint: host for part in parts for host in part.pool.hosts}.values())


def _host(running: Running, relay: str, host: PoolHost, look: Look, rates: Mapping[Key, Rates]) -> CounterRow:
    key = Key(relay, host.endpoint)
    totals, rate = look.totals.get(key, NOTHING), rates.get(key, Rates())
    record = None if host.target is None else running.hosts.records.get(host.target)
    return CounterRow(
        type="host",
        relay=relay,
        name=host.label,
        address=str(host.endpoint),
        sessions=look.sessions.get(key, 0),
        opened=totals.opened,
        opened_rate=rate.opened,
        from_client=totals.from_client,
        from_host=totals.from_host,
        from_client_rate=rate.from_client,
        from_host_rate=rate.from_host,
        failed=totals.failed,
        checks_up=None if record is None else record.ups,
        checks_all=None if record is None else record.checks,
        checks_seconds=None if record is None else record.took,
        reason="" if record is None or record.state is HostState.UP else record.reason,
    )


def _relay(relay: RelayPlan, hosts: Sequence[CounterRow], refused: int) -> CounterRow:
    return CounterRow(
        type=relay.kind,
        relay=relay.name,
        name=relay.name,
        sessions=sum(host.sessions for host in hosts),
        opened=sum(host.opened for host in hosts),
        opened_rate=sum(host.opened_rate for host in hosts),
        from_client=sum(host.from_client for host in hosts),
        from_host=sum(host.from_host for host in hosts),
        from_client_rate=sum(host.from_client_rate for host in hosts),
        from_host_rate=sum(host.from_host_rate for host in hosts),
        failed=sum(host.failed for host in hosts),
        refused=refused,
    )
