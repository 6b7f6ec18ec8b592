"""From what was measured to drawings of it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from bascule.service.measured import HistoryMark, HistoryRow, MeasuredHistory
from bascule.web.charts.chart import COLOURS, Chart, Line, Mark
from bascule.web.charts.scale import Unit

_ALL: Final = "all relays"
_BAD: Final = frozenset({("host", "down"), ("configuration", "reverted")})
_GOOD: Final = frozenset({("host", "up")})


class Place(NamedTuple):
    """A relay, or a host of one; of all relays together both are empty."""

    relay: str
    address: str


class _Figure(NamedTuple):
    name: str
    title: str
    unit: Unit
    of: Callable[[HistoryRow, float], float | None]
    """Of a row that stands for so many seconds."""


def _latency(row: HistoryRow, _: float) -> float | None:
    return 1000 * row.took / row.checks if row.checks else None


def _availability(row: HistoryRow, _: float) -> float | None:
    return 100 * row.ups / row.checks if row.checks else None


_FIGURES: Final = (
    _Figure("sessions", "Sessions", Unit.COUNT, lambda row, _: float(row.sessions)),
    _Figure("connections", "New sessions", Unit.RATE, lambda row, seconds: row.opened / seconds),
    _Figure("sent", "From clients", Unit.BYTES, lambda row, seconds: row.from_client / seconds),
    _Figure("got", "From hosts", Unit.BYTES, lambda row, seconds: row.from_host / seconds),
    _Figure("latency", "Time a check takes", Unit.MILLISECONDS, _latency),
    _Figure("availability", "Checks that found a host up", Unit.PERCENT, _availability),
)


def charts(history: MeasuredHistory, zone: tzinfo) -> Sequence[Chart]:
    """Return a drawing of each figure, with a line for each of the busiest relays and hosts, as many as have colours.

    A figure that nothing is known of has no drawing.
    """
    rows = by_place(history)
    names = _names(rows)
    steps = -(-int((history.until - history.since).total_seconds()) // history.step)
    marks = [_mark(mark, zone) for mark in history.marks]
    found = []
    for figure in _FIGURES:
        lines = [Line(names[place], course(history, mine, steps, figure.of)) for place, mine in rows.items()]
        chart = Chart(
            name=figure.name,
            title=figure.title,
            unit=figure.unit,
            since=history.since.astimezone(zone),
            step=history.step,
            steps=steps,
            lines=lines,
            marks=marks,
        )
        if any(value is not None for line in lines for value in line.values):
            found.append(chart)
    return found


def by_place(history: MeasuredHistory, *, most: int | None = COLOURS) -> Mapping[Place, Sequence[HistoryRow]]:
    """Return the rows of so many relays and hosts: a sum first, the others by the most sessions that they had."""
    found: dict[Place, list[HistoryRow]] = {}
    for row in history.rows:
        found.setdefault(Place(row.relay, row.address), []).append(row)

    def rank(place: Place) -> tuple[bool, int, Place]:
        part = bool(place.address or (place.relay and Place("", "") in found))
        return part, -max(row.sessions for row in found[place]), place

    return {place: found[place] for place in sorted(found, key=rank)[:most]}


def course(
    history: MeasuredHistory, rows: Sequence[HistoryRow], steps: int, of: Callable[[HistoryRow, float], float | None]
) -> Sequence[float | None]:
    """Return a figure step by step; None where nothing was measured. The last step may be shorter than the others."""
    values: list[float | None] = [None] * steps
    for row in rows:
        number = int((row.at - history.since).total_seconds()) // history.step
        if 0 <= number < steps:
            values[number] = of(row, min(history.step, (history.until - row.at).total_seconds()))
    return values


def sessions(history: MeasuredHistory, rows: Sequence[HistoryRow]) -> Sequence[float | None]:
    """Return the sessions of a relay or host step by step, for a line beside its name."""
    steps = -(-int((history.until - history.since).total_seconds()) // history.step)
    return course(history, rows, steps, lambda row, _: float(row.sessions))


def _names(rows: Mapping[Place, Sequence[HistoryRow]]) -> Mapping[Place, str]:
    """Return what each line is called: by its relay too, where lines of several relays are hosts."""
    several = len({place.relay for place in rows if place.address}) > 1
    return {place: _name(place, mine[-1], several=several) for place, mine in rows.items()}


def _name(place: Place, row: HistoryRow, *, several: bool) -> str:
    if not place.address:
        return place.relay or _ALL
    return f"{row.name}, {place.relay}" if several else row.name


def _mark(mark: HistoryMark, zone: tzinfo) -> Mark:
    said = (mark.event, mark.state)
    kind = "bad" if said in _BAD else "good" if said in _GOOD else "change"
    return Mark(mark.at.astimezone(zone), mark.words, kind)
