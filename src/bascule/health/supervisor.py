"""The parent's side of probing: starts the prober, starts it again when it dies, and passes on what it finds."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from itertools import count
from typing import Final

from bascule.config.model import Timing
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.health import wire
from bascule.health.names.answer import Answer
from bascule.health.outcome import Outcome
from bascule.plan.model import Probe, ProbeTarget
from bascule.system.channel import ChannelError
from bascule.system.child import Child
from bascule.system.children import Starts
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

FIRST_PAUSE: Final = 0.2
LAST_PAUSE: Final = 10.0
"""Seconds before the prober is started again: the first, doubled each time it dies young, and the last."""

_GROWN_UP: Final = 60.0
"""Seconds of life after which a death is taken for the first again."""

_IDLE: Final = 60.0
_GRACE: Final = 10.0
"""Seconds that a prober may be silent with nothing to do, and longer than its probes explain."""


class ProbeProcess:
    """The prober as its parent sees it. Nothing runs before `outcomes` is iterated; `stop` ends it.

    `died` is called with the reason whenever the process ends unasked; it is started again after a pause. `secret` knows
    the passwords of test mailboxes, by the labels that the text has for them. The states of hosts are the caller's, so they
    outlive it.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        died: Callable[[str], None],
        starts: Starts,
        secret: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._died = died
        self._told: Callable[[Answer], None] = lambda _: None
        self._starts = starts
        self._questions = NOTHING_TO_ASK
        self._numbers = count()
        self._probes: dict[Probe, int] = {}
        self._targets: dict[int, ProbeTarget] = {}
        self._patience = _IDLE
        self._child: Child[wire.Report] | None = None
        self._stopped = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Return the process's id; None while none runs."""
        return None if self._child is None else self._child.pid

    def tell_names_to(self, told: Callable[[Answer], None]) -> None:
        """Have somebody hear what name servers say."""
        self._told = told

    async def set_probes(self, probes: Sequence[Probe]) -> None:
        """Have these probed from now on, and nothing else; those that stay keep their rhythm."""
        known = self._probes
        self._probes = {probe: known[probe] if probe in known else next(self._numbers) for probe in probes}
        self._targets = {number: probe.target for probe, number in self._probes.items()}
        self._patience = _longest_silence([target.timing for target in self._targets.values()])
        if self._child is not None:
            await self._child.tell(self._orders())

    async def set_questions(self, questions: Questions) -> None:
        """Have name servers asked for these names from now on, and for no others."""
        if questions == self._questions:
            return
        self._questions = questions
        if self._child is not None:
            await self._child.tell(wire.names(questions))

    async def probe_now(self) -> None:
        """Have everything probed at once, as if it were new."""
        if self._child is not None:
            await self._child.tell(wire.ProbeNow())

    async def outcomes(self) -> AsyncGenerator[tuple[ProbeTarget, Outcome], None]:
        """Start the prober, keep it running, and yield what it finds, until `stop`."""
        pause = FIRST_PAUSE
        while not self._stopped.is_set():
            born = self._clock.monotonic()
            try:
                child: Child[wire.Report] = await Child.start(self._starts, "probe", wire.Report)
                self._child = child
            except MachineError as error:
                reason = f"the prober could not be started: {error.cause}"
            else:
                try:
                    await child.tell(self._orders())
                    await child.tell(wire.names(self._questions))
                    async for result in self._results(child):
                        if (target := self._targets.get(result.number)) is not None:
                            yield target, wire.outcome(result)
                finally:
                    self._child = None
                    reason = f"the prober {await child.end()}"
            if self._stopped.is_set():
                return
            self._died(reason)
            pause = FIRST_PAUSE if self._clock.monotonic() - born > _GROWN_UP else pause
            await self._wait(pause)
            pause = min(2 * pause, LAST_PAUSE)

    async def stop(self) -> None:
        """End the prober and the stream of its outcomes."""
        self._stopped.set()
        if self._child is not None:
            await self._child.end()

    def _orders(self) -> wire.SetProbes:
        return wire.SetProbes(
            probes=tuple(wire.order(number, probe, self._secret) for probe, number in self._probes.items())
        )

    async def _results(self, child: Child[wire.Report]) -> AsyncIterator[wire.Probed]:
        """Yield results until the process closes its end, breaks the protocol, or falls silent against all reason."""
        while True:
            busy = bool(self._probes)
            try:
                async with asyncio.timeout(self._patience):
                    report = await child.channel.receive()
            except TimeoutError:
                if busy:
                    return
                continue
            except (OSError, ChannelError):
                return
            if report is None:
                return
            if isinstance(report, wire.Probed):
                yield report
            elif report.name in self._questions.names:
                self._told(wire.answer(report))

    async def _wait(self, seconds: float) -> None:
        """Sleep, but wake up for `stop`."""
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            stopping.cancel()


def _longest_silence(timings: Sequence[Timing]) -> float:
    """Return the seconds after which a prober with probes of these timings must have had something to say."""
    if not timings:
        return _IDLE
    return min(timing.interval for timing in timings) + max(timing.timeout for timing in timings) + _GRACE
