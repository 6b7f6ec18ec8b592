"""Numbers and times as pages write them: the filters of the templates."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup, escape

_QUOTED: Final = re.compile(r"`([^`]+)`")

NOTHING: Final = "\u2013"
"""A dash."""
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP: Final = 1000
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_TENTHS_UNTIL: Final = 10


def size(count: float) -> str:
    """Return bytes for people: `1.4 MB`."""
    value = float(count)
    for unit in _UNITS[:-1]:
        if value < _STEP:
            return _number(value, unit)
        value /= _STEP
    return _number(value, _UNITS[-1])


def rate(count: float) -> str:
    """Return something in a second: `0.3/s`, `12/s`."""
    return f"{count:.1f}/s" if 0 < count < _TENTHS_UNTIL else f"{count:,.0f}/s"


def count(number: float) -> str:
    """Return a number with its thousands told apart."""
    return f"{number:,.0f}"


def percent(share: float | None) -> str:
    """Return a share in percent; a dash where there is none."""
    return NOTHING if share is None else f"{share:.2f} %"


def destination(network: str) -> str:
    """Return where a route leads: `default IPv4`, or a network."""
    return {"0.0.0.0/0": "default IPv4", "::/0": "default IPv6"}.get(network, network)


def span(seconds: float) -> str:
    """Return a time that passes, in its two largest units: `3 h 12 min`."""
    whole = int(max(0, seconds))
    for unit, one, name, less in ((_DAY, _HOUR, "d", "h"), (_HOUR, _MINUTE, "h", "min"), (_MINUTE, 1, "min", "s")):
        if whole >= unit:
            rest = whole % unit // one
            return f"{whole // unit} {name}" + (f" {rest} {less}" if rest else "")
    return f"{whole} s"


def moment(at: datetime | None) -> str:
    """Return a time for people, in UTC: a browser writes it in its own zone where it runs scripts."""
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def rfc3339(at: datetime) -> str:
    """Return a time for programs."""
    return at.isoformat()


def sentence(words: str) -> Markup:
    """Return what the keyword table says of a word as a sentence, with what it quotes as code."""
    return coded(f"{words[:1].upper()}{words[1:]}." if words else "")


def coded(words: str) -> Markup:
    """Return words with what they quote as code."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(words))))  # noqa: S704 - it is escaped


def _number(value: float, unit: str) -> str:
    return f"{value:.1f} {unit}" if unit != "B" and value < _TENTHS_UNTIL else f"{value:.0f} {unit}"


def pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the options of a choice whose words are their values."""
    return [(each, each) for each in words]


FILTERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "size": size,
        "rate": rate,
        "number": count,
        "percent": percent,
        "span": span,
        "moment": moment,
        "rfc3339": rfc3339,
        "pairs": pairs,
        "destination": destination,
        "sentence": sentence,
        "coded": coded,
    }
)
