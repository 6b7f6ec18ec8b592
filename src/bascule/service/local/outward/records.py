"""What the parent tells the herald of what happened, and of whom to tell. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from bascule.config.outward import FACILITIES, Outward
from bascule.herald.wire import (
    LONGEST_WORDS,
    MOST_RECORDS,
    MOST_SERVERS,
    Record,
    Records,
    SetClocks,
    SetSyslog,
    SyslogTarget,
)
from bascule.service.events import Event, EventKind, Grade

_FIELDS: Final = ("relay", "table", "host", "address", "state", "reason", "user", "rule")
_LONGEST_FIELD: Final = 1_000


def record(event: Event) -> Record:
    """Return an event as syslog gets it: its words, and whom it is about in fields."""
    fields = [(name, str(getattr(event, name))[:_LONGEST_FIELD]) for name in _FIELDS if getattr(event, name)]
    return Record(
        at=event.time.timestamp(),
        kind=event.event.value,
        warning=event.grade is Grade.WARNING,
        audit=event.event is EventKind.AUDIT,
        words=event.words[:LONGEST_WORDS],
        fields=tuple(fields),
    )


def batches(events: Iterable[Event]) -> Iterator[Records]:
    """Yield events in messages of the length that one may have."""
    rest = iter(events)
    while batch := tuple(islice(rest, MOST_RECORDS)):
        yield Records(records=tuple(map(record, batch)))


def syslog_order(outward: Outward, host_name: str, pid: int) -> SetSyslog:
    """Return which servers get them."""
    servers = [
        SyslogTarget(
            host=str(each.host),
            port=each.port,
            transport=each.transport,
            facility=FACILITIES[each.facility],
            warnings_only=each.warnings_only,
            authority=each.authority,
        )
        for each in outward.syslog
    ]
    return SetSyslog(servers=tuple(servers[:MOST_SERVERS]), host_name=host_name, pid=pid)


def clocks_order(outward: Outward) -> SetClocks:
    """Return which time servers are asked."""
    return SetClocks(servers=named_clocks(outward))


def named_clocks(outward: Outward) -> tuple[str, ...]:
    """Return the time servers of a configuration."""
    servers: Sequence[str] = [str(each.host) for each in outward.clocks]
    return tuple(servers[:MOST_SERVERS])
