"""Numbers and times as people say them."""

from datetime import datetime
from typing import Final

from bascule.service.results import HostOrder

_KIBI: Final = 1024

_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `45s`, `12m`, `3h 20m`, `5d`."""
    left = max(0, int(seconds))
    parts = []
    for unit, size in _UNITS:
        amount, left = divmod(left, size)
        parts.append(f"{amount}{unit}" if amount else "")
    first = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
    return " ".join(part for part in parts[first : first + 2] if part) or "0s"


def size(count: int) -> str:
    """Return a number of bytes in its largest unit: `512 B`, `4.0 KiB`, `1.2 GiB`."""
    if count < _KIBI:
        return f"{count} B"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= _KIBI
        if amount < _KIBI:
            return f"{amount:.1f} {unit}"
    return f"{amount / _KIBI:.1f} TiB"


def counted(number: int, noun: str) -> str:
    """Return `1 host` or `2 hosts`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def moment(time: datetime, now: datetime) -> str:
    """Return a time as the clock on the wall has it, in the zone of `now`; with its date where that is not today."""
    local = time.astimezone(now.tzinfo)
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


def ordered(order: HostOrder, now: datetime) -> str:
    """Return an order in words: `drained by root since 14:05 until 16:00: update`."""
    until = "" if order.until is None else f" until {moment(order.until, now)}"
    return f"{order.duty} by {order.by} since {moment(order.since, now)}{until}{order.reason and f': {order.reason}'}"
