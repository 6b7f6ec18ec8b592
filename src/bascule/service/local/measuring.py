"""Measuring: what relays and hosts carried goes into a file, a batch a minute, and can be asked for days later."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from bascule.plan.model import Endpoint
from bascule.service.events import EventKind, Grade
from bascule.service.local.counters.totals import NOTHING, Key, Look, Totals
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.service.measured import MOST_ROWS, HistoryRow, MeasuredHistory
from bascule.service.operations import ShowHistory
from bascule.store.database import DamagedError, LaterError
from bascule.store.measurements import MINUTE, Bucket, Chosen, Measured, Measurements, open_measurements, put_aside
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

_AFTER: Final = 1.0
"""Seconds into a minute at which the one before is written: clocks that differ by less than that skip none."""

Found = TypeVar("Found")


class Counts(Protocol):
    """Who knows what was carried since Bascule started."""

    @property
    def last(self) -> Look | None:
        """Return what was seen last."""
        ...


class Runs(Protocol):
    """The balancer, as far as measuring concerns it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...


class Measuring:
    """Writes while `watch` runs. A file that cannot be used never stops anything: it is put aside, and it is said."""

    def __init__(
        self,
        state: Path,
        counters: Counts,
        balancer: Runs,
        journal: Journal,
        *,
        clock: Clock,
        now: Callable[[], datetime],
        opened: Callable[[Path], Measurements] = open_measurements,
    ) -> None:
        self._state = state
        self._counters = counters
        self._balancer = balancer
        self._journal = journal
        self._clock = clock
        self._now = now
        self._opened = opened
        self._told: dict[Key, Totals] = {}
        """What is written already of each host."""
        self._file: Measurements | None = None
        self._one_at_a_time = asyncio.Lock()
        self._trouble = ""

    async def watch(self) -> None:
        """Write each minute when it is over, until cancelled."""
        try:
            while True:
                await self._clock.sleep(MINUTE - self._now().timestamp() % MINUTE + _AFTER)
                await self._measure(int(self._now().timestamp()) // MINUTE * MINUTE - MINUTE)
        finally:
            if (file := self._file) is not None:
                self._file = None
                await asyncio.to_thread(file.close)

    async def history(self, request: ShowHistory) -> MeasuredHistory:
        """Return what was carried in the time that is asked for, up to the last whole minute. Raises MachineError."""
        until = int(self._now().timestamp()) // MINUTE * MINUTE
        minutes = -(-request.seconds // MINUTE)
        since = until - minutes * MINUTE
        relay, host = request.relay or "", request.host or ""

        def read(file: Measurements) -> tuple[int, Sequence[Bucket]]:
            rows = 2 * max(1, file.places(relay, host))  # at most, as each relay has a row beside its hosts
            step = -(-minutes // max(1, min(request.buckets, MOST_ROWS // rows))) * MINUTE
            return step, file.buckets(Chosen(since, until, step, relay, host), MOST_ROWS)

        step, found = await self._with(read)
        rows = tuple(_row(bucket) for bucket in found)
        return MeasuredHistory(since=_moment(since), until=_moment(until), step=step, rows=rows)

    async def _measure(self, at: int) -> None:
        look = self._counters.last
        if look is None:
            return
        measured = _measured(look, self._told, _labels(self._balancer.running))
        try:
            await self._with(lambda file: file.keep(at, measured))
        except MachineError as error:
            if str(error) != self._trouble:
                self._note(f"what relays carry is not measured: could not {error}")
            self._trouble = str(error)
            return
        self._trouble = ""
        self._told |= look.totals

    async def _with(self, work: Callable[[Measurements], Found]) -> Found:
        """Do something with the file, or with a new one where it cannot be used. Raises MachineError."""
        async with self._one_at_a_time:
            try:
                return await asyncio.to_thread(self._try, work)
            except (DamagedError, LaterError) as error:
                if self._file is not None:
                    self._file.close()
                    self._file = None
                place = await asyncio.to_thread(put_aside, self._state)
                self._note(f"what relays carried is measured anew, the file so far is {place}: could not {error}")
                return await asyncio.to_thread(self._try, work)

    def _try(self, work: Callable[[Measurements], Found]) -> Found:
        if self._file is None:
            self._file = self._opened(self._state)
        return work(self._file)

    def _note(self, words: str) -> None:
        self._journal.note(EventKind.MACHINE, words, grade=Grade.WARNING)


def _labels(running: Running) -> Mapping[Endpoint, str]:
    return {host.endpoint: host.label for relay in running.plan.relays for host in relay.pool.hosts}


def _measured(look: Look, told: Mapping[Key, Totals], labels: Mapping[Endpoint, str]) -> Sequence[Measured]:
    """Return what each host carried since it was told last."""
    return [
        Measured(
            relay=key.relay,
            place=str(key.host),
            address=str(key.host.address),
            host=labels.get(key.host, str(key.host)),
            opened=(more := totals.less(told.get(key, NOTHING))).opened,
            from_client=more.from_client,
            from_host=more.from_host,
            sessions=look.sessions.get(key, 0),
        )
        for key, totals in look.totals.items()
    ]


def _row(bucket: Bucket) -> HistoryRow:
    measured = bucket.measured
    return HistoryRow(
        at=_moment(bucket.at),
        type="host" if measured.place else "relay",
        relay=measured.relay,
        name=measured.host or measured.relay,
        address=measured.place,
        opened=measured.opened,
        from_client=measured.from_client,
        from_host=measured.from_host,
        sessions=measured.sessions,
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
