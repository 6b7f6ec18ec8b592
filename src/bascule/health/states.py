"""What the results of probes make of a host's state."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bascule.config.model import Check, MailCheck, Timing
from bascule.health.findings import NOTHING, Findings, Remark
from bascule.health.outcome import Outcome
from bascule.health.remarks import Noted, noted
from bascule.plan.model import Endpoint, HostState, ProbeTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one target. Times are seconds of the caller's clock."""

    state: HostState = HostState.UNKNOWN
    since: float
    """When the state began."""
    presumed: bool = False
    """Up without a result of ours, since the kernel's slots name the host; the first result alone decides."""
    against: int = 0
    """Results in a row that contradict the state."""
    failing_since: float | None = None
    """When the first of the failures in a row that end with the last result came; None while results are good."""
    checks: int = 0
    ups: int = 0
    took: float = 0.0
    """Seconds that all those checks took together."""
    reason: str = ""
    """Of the last result; empty before the first."""
    checked: float | None = None
    """When the last result came."""
    findings: Findings = NOTHING
    """What the last result saw besides."""
    noted: tuple[Noted, ...] = ()

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Return what is not as it should be and takes no host out, as far as it has lasted."""
        return tuple(each.remark for each in self.noted if each.stands)

    @property
    def availability(self) -> float | None:
        """Return the percentage of results that were good, as relayctl shows it; None before the first."""
        return 100 * self.ups / self.checks if self.checks else None


def presumed_up(*, now: float) -> Record:
    """Return the record of a host that serves clients already when we start: up, until its first result decides."""
    return Record(state=HostState.UP, since=now, presumed=True)


def after(record: Record, outcome: Outcome, timing: Timing, now: float) -> Record:
    """Return the record after one more result.

    The first result of an unknown or presumed host decides alone; later it takes `timing.fall` failures in a row to go
    down and `timing.rise` successes in a row to come back; to be in maintenance is no success. A fault of our own leaves
    everything but the reason.
    """
    if outcome.ours:
        return replace(record, reason=outcome.reason)
    seen = replace(
        record,
        presumed=False,
        failing_since=_failing_since(record, outcome, now),
        checks=record.checks + 1,
        ups=record.ups + outcome.up,
        took=record.took + outcome.seconds,
        reason=outcome.reason,
        checked=now,
        findings=outcome.findings,
        noted=_noted(record, outcome, timing),
    )
    result = _state(outcome)
    if result is record.state:
        return replace(seen, against=0)
    decides_alone = record.presumed or record.state is HostState.UNKNOWN
    needed = 1 if decides_alone else timing.rise if outcome.up else timing.fall
    if record.against + 1 < needed:
        return replace(seen, against=record.against + 1)
    return replace(seen, state=result, since=now, against=0)


def _state(outcome: Outcome) -> HostState:
    if outcome.up:
        return HostState.UP
    return HostState.MAINTENANCE if outcome.findings.maintenance else HostState.DOWN


def _noted(record: Record, outcome: Outcome, timing: Timing) -> tuple[Noted, ...]:
    """Return the remarks after a result; one that saw nothing of the host leaves them."""
    if not outcome.up and outcome.findings.certificate is None:
        return record.noted
    return noted(record.noted, outcome.findings.remarks, timing, first=not record.checks)


def _failing_since(record: Record, outcome: Outcome, now: float) -> float | None:
    if outcome.up or outcome.findings.maintenance:
        return None
    return now if record.failing_since is None else record.failing_since


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStates:
    """The records of all targets of a plan; a value, so that whoever holds one sees no half of a change."""

    records: Mapping[ProbeTarget, Record] = field(default_factory=dict)
    idle: frozenset[ProbeTarget] = frozenset()
    """Those whose results do not count."""

    def states(self) -> Mapping[ProbeTarget, HostState]:
        """Return the state of every target, as the plan is compiled from."""
        return {target: record.state for target, record in self.records.items()}

    def apply(self, target: ProbeTarget, outcome: Outcome, now: float) -> tuple[Self, bool]:
        """Return the states after a result, and whether a state changed; a target that is no longer ours changes none."""
        before = self.records.get(target)
        if before is None or target in self.idle:
            return self, False
        record = after(before, outcome, target.timing, now)
        return replace(self, records={**self.records, target: record}), record.state is not before.state

    def resting(self, targets: Collection[ProbeTarget], now: float) -> Self:
        """Return the states in which the results of these targets, and of no others, do not count.

        What was known of a target that comes to rest is forgotten: afterwards its first result alone decides.
        """
        records = {
            target: Record(since=now) if target in targets and target not in self.idle else record
            for target, record in self.records.items()
        }
        return replace(self, records=records, idle=frozenset(targets))

    def back(self, targets: Collection[ProbeTarget], now: float) -> Self:
        """Return the states in which these targets are what they are since now: they take clients again."""
        records = {
            target: replace(record, since=now) if target in targets else record for target, record in self.records.items()
        }
        return replace(self, records=records)

    def retarget(self, targets: Iterable[ProbeTarget], now: float, *, live: Collection[ProbeTarget] = ()) -> Self:
        """Return the states for another set of targets; the records of targets that stay are kept.

        A target of which only the timing or a mailbox's password changed keeps its record too, and one whose check changed
        is presumed up where the host was up by the check that goes: an edit takes no host out of service. Of the others
        those in `live` (what the kernel's slots name) are presumed up, the rest is unknown.
        """
        wanted = tuple(dict.fromkeys(targets))
        staying = frozenset(wanted)
        going = [(target, record) for target, record in self.records.items() if target not in staying]
        same_check = {_asked(target): record for target, record in going}
        serving = {target.endpoint for target, record in going if record.state is HostState.UP}

        def record(target: ProbeTarget) -> Record:
            kept = self.records.get(target) or same_check.get(_asked(target))
            if kept is not None:
                return kept
            return presumed_up(now=now) if target in live or target.endpoint in serving else Record(since=now)

        return replace(self, records={target: record(target) for target in wanted})


def _asked(target: ProbeTarget) -> tuple[Endpoint, Check]:
    """Return what a target's record is about, whoever logs in with whichever password."""
    check = target.check
    return target.endpoint, replace(check, password="") if isinstance(check, MailCheck) else check
