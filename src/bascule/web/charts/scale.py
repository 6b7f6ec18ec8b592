"""Where lines of a drawing's grid stand, and what is written at them. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from math import ceil, floor, log10
from typing import Final, NamedTuple

_PARTS: Final = 4
"""Of the height, at most."""

_TICKS: Final = 7
"""Along the time, at most: they must not meet on a telephone."""

_LEAST: Final = 1e-9
"""What is less is nothing."""

_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_KIBI: Final = 1024.0
_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720)
_DAYS: Final = (1, 2, 7, 14)
_MONTHS: Final = (1, 2, 3, 6)


class Unit(Enum):
    """What figures are of, and what follows them."""

    COUNT = ""
    RATE = "/s"
    BYTES = "B/s"
    MILLISECONDS = "ms"
    PERCENT = "%"


class Tick(NamedTuple):
    """A line of the grid."""

    place: float
    """Of the whole: 0 to 1."""
    words: str


def top(largest: float, unit: Unit) -> float:
    """Return what the height stands for: a round number, at least as much as the largest value, and never nothing."""
    if unit is Unit.PERCENT:
        return 100.0
    step = _step(largest, unit)
    return step * max(1, ceil(largest / step - 1e-9))


def heights(largest: float, unit: Unit) -> Sequence[Tick]:
    """Return the lines above the lowest, the last at the `top` of the same values."""
    height = top(largest, unit)
    step = 25.0 if unit is Unit.PERCENT else _step(largest, unit)
    count = round(height / step)
    return [Tick(number * step / height, written(number * step, unit)) for number in range(1, count + 1)]


def written(value: float, unit: Unit) -> str:
    """Return a figure for people, to three digits: `1.3 MiB/s`, `340`, `12.5 ms`."""
    if unit is Unit.PERCENT:
        return f"{_rounded_down(value)} %"
    if unit is Unit.BYTES:
        return f"{_prefixed(value, _KIBI, ('', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'))}B/s"
    number = _prefixed(value, 1000.0, ("", "k", "M", "G", "T", "P"))
    return f"{number.rstrip()}/s" if unit is Unit.RATE else f"{number}{unit.value}".rstrip()


def times(since: datetime, until: datetime) -> Iterator[Tick]:
    """Yield lines at round times of the zone that `since` has."""
    whole = (until - since).total_seconds()
    for at, form in _round_times(since, until):
        place = (at - since).total_seconds() / whole
        if 0.03 <= place <= 0.97:  # noqa: PLR2004 - words in the middle of a line leave the drawing nearer to its edges
            yield Tick(place, at.strftime(form).lstrip("0") if form.startswith("%d") else at.strftime(form))


def _round_times(since: datetime, until: datetime) -> Iterator[tuple[datetime, str]]:
    span = until - since
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    for minutes in _MINUTES:
        step = timedelta(minutes=minutes)
        if span / step <= _TICKS:
            at = midnight + step * ceil((since - midnight) / step)
            yield from _every(at, until, step, "%H:%M")
            return
    for days in _DAYS:
        step = timedelta(days=days)
        if span / step <= _TICKS:
            yield from _every(midnight + timedelta(days=1), until, step, "%d %b")
            return
    for months in _MONTHS:
        if span / timedelta(days=30 * months) <= _TICKS or months == _MONTHS[-1]:
            number = midnight.year * 12 + midnight.month  # of the month after, from 0 on
            while (at := midnight.replace(year=number // 12, month=number % 12 + 1, day=1)) < until:
                yield at, "%b %Y" if months == _MONTHS[-1] else "%b"
                number += months
            return


def _every(at: datetime, until: datetime, step: timedelta, form: str) -> Iterator[tuple[datetime, str]]:
    while at < until:
        yield at, form
        at += step


def _step(largest: float, unit: Unit) -> float:
    """Return the round number that divides a height into a few parts."""
    if largest < _LEAST:
        return 1.0
    base = _KIBI ** max(0, floor(log10(largest) / log10(_KIBI))) if unit is Unit.BYTES else 1.0
    raw = largest / base / _PARTS
    magnitude = 10.0 ** floor(log10(raw))
    step = next(each for each in _ROUND if each * magnitude >= raw * (1 - 1e-9)) * magnitude * base
    return max(1.0, ceil(step)) if unit is Unit.COUNT else step


def _prefixed(value: float, base: float, prefixes: Sequence[str]) -> str:
    for prefix in prefixes[:-1]:
        if abs(value) < base * (1 if prefix == prefixes[0] else 0.9995):
            return f"{_digits(value)} {prefix}"
        value /= base
    return f"{_digits(value)} {prefixes[-1]}"


def _digits(value: float) -> str:
    """Return three digits, without zeros at the end."""
    places = 0 if abs(value) >= 100 or value == 0 else 1 if abs(value) >= 10 else 2  # noqa: PLR2004 - three digits
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded_down(value: float) -> str:
    """Return a percentage that says 100 only where it is."""
    return f"{floor(value * 100) / 100:.4g}" if value > 99 else _digits(value)  # noqa: PLR2004 - 99.99 is not 100
