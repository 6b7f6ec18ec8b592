"""From answers of operations to the text that Prometheus reads. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from bascule.service.counters import CounterRow
from bascule.service.results import Counters, HostRow, HostStatus, Level, Relays, RelayStatus, StatusReport, TableRow
from bascule.web.metrics import names
from bascule.web.metrics.names import METRICS, MOST_SERIES, Kind

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_UP: Final = frozenset({HostStatus.UP, HostStatus.FULL})


class Sample(NamedTuple):
    """One series, and what it is now."""

    metric: names.Metric
    labels: tuple[str, ...]
    value: float


def exposition(status: StatusReport, relays: Relays, counters: Counters, *, most: int = MOST_SERIES) -> bytes:
    """Return the figures of a moment, every one by the name that `names` has for it."""
    whole = [*_whole(status)]
    parts = [*_relays(relays, counters), *_hosts(relays, counters)]
    room = max(0, most - len(whole) - 1)
    left_out = Sample(names.LEFT_OUT, (), max(0, len(parts) - room))
    registry = CollectorRegistry()
    registry.register(_Told((*whole, left_out, *parts[:room])))
    return generate_latest(registry)


class _Told(Collector):
    """Hands samples to the library, family by family."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        """Yield each figure with its series."""
        found: dict[str, list[Sample]] = {}
        for sample in self._samples:
            found.setdefault(sample.metric.name, []).append(sample)
        for metric in METRICS:
            make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
            family = make(metric.name, metric.help, labels=metric.labels)
            for sample in found.get(metric.name, ()):
                family.add_metric(sample.labels, sample.value)
            yield family

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: there is no other collector whose names could be the same."""
        yield from ()


def _whole(status: StatusReport) -> Iterator[Sample]:
    yield Sample(names.INFO, (status.version,), 1)
    yield Sample(names.SERVING, (), status.level is not Level.DOWN)
    yield Sample(names.LOADED, (), status.since.timestamp())
    yield Sample(names.PENDING, (), status.pending is not None)
    yield Sample(names.FINDINGS, (), len(status.findings))
    yield Sample(names.RELAYS, (), status.relays)
    yield Sample(names.RELAYS_ACTIVE, (), status.relays_active)
    yield Sample(names.HOSTS, (), status.hosts)
    yield Sample(names.HOSTS_UP, (), status.hosts_up)


def _relays(relays: Relays, counters: Counters) -> Iterator[Sample]:
    for relay in relays.relays:
        yield Sample(names.RELAY_ACTIVE, (relay.name,), relay.status is RelayStatus.ACTIVE)
    for row in counters.rows:
        if row.type == "host":
            continue
        label = (row.relay,)
        yield Sample(names.RELAY_SESSIONS, label, row.sessions)
        yield Sample(names.RELAY_OPENED, label, row.opened)
        yield Sample(names.RELAY_FAILED, label, row.failed)
        yield Sample(names.RELAY_REFUSED, label, row.refused or 0)
        yield Sample(names.RELAY_BYTES, (*label, "from_client"), row.from_client)
        yield Sample(names.RELAY_BYTES, (*label, "from_host"), row.from_host)


_Place: TypeAlias = tuple[str, str]
"""A relay's name, and a host's address and port."""


def _hosts(relays: Relays, counters: Counters) -> Iterator[Sample]:
    """Yield the figures of each host of each relay, under the first table that names it."""
    counted: Mapping[_Place, CounterRow] = {(row.relay, row.address): row for row in counters.rows if row.type == "host"}
    known: set[_Place] = set()
    for relay in relays.relays:
        for table, host in ((each, host) for each in relay.tables for host in each.hosts):
            place = (relay.name, host.address)
            if place not in known:
                known.add(place)
                label = (relay.name, _table(table), host.name, host.address)
                row = counted.get(place)
                yield from chain(_state(label, host), () if row is None else _carried(label, row))


def _table(table: TableRow) -> str:
    """Return its name without the port, which relayctl has there too."""
    return table.name.rpartition(":")[0] or table.name


def _state(label: tuple[str, ...], host: HostRow) -> Iterator[Sample]:
    yield Sample(names.HOST_UP, label, host.status in _UP)
    yield Sample(names.HOST_STATE, (*label, host.status), 1)
    yield Sample(names.HOST_CHECKS, (*label, "up"), host.checks_up)
    yield Sample(names.HOST_CHECKS, (*label, "down"), host.checks_all - host.checks_up)


def _carried(label: tuple[str, ...], row: CounterRow) -> Iterator[Sample]:
    yield Sample(names.HOST_SESSIONS, label, row.sessions)
    yield Sample(names.HOST_OPENED, label, row.opened)
    yield Sample(names.HOST_FAILED, label, row.failed)
    yield Sample(names.HOST_BYTES, (*label, "from_client"), row.from_client)
    yield Sample(names.HOST_BYTES, (*label, "from_host"), row.from_host)
    yield Sample(names.HOST_CHECK_SECONDS, label, row.checks_seconds or 0.0)
