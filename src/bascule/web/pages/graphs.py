"""What relays and hosts carried, drawn over an hour, a day, a week or a year."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from bascule.service.measured import Detail, MeasuredHistory
from bascule.service.operations import ShowHistory, ShowRelays
from bascule.service.results import RelayRow
from bascule.web.charts.chart import Chart, Line, draw
from bascule.web.charts.course import by_place, charts, sessions
from bascule.web.charts.scale import Unit, written
from bascule.web.charts.spark import sparkline
from bascule.web.visit import Visit, page

PATH: Final = "/graphs"
_LONGEST: Final = 256
"""Characters of a relay's or host's name."""

_SPARKS: Final = 36
"""Parts of a line beside a name."""

_MOST_RELAYS: Final = 50
"""That have a line of their own, the busiest."""

_MOST_EVENTS: Final = 100
"""That are listed below the drawings, the last ones."""


class Range(NamedTuple):
    """How far back one looks, and how finely."""

    label: str
    seconds: int
    buckets: int
    finest: int


RANGES: Final[Mapping[str, Range]] = {
    "1h": Range("1 hour", 3600, 180, 10),
    "24h": Range("24 hours", 86_400, 288, 60),
    "1w": Range("1 week", 7 * 86_400, 168, 600),
    "1y": Range("1 year", 365 * 86_400, 366, 86_400),
}
_USUAL: Final = "1h"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody wants to see."""

    relay: str
    host: str
    range: str

    def path(self, **other: str) -> str:
        """Return the page of this choice, or of another one."""
        values = {"relay": self.relay, "host": self.host, "range": self.range} | other
        return f"{PATH}?{urlencode({name: value for name, value in values.items() if value})}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as the page has it."""

    title: str
    svg: Markup
    rows: Sequence["Legend"]
    extreme: str
    """What the last figure of each row is: the most, or the least where more is better."""


class Legend(NamedTuple):
    """What stands beside a line: its colour, its name, and its figures."""

    colour: str
    name: str
    last: str
    mean: str
    extreme: str


async def graphs(visit: Visit) -> Response:
    """Show the drawings of what was chosen; of nothing, those of all together, and a line for each relay."""
    chosen = _chosen(visit.query)
    span = RANGES[chosen.range]
    named = chosen.relay or chosen.host
    detail = Detail.HOSTS if chosen.relay and not chosen.host else Detail.RELAYS if named else Detail.ALL
    relays, history, each = await asyncio.gather(
        visit.ask(ShowRelays(recent=True)),
        visit.ask(_asked(chosen, span, detail, span.buckets if chosen.relay or not chosen.host else span.buckets // 2)),
        _each_relay(visit, chosen, span),
    )
    return visit.page(
        "graphs.html",
        chosen=chosen,
        ranges=RANGES,
        relays=_options([relay.name for relay in relays.relays], chosen.relay),
        hosts=_options(_hosts(relays.relays), chosen.host),
        drawings=[_drawing(chart) for chart in charts(history, UTC)],
        each=each,
        marks=history.marks[-_MOST_EVENTS:],
        more=max(0, len(history.marks) - _MOST_EVENTS),
        history=history,
    )


def _chosen(query: Mapping[str, str]) -> Chosen:
    wanted = query.get("range", _USUAL)
    return Chosen(
        relay=query.get("relay", "")[:_LONGEST],
        host=query.get("host", "")[:_LONGEST],
        range=wanted if wanted in RANGES else _USUAL,
    )


def _asked(chosen: Chosen, span: Range, detail: Detail, buckets: int) -> ShowHistory:
    return ShowHistory(
        relay=chosen.relay or None,
        host=chosen.host or None,
        seconds=span.seconds,
        buckets=buckets,
        finest=span.finest,
        detail=detail,
    )


async def _each_relay(visit: Visit, chosen: Chosen, span: Range) -> Sequence[tuple[str, str, Markup, str]]:
    """Return each relay with its page, its line and the most sessions that it had, the busiest first."""
    if chosen.relay or chosen.host:
        return ()
    history = await visit.ask(_asked(chosen, span, Detail.RELAYS, _SPARKS))
    return [*_sparks(history, chosen)]


def _sparks(history: MeasuredHistory, chosen: Chosen) -> Iterator[tuple[str, str, Markup, str]]:
    for place, rows in by_place(history, most=_MOST_RELAYS + 1).items():
        if place.relay:
            line = sparkline(sessions(history, rows))
            yield place.relay, chosen.path(relay=place.relay), line, f"{max(row.sessions for row in rows):,}"


def _drawing(chart: Chart) -> Drawing:
    rows = [legend for number, line in enumerate(chart.lines, 1) for legend in _legend(chart, number, line)]
    return Drawing(chart.title, draw(chart), rows, "least" if chart.unit is Unit.PERCENT else "most")


def _legend(chart: Chart, number: int, line: Line) -> Iterator[Legend]:
    known = [value for value in line.values if value is not None]
    if known:
        extreme = min(known) if chart.unit is Unit.PERCENT else max(known)
        figures = [written(value, chart.unit) for value in (known[-1], sum(known) / len(known), extreme)]
        yield Legend(f"line-{number}", line.name, *figures)


def _hosts(relays: Sequence[RelayRow]) -> Sequence[str]:
    """Return what hosts are called, each once."""
    return sorted({host.name for relay in relays for table in relay.tables for host in table.hosts})


def _options(names: Sequence[str], chosen: str) -> Sequence[tuple[str, str]]:
    """Return what may be chosen, with what is and may be gone meanwhile."""
    return [("", "all"), *((name, name) for name in dict.fromkeys((*names, *([chosen] if chosen else []))))]


ROUTES: Final = (page(PATH, graphs),)
