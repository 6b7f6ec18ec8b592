"""Which remarks stand: what one probe sees and the next does not is no news."""

from collections.abc import Sequence
from dataclasses import dataclass

from bascule.config.model import Timing
from bascule.health.findings import Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A remark that probes have made of a host."""

    remark: Remark
    """As it was made last."""
    stands: bool
    against: int = 0
    """Results in a row that contradict that."""


def noted(before: Sequence[Noted], made: Sequence[Remark], timing: Timing, *, first: bool) -> tuple[Noted, ...]:
    """Return what is noted after one more result, which made these remarks.

    As with a host's state, it takes `fall` results in a row for a remark to stand, and `rise` for it to go; the first
    result of a host decides alone.
    """
    known = {each.remark.about: each for each in before}
    new = {remark.about: remark for remark in made}
    after = [_made(known.get(about), remark, 1 if first else timing.fall) for about, remark in new.items()]
    for about, each in known.items():
        if about not in new and each.stands and each.against + 1 < timing.rise:
            after.append(Noted(remark=each.remark, stands=True, against=each.against + 1))
    return tuple(after)


def _made(before: Noted | None, remark: Remark, needed: int) -> Noted:
    if before is not None and before.stands:
        return Noted(remark=remark, stands=True)
    times = 1 + (0 if before is None else before.against)
    return Noted(remark=remark, stands=True) if times >= needed else Noted(remark=remark, stands=False, against=times)
