"""One drawing: lines over time with their grid, and marks where something happened. Pure.

The lines lie in a picture that stretches with the page; words and marks stand at shares of its width, so that they keep
their size on every screen. What the pointer rests on says its figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

from bascule.web.charts.scale import Tick, Unit, heights, times, top, written

HEIGHT: Final = 180
_TOP: Final = 18
"""Room for marks."""

_BOTTOM: Final = 20
"""Room for times."""

_PLOT: Final = HEIGHT - _TOP - _BOTTOM
_WIDE: Final = 1000
"""Units that the stretched picture is wide."""

COLOURS: Final = 8
"""Lines that can be told apart."""

MOST_MARKS: Final = 60
"""Of one drawing: those at nearly the same place stand as one."""

_TOUCHED: Final = 120
"""Places that say their figures, at most."""

_GLYPHS: Final = {"bad": "▼", "good": "▲", "change": "◆"}


@dataclass(frozen=True, slots=True)
class Line:
    """What one relay or host did, step by step."""

    name: str
    values: Sequence[float | None]
    """None where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened."""

    at: datetime
    words: str
    kind: str = "change"
    """`bad`, `good` or `change`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn; times are told in the zone of `since`."""

    name: str
    """Names it within its page: letters and digits."""
    title: str
    unit: Unit
    since: datetime
    step: float
    """Seconds of a value."""
    steps: int
    lines: Sequence[Line]
    marks: Sequence[Mark] = ()

    @property
    def until(self) -> datetime:
        """Return the end of the time."""
        return self.since + timedelta(seconds=self.step * self.steps)


def draw(chart: Chart) -> Markup:
    """Return a drawing, to stand within a page."""
    largest = max((value for line in chart.lines for value in line.values if value is not None), default=0.0)
    height, ticks = top(largest, chart.unit), heights(largest, chart.unit)
    return Markup("").join(
        (
            Markup(
                '<svg class="chart" role="img" aria-labelledby="{0}-title" aria-describedby="{0}-words" '
                'width="100%" height="{1}">'
            ).format(chart.name, HEIGHT),
            Markup('<title id="{}-title">{}</title>').format(chart.name, chart.title),
            Markup('<desc id="{}-words">{}</desc>').format(chart.name, in_words(chart)),
            *_grid(chart, ticks),
            _lines(chart, height),
            *_heights(ticks),
            *_marks(chart),
            *_touched(chart),
            Markup("</svg>"),
        )
    )


def in_words(chart: Chart) -> str:
    """Return what a drawing shows, for whoever cannot see it."""
    form = "%d %b %H:%M"
    span = f"from {chart.since.strftime(form)} to {chart.until.strftime(form)}"
    parts = []
    for line in chart.lines:
        known = [value for value in line.values if value is not None]
        if known:
            least, most, last = (written(value, chart.unit) for value in (min(known), max(known), known[-1]))
            parts.append(f"{line.name} between {least} and {most}, {last} at the end")
    happened = f"; marked: {len(chart.marks)}" if chart.marks else ""
    return f"{chart.title} {span}: {'; '.join(parts) or 'nothing was measured'}{happened}."


def _grid(chart: Chart, ticks: Sequence[Tick]) -> Iterator[Markup]:
    base = _TOP + _PLOT
    line = Markup('<line class="{}" x1="0" x2="100%" y1="{}" y2="{}" stroke="currentColor"/>')
    yield line.format("base", base, base)
    for tick in ticks:
        y = _place(tick)
        yield line.format("grid", y, y)
    for tick in times(chart.since, chart.until):
        x = f"{100 * tick.place:.2f}%"
        yield Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}" stroke="currentColor"/>').format(
            x, base, base + 4
        )
        yield Markup('<text class="time" x="{}" y="{}" text-anchor="middle" fill="currentColor">{}</text>').format(
            x, HEIGHT - 4, tick.words
        )


def _heights(ticks: Sequence[Tick]) -> Iterator[Markup]:
    """Yield the words at the grid, which stand above the lines."""
    for tick in ticks:
        yield Markup('<text class="height" x="0" y="{}" dy="11" fill="currentColor">{}</text>').format(
            _place(tick), tick.words
        )


def _place(tick: Tick) -> float:
    return round(_TOP + (1 - tick.place) * _PLOT, 1)


def _lines(chart: Chart, height: float) -> Markup:
    single = len(chart.lines) == 1
    drawn = []
    for number, line in enumerate(chart.lines):
        colour = f"line-{number % COLOURS + 1}"
        runs = list(_runs(chart, line, height))
        if single and runs:
            areas = " ".join(f"M{run[0][0]} {_PLOT}L{_points(run)}L{run[-1][0]} {_PLOT}Z" for run in runs)
            drawn.append(Markup('<path class="area {}" d="{}" fill="currentColor"/>').format(colour, areas))
        alone = " ".join(f"M{_points(run)}h0" for run in runs if len(run) == 1)
        way = " ".join(f"M{_points(run)}" for run in runs if len(run) > 1)
        drawn += [
            Markup(
                '<path class="{} {}" d="{}" fill="none" stroke="currentColor" vector-effect="non-scaling-stroke"/>'
            ).format(kind, colour, path)
            for kind, path in (("point", alone), ("line", way))
            if path
        ]
    return Markup(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>'
    ).format(_TOP, _PLOT, _WIDE, _PLOT, Markup("").join(drawn))


def _runs(chart: Chart, line: Line, height: float) -> Iterator[Sequence[tuple[float, float]]]:
    """Yield the points of each part that has no gap; a value stands in the middle of its step."""
    wide = _WIDE / max(1, chart.steps)
    points = (
        None if value is None else (round((number + 0.5) * wide, 1), round(_PLOT - min(1.0, value / height) * _PLOT, 1))
        for number, value in enumerate(line.values[: chart.steps])
    )
    for known, run in groupby(points, key=lambda point: point is not None):
        if known:
            yield [point for point in run if point is not None]


def _points(run: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:g} {y:g}" for x, y in run)


def _marks(chart: Chart) -> Iterator[Markup]:
    whole = (chart.until - chart.since).total_seconds()
    inside = sorted((mark for mark in chart.marks if chart.since <= mark.at < chart.until), key=lambda mark: mark.at)

    def place(mark: Mark) -> int:
        return int((mark.at - chart.since).total_seconds() / whole * MOST_MARKS)

    for _, near in groupby(inside, key=place):
        marks = list(near)
        worst = min(marks, key=lambda mark: list(_GLYPHS).index(mark.kind))
        x = f"{100 * (worst.at - chart.since).total_seconds() / whole:.2f}%"
        words = "\n".join(f"{mark.at:%H:%M:%S} {mark.words}" for mark in marks)
        yield Markup(
            '<g class="mark {0}"><title>{1}</title>'
            '<line x1="{2}" x2="{2}" y1="{3}" y2="{4}" stroke="currentColor" stroke-dasharray="2 3"/>'
            '<text x="{2}" y="{5}" text-anchor="middle" fill="currentColor">{6}</text></g>'
        ).format(worst.kind, words, x, _TOP - 4, _TOP + _PLOT, _TOP - 6, _GLYPHS[worst.kind])


def _touched(chart: Chart) -> Iterator[Markup]:
    """Yield what says the figures of a step where the pointer rests on it, or on the few around it where there are many."""
    near = -(-chart.steps // _TOUCHED)
    form = "%d %b %H:%M" if chart.step >= 600 else "%H:%M:%S"  # noqa: PLR2004 - seconds say nothing of ten minutes
    for first in range(0, chart.steps, near):
        number = min(first + near // 2, chart.steps - 1)
        told = [
            f"{line.name} {written(value, chart.unit)}"
            for line in chart.lines
            if (value := line.values[number]) is not None
        ]
        if told:
            at = chart.since + timedelta(seconds=number * chart.step)
            yield Markup(
                '<rect class="touch" x="{:.2f}%" y="{}" width="{:.2f}%" height="{}" fill="none" pointer-events="all">'
                "<title>{}</title></rect>"
            ).format(
                100 * first / chart.steps,
                _TOP,
                100 * min(near, chart.steps - first) / chart.steps,
                _PLOT,
                escape("\n".join((at.strftime(form), *told))),
            )
