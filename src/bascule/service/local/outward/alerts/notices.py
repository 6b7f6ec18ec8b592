"""Which events are alerts, of which cause, and how urgent. Pure."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bascule.config.outward import Cause
from bascule.health.certificates import EXPIRY
from bascule.plan.model import HostState
from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.backups import MADE, MISSING

URGENT: Final = frozenset({Cause.RELAY, Cause.TABLE, Cause.PORTS, Cause.CONNTRACK})
"""Causes that are told in quiet times, too, and that they are over."""

_DEPLOYMENTS: Final = frozenset({"deployed", "committed", "reverted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that may be told."""

    at: datetime
    cause: Cause
    subject: Hashable
    """What it is about: a later notice of the same subject says how that is by then. None stands by itself."""
    state: str
    good: bool
    """It says that something bad is over."""
    words: str

    @property
    def urgent(self) -> bool:
        """Tell whether it is told at any time."""
        return self.cause in URGENT


def notice(event: Event) -> Notice | None:
    """Return what an event is to those who are told by alerts; None where it is nothing to them."""
    judge = _JUDGES.get(event.event)
    cause = None if judge is None else judge(event)
    if cause is None:
        return None
    stands_alone = cause is Cause.DEPLOYMENT
    return Notice(
        at=event.time,
        cause=cause,
        subject=None if stands_alone else (cause, event.relay, event.table, event.host, event.address),
        state=event.state,
        good=event.grade is Grade.INFO and not stands_alone,
        words=event.words,
    )


def _host(event: Event) -> Cause | None:
    if event.state in {HostState.UP, HostState.DOWN} and event.relay:
        return Cause.HOST
    return Cause.CERTIFICATE if event.reason.startswith(EXPIRY) else None


def _table(event: Event) -> Cause | None:
    return Cause.TABLE if event.state in {"last", "several"} else None


def _configuration(event: Event) -> Cause | None:
    return Cause.DEPLOYMENT if event.state in _DEPLOYMENTS else None


def _machine(event: Event) -> Cause | None:
    return Cause.BACKUP if event.state in {MISSING, MADE} else None


_JUDGES: Final[Mapping[EventKind, Callable[[Event], Cause | None]]] = {
    EventKind.HOST: _host,
    EventKind.RELAY: lambda _: Cause.RELAY,
    EventKind.TABLE: _table,
    EventKind.CONFIGURATION: _configuration,
    EventKind.CERTIFICATE: lambda _: Cause.CERTIFICATE,
    EventKind.PORTS: lambda _: Cause.PORTS,
    EventKind.CONNTRACK: lambda _: Cause.CONNTRACK,
    EventKind.MACHINE: _machine,
}
