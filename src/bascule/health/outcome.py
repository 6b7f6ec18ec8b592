"""What one probe found out."""

from dataclasses import dataclass

from bascule.health.findings import NOTHING, Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of probing a host once."""

    up: bool
    reason: str
    """What the host did, in the words of its protocol: `HTTP 503 instead of 200`. Printable, one line."""
    seconds: float
    """How long it took."""
    ours: bool = False
    """The probe failed through a fault of this machine (no descriptor left, no right to ping): it says nothing of the host
    and never counts against it."""
    findings: Findings = NOTHING
    """What was seen besides."""
