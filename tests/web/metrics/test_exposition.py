"""What Prometheus reads, as its own parser understands it; and that every page about it says the same."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bascule.service.counters import CounterRow
from bascule.service.results import (
    Counters,
    HostRow,
    HostStatus,
    Level,
    RelayRow,
    Relays,
    RelayStatus,
    StatusReport,
    TableRow,
)
from bascule.web.metrics.exposition import exposition
from bascule.web.metrics.manual import page
from bascule.web.metrics.names import METRICS

DOCS: Final = Path(__file__).parents[3] / "docs"
SINCE: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE: Final = 'a "b"\\ {c="d"}\n<e>,'


def status(**more: Any) -> StatusReport:
    """Return how it goes."""
    counts: dict[str, Any] = {"relays": 2, "relays_active": 1, "hosts": 3, "hosts_up": 2}
    words: dict[str, Any] = {"sentence": "", "version": "0.1.0", "pid": 1, "configuration": "revision 7"}
    return StatusReport(level=more.pop("level", Level.DEGRADED), since=SINCE, **words, **counts, **more)


def host(name: str, status: HostStatus = HostStatus.UP) -> HostRow:
    """Return a host that was checked ten times."""
    return HostRow(id=3, name=name, address=f"{name}:443", weight=1, status=status, checks_up=7, checks_all=10)


def farm(*hosts: HostRow, relay: str = "HTTPS", table: str = "exchange:443") -> Relays:
    """Return one relay with these hosts, and with the first of them in a second table too."""
    tables = tuple(
        TableRow(id=2, name=name, mode="", check="", hosts=those) for name, those in ((table, hosts), ("s", hosts[:1]))
    )
    return Relays(
        relays=(
            RelayRow(
                id=1, name=relay, listens=(), engine="kernel", status=RelayStatus.ACTIVE, tables=tables, session_timeout=60
            ),
        )
    )


def carried(*hosts: str, relay: str = "HTTPS") -> Counters:
    """Return what they carried."""
    counts: dict[str, Any] = {"sessions": 4, "opened": 50, "failed": 2, "from_client": 600, "from_host": 7000}
    rows = (
        CounterRow(type="host", relay=relay, name=each, address=f"{each}:443", checks_seconds=0.25, **counts)
        for each in hosts
    )
    whole = CounterRow(type="relay", relay=relay, name=relay, refused=3, **counts)
    return Counters(since=SINCE, rows=(whole, *rows))


def read(told: bytes) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every series as Prometheus reads it; each is there once, of the type that its name has."""
    kinds = {metric.name: metric.kind for metric in METRICS}
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in text_string_to_metric_families(told.decode()):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            assert kinds[sample.name] == family.type
            found[key] = sample.value
    return found


def of(found: Mapping[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    """Return what a series is."""
    return found[name, frozenset(labels.items())]


EXAMPLE: Final = exposition(status(), farm(host("EX1"), host("EX2", HostStatus.DRAINED)), carried("EX1", "EX2"))


def test_each_figure_is_told() -> None:
    """Under its name, with its labels; a host that two tables of a relay name is told under the first."""
    found = read(EXAMPLE)
    assert of(found, "bascule_info", version="0.1.0") == 1
    assert of(found, "bascule_serving") == 1
    assert of(found, "bascule_configuration_timestamp_seconds") == SINCE.timestamp()
    assert of(found, "bascule_relay_refused_total", relay="HTTPS") == 3
    assert of(found, "bascule_relay_bytes_total", relay="HTTPS", direction="from_host") == 7000
    first = {"relay": "HTTPS", "table": "exchange", "host": "EX1", "address": "EX1:443"}
    second = {**first, "host": "EX2", "address": "EX2:443"}
    assert of(found, "bascule_host_up", **first) == 1
    assert of(found, "bascule_host_up", **second) == 0
    assert of(found, "bascule_host_state", **second, state="drained") == 1
    assert of(found, "bascule_host_checks_total", **first, result="down") == 3
    assert of(found, "bascule_host_check_seconds_total", **first) == 0.25
    assert of(found, "bascule_host_sessions", **first) == 4
    assert {name for name, _ in found} == {metric.name for metric in METRICS}
    for metric in METRICS:
        assert {tuple(sorted(dict(labels))) for name, labels in found if name == metric.name} == {
            tuple(sorted(metric.labels))
        }


def test_nothing_serves() -> None:
    """Which is what alarms are for; a balancer without relays has the figures of the whole."""
    found = read(exposition(status(level=Level.DOWN), Relays(), Counters(since=SINCE)))
    assert of(found, "bascule_serving") == 0
    assert len(found) == 10


def test_names_may_hold_anything() -> None:
    """They come back as they are."""
    found = read(exposition(status(), farm(host(HOSTILE), relay=HOSTILE), carried(HOSTILE, relay=HOSTILE)))
    assert of(found, "bascule_relay_sessions", relay=HOSTILE) == 4
    assert of(found, "bascule_host_up", relay=HOSTILE, table="exchange", host=HOSTILE, address=f"{HOSTILE}:443") == 1


@pytest.mark.parametrize("most", [0, 20, 100])
def test_series_are_bounded(most: int) -> None:
    """Relays come first; what is left out is counted."""
    hosts = [f"EX{number}" for number in range(50)]
    everything = len(read(exposition(status(), farm(*map(host, hosts)), carried(*hosts))))
    found = read(exposition(status(), farm(*map(host, hosts)), carried(*hosts), most=most))
    assert len(found) == max(10, most)
    assert of(found, "bascule_metrics_left_out") == everything - len(found)
    assert most < 20 or of(found, "bascule_relay_sessions", relay="HTTPS") == 4


def test_the_page_says_the_same() -> None:
    """`python -m bascule.web.metrics.manual > docs/metrics.md` writes it."""
    assert (DOCS / "metrics.md").read_text() == page()
    assert set(re.findall(r"`(bascule_\w+)`", page())) == {metric.name for metric in METRICS}


def test_the_dashboard_draws_them_all() -> None:
    """Every figure is on it, and none that is not told; labels are those that a figure has."""
    text = (DOCS / "grafana" / "bascule.json").read_text()
    board = json.loads(text)
    assert set(re.findall(r"\bbascule_\w+", text)) == {metric.name for metric in METRICS}
    labels = {metric.name: {*metric.labels, "instance"} for metric in METRICS}
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for name, chosen in (match for each in shown for match in re.findall(r"(bascule_\w+)\{([^}]*)\}", each)):
        assert set(re.findall(r"(\w+)=", chosen)) <= labels[name]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in board["panels"]})
