"""What is wrong with a running system, each in one sentence with what to do. Pure: questions are functions of evidence.

A new question is one more function in `QUESTIONS`; what it needs to know and is not here yet, `Evidence` gets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Severity
from bascule.config.model import Address
from bascule.engines.nftables.foreign import Obstacle
from bascule.plan.model import Plan
from bascule.service.local.answers import LOOKED_BACK, Count, Meeting, Place
from bascule.service.local.words import counted
from bascule.service.results import Finding

_ENOUGH: Final = 3
"""Unanswered connections that are no accident."""

_MINUTES: Final = round(LOOKED_BACK / 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was gathered of a running system at one moment."""

    plan: Plan
    ownership: Ownership
    troubles: Sequence[str] = ()
    """What the machine would not do."""
    doubts: Sequence[str] = ()
    """What else is known to be not as it should be."""
    obstacles: Sequence[Obstacle] = ()
    """Chains of others that stop what relays carry, or may."""
    meetings: Mapping[Meeting, Count] = field(default_factory=dict)
    """How connections to hosts of redirects went, while their checks said up."""


Question: TypeAlias = Callable[[Evidence], Iterator[Finding]]


def examine(evidence: Evidence) -> Sequence[Finding]:
    """Return everything that was found, what is worst first."""
    found = [finding for question in QUESTIONS for finding in question(evidence)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)


def _troubles(evidence: Evidence) -> Iterator[Finding]:
    for trouble in evidence.troubles:
        hint = "it is tried again every minute; `bascule show log` says since when"
        yield Finding(severity=Severity.ERROR, message=trouble, hint=hint)


def _doubts(evidence: Evidence) -> Iterator[Finding]:
    for doubt in evidence.doubts:
        yield Finding(severity=Severity.WARNING, message=doubt)


def _obstacles(evidence: Evidence) -> Iterator[Finding]:
    for obstacle in evidence.obstacles:
        hint = "`nft list ruleset` shows its rules: let it accept these connections, or take it away"
        severity = Severity.ERROR if obstacle.certain else Severity.WARNING
        yield Finding(severity=severity, message=obstacle.message, hint=hint)


def _answers(evidence: Evidence) -> Iterator[Finding]:
    """Find hosts of redirects whose answers do not come back through this machine: none does, of enough that were due."""
    labels = {
        Place(relay.name, host.endpoint.address): host.label for relay in evidence.plan.relays for host in relay.pool.hosts
    }
    for meeting in (Meeting(place, beside) for place in labels for beside in (False, True)):
        count = evidence.meetings.get(meeting)
        if count is None or count.answered or count.unanswered < _ENOUGH:
            continue
        label, clients = labels[meeting.place], "clients of its own network" if meeting.beside else "clients"
        what = (
            f"no answer of {label} to {clients} comes back through this machine, so redirect {meeting.place.redirect} does "
            f"not serve them: of {counted(count.unanswered, 'connection')} within {_MINUTES} minutes none was answered, "
            "although its check finds it up"
        )
        hint = _other_way(evidence, meeting)
        yield Finding(severity=Severity.ERROR, message=what, hint=f"{hint}; or a firewall on {label} drops them")


def _other_way(evidence: Evidence, meeting: Meeting) -> str:
    """Return what to do so that answers come back."""
    if meeting.beside:
        return "a relay serves clients of the hosts' network too"
    gateway = _gateway(evidence.ownership, meeting.place.host)
    if gateway is None:
        return "have the router before it send its answers through this machine, or use a relay"
    return f"make this machine its default gateway, at {gateway}, or use a relay"


def _gateway(ownership: Ownership, host: Address) -> Address | None:
    """Return our address in a host's own network, one that moves with the cluster if there is one."""
    written = [
        line
        for interface in ownership.configuration.interfaces
        for line in interface.addresses
        if host in line.address.network
    ]
    for line in sorted(written, key=lambda line: not line.virtual):
        return line.address.ip
    return next((held.ip for _, held in ownership.facts.addresses() if host in held.network), None)


QUESTIONS: Final[Sequence[Question]] = (_troubles, _doubts, _obstacles, _answers)
