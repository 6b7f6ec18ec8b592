"""What was measured, as it was asked for and as it is told. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from math import lcm
from typing import Final

from bascule.service.events import Event, EventKind
from bascule.service.measured import MINUTE, MOST_ROWS, Detail, HistoryMark, HistoryRow, MeasuredHistory
from bascule.service.operations import ShowHistory
from bascule.store.marks import Mark
from bascule.store.measured import Bucket, Chosen

_TENTHS: Final = 10_000
"""Tenths of a millisecond in a second."""

_DAY: Final = 86_400

_MARKED: Final = {
    EventKind.HOST: frozenset({"up", "down", "maintenance"}),
    EventKind.CONFIGURATION: frozenset({"loaded", "deployed", "committed", "reverted"}),
    EventKind.PARENT: frozenset({"runs"}),
}
"""What is worth a mark beside figures: events, by the states that they tell of."""


def cut(request: ShowHistory, now: int, *, places: tuple[int, int], finest: Callable[[int, int], int]) -> Chosen:
    """Return which moments are asked for, so that `places`, relays and hosts, fit an answer.

    `finest` says how short moments are that reach back to a time.
    """
    until = now - now % min(MINUTE, request.finest)
    since = until - _whole(request.seconds, request.finest)
    unit = lcm(request.finest, finest(since, now))
    relays, hosts = places
    rows = 1 + relays * (request.detail is not Detail.ALL) + hosts * (request.detail is Detail.HOSTS)
    buckets = max(1, min(request.buckets, MOST_ROWS // rows - 1))
    step = _whole(-(-(until - since) // buckets), unit)
    if step > _DAY:  # whole days are kept by themselves, and soon read
        step = _whole(step, lcm(_DAY, unit))
    return Chosen(
        since=since - since % _even(step),
        until=until,
        step=step,
        relay=request.relay or "",
        host=request.host or "",
        relays=request.detail is not Detail.ALL,
        hosts=request.detail is Detail.HOSTS,
    )


def history(chosen: Chosen, buckets: Sequence[Bucket], marks: Sequence[Mark]) -> MeasuredHistory:
    """Return an answer."""
    return MeasuredHistory(
        since=_moment(chosen.since),
        until=_moment(chosen.until),
        step=chosen.step,
        rows=tuple(map(_row, buckets)),
        marks=tuple(_mark(mark) for mark in marks if _concerns(mark, chosen)),
    )


def mark_of(event: Event) -> Iterator[Mark]:
    """Yield an event as a mark, where it is worth one."""
    if event.state in _MARKED.get(event.event, ()):
        at = int(event.time.timestamp())
        yield Mark(at, event.event, event.state, event.relay, event.host, event.address, event.words)


def _whole(seconds: int, unit: int) -> int:
    return -(-seconds // unit) * unit


def _even(step: int) -> int:
    """Return what the beginning of the time must be a multiple of, so that no moment lies in two parts."""
    return next(unit for unit in (_DAY, 600, 10) if step % unit == 0)


def _concerns(mark: Mark, chosen: Chosen) -> bool:
    if not mark.relay:
        return True
    names = (mark.host, mark.address, mark.address.rpartition(":")[0].strip("[]"))
    return chosen.relay in ("", mark.relay) and (not chosen.host or chosen.host in names)


def _mark(mark: Mark) -> HistoryMark:
    at, event, *rest = mark
    state, relay, host, address, words = rest
    return HistoryMark(at=_moment(at), event=event, state=state, relay=relay, host=host, address=address, words=words)


def _row(bucket: Bucket) -> HistoryRow:
    measured = bucket.measured
    return HistoryRow(
        at=_moment(bucket.at),
        type="host" if measured.place else "relay" if measured.relay else "all",
        relay=measured.relay,
        name=measured.host or measured.relay,
        address=measured.place,
        opened=measured.opened,
        from_client=measured.from_client,
        from_host=measured.from_host,
        sessions=measured.sessions,
        checks=measured.checks,
        ups=measured.ups,
        took=measured.took / _TENTHS,
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
