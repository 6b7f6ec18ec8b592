"""The kernel's sessions by the names of the plan: who they belong to, how silent they are, and how they ended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from bascule.config.model import Address
from bascule.plan.model import Endpoint, MarkOwner, Plan
from bascule.service.local.idleness import Patience
from bascule.service.local.kernel_sessions import KernelSessions, Wanted
from bascule.service.local.naming import Names
from bascule.service.local.session_rows import kernel_ended, kernel_row
from bascule.service.sessions import SessionOrder
from bascule.system.ctnetlink import Session, TcpState
from bascule.system.foremost import By, Order
from service.local.situations import planned
from system.tracked import tracked

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NANO = 1_000_000_000


class Settings:
    """Settings of a kernel: what is not here, it does not have."""

    def __init__(self, **seconds: int) -> None:
        self._values = {f"net.netfilter.nf_conntrack_tcp_timeout_{name}": str(each) for name, each in seconds.items()}

    def read(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return those that are there."""
        return {name: self._values[name] for name in names if name in self._values}

    def planned(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def write(self, name: str, value: str) -> None:
        """Refuse."""
        raise AssertionError(name, value)


PATIENCE = Patience(Settings(unacknowledged=300, time_wait=120, close=10, syn_sent=120))


class Table:
    """Sessions that do not change."""

    def __init__(self, *sessions: Session) -> None:
        self._sessions = sessions

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF, client: Address | None = None) -> Iterator[Session]:
        """Yield those that fit."""
        for each in self._sessions:
            if each.mark & mask == mark & mask and client in (None, each.original.source):
                yield each

    def foremost(self, order: Order, mark: int, mask: int = 0xFFFFFFFF) -> tuple[int, Sequence[Session]]:
        """Find them, one by one."""
        found = [each for each in self.sessions(mark, mask) if order.wanted(each)]
        rank = {By.AGE: lambda each: each.started, By.BYTES: lambda each: -each.from_client - each.from_host}[order.by]
        return len(found), sorted(found, key=rank)[: order.limit]

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """Refuse."""
        raise AssertionError(mark, mask)

    def delete(self, sessions: Sequence[Session]) -> int:
        """Refuse."""
        raise AssertionError(sessions)


PLAN = planned()
MARKS = {(relay.name, host.label): host.mark for relay in PLAN.relays for host in relay.pool.hosts}
NAMES = Names(PLAN)


def chosen(*sessions: Session, **wanted: object) -> list[int]:
    """Return the ports of the clients whose sessions are chosen."""
    meant = Wanted(**wanted)  # type: ignore[arg-type]  # the test names what it wants
    return [each.client_port for each in KernelSessions(Table(*sessions), NAMES).living(meant)]


def test_sessions_are_chosen_by_what_an_operator_calls_them() -> None:
    """Relay, and host by name, address, or address and port: everything that is named must fit."""
    sessions = [tracked(port, mark=mark) for port, mark in enumerate(MARKS.values(), 1)]
    by_names = dict(zip(MARKS, range(1, 5), strict=True))
    assert chosen(*sessions) == [1, 2, 3, 4]
    assert chosen(*sessions, relay="IMAP") == [by_names["IMAP", "EX1"], by_names["IMAP", "EX2"]]
    for name in ("EX1", "10.80.2.1"):
        assert chosen(*sessions, host=name) == [by_names["HTTPS", "EX1"], by_names["IMAP", "EX1"]]
    assert chosen(*sessions, host="10.80.2.1:443") == [by_names["HTTPS", "EX1"]]
    assert chosen(*sessions, host="EX2", relay="IMAP") == [by_names["IMAP", "EX2"]]
    assert chosen(*sessions, client=ip_address("10.80.1.9")) == []


def test_one_is_told_from_a_later_one_between_the_same_ports() -> None:
    """Also where the kernel calls it by the same name again: by when it began."""
    first = tracked(1, mark=MARKS["HTTPS", "EX1"])._replace(id=0xABC, started=5 * NANO)
    later = first._replace(started=7 * NANO)
    assert first.identity == "00000abc00001388"
    assert chosen(first, id=first.identity) == [1]
    assert chosen(later, id=first.identity) == []


def test_what_nobody_is_called_is_said() -> None:
    """A misspelt name is a mistake, not an empty answer."""
    assert NAMES.strangers(relay="HTTPS", host="EX1") == NAMES.strangers(relay=None, host=None) == ""
    assert NAMES.strangers(relay="HTTP", host=None) == "there is no relay HTTP"
    assert NAMES.strangers(relay=None, host="EX9") == "no table has a host EX9"


def test_sessions_of_a_host_that_left_the_text_keep_a_name() -> None:
    """By what the mark was given out for: they drain for hours."""
    gone = MarkOwner.of("OLD", "exchange", Endpoint(ip_address("10.80.2.9"), 443))
    names = Names(Plan(relays=PLAN.relays, marks={**PLAN.marks, gone: 0x1BA5FFF0}))
    owner = names.owner(0x1BA5FFF0)
    assert owner is not None
    assert (owner.relay, owner.host) == ("OLD", "10.80.2.9")
    assert names.strangers(relay="OLD", host="10.80.2.9") == ""
    assert names.marks(relay="OLD", host=None) == {0x1BA5FFF0}


@pytest.mark.parametrize(("order", "first"), [(SessionOrder.AGE, [2, 1]), (SessionOrder.BYTES, [3, 1])])
def test_the_foremost_are_kept_and_all_are_counted(order: SessionOrder, first: Sequence[int]) -> None:
    """Only those that live; one whose beginning nobody noted is older than all."""
    mark = MARKS["HTTPS", "EX1"]
    sessions = [
        tracked(1, mark=mark)._replace(started=5, from_client=10),
        tracked(2, mark=mark)._replace(started=0, from_host=9),
        tracked(3, mark=mark)._replace(started=9, from_host=11),
        tracked(4, TcpState.TIME_WAIT, mark=mark)._replace(from_client=99),
        tracked(5, mark=0x1BA5FFF0)._replace(from_client=99),
    ]
    total, found = KernelSessions(Table(*sessions), NAMES).foremost(Wanted(), order, 2)
    assert (total, [each.client_port for each in found]) == (3, first)


def test_ended_ones_are_found_by_client_and_source() -> None:
    """The kernel remembers a session for a while: no record has it yet."""
    mark = MARKS["HTTPS", "EX1"]
    table = KernelSessions(Table(tracked(1, mark=mark), tracked(2, TcpState.TIME_WAIT, mark=mark)), NAMES)
    assert [each.client_port for each in table.remembered(ip_address("10.80.1.1"))] == [2]
    assert [each.client_port for each in table.from_source(ip_address("10.80.0.10"), 2)] == [2]
    assert table.from_source(ip_address("10.80.0.11"), 2) == []


@pytest.mark.parametrize(
    ("state", "remaining", "unacknowledged", "idle"),
    [
        (TcpState.ESTABLISHED, 2400, False, 0),
        (TcpState.ESTABLISHED, 200, False, 2200),
        (TcpState.ESTABLISHED, 200, True, 100),
        (TcpState.FIN_WAIT, 2300, False, 100),
        (TcpState.SYN_SENT, 110, True, 10),
        (TcpState.LAST_ACK, 10, False, None),
        (TcpState.ESTABLISHED, 2500, False, None),
    ],
)
def test_silence_is_what_is_used_up_of_the_time(
    state: TcpState, remaining: int, idle: float | None, *, unacknowledged: bool
) -> None:
    """By the relay's timeout, or the kernel's own; not known where the time was another when it began."""
    session = tracked(1, state)._replace(remaining=remaining, unacknowledged=unacknowledged)
    assert PATIENCE.idle(session, 2400) == idle


def test_a_living_session_is_told_with_its_host_and_age() -> None:
    """The host by name; the source by the port that stands in its log."""
    mark = MARKS["HTTPS", "EX1"]
    owner = NAMES.owner(mark)
    assert owner is not None
    session = tracked(4711, mark=mark)._replace(started=int(NOW.timestamp()) * NANO, remaining=2390, from_client=5)
    row = kernel_row(session, owner, PATIENCE)
    assert (row.client, row.relay, row.host, row.address) == ("10.80.1.1:4711", "HTTPS", "EX1", "10.80.2.1:443")
    assert (row.source, row.path, row.state, row.since, row.ended) == (
        "10.80.0.10:4711",
        "kernel",
        "established",
        NOW,
        None,
    )
    assert (row.idle, row.from_client) == (owner.session_timeout - 2390, 5)


@pytest.mark.parametrize(
    ("state", "remaining", "stopped", "how", "ago"),
    [
        (TcpState.TIME_WAIT, 0, True, "closed", 120),
        (TcpState.TIME_WAIT, 50, False, "closed", 70),
        (TcpState.CLOSE, 0, True, "reset", 10),
        (TcpState.ESTABLISHED, 0, True, "silent for too long", 0),
        (TcpState.ESTABLISHED, 1200, True, "killed", 0),
        (TcpState.SYN_SENT, 0, True, "never answered", 0),
    ],
)
def test_an_ended_session_tells_how_and_when(
    state: TcpState, remaining: int, how: str, ago: float, *, stopped: bool
) -> None:
    """The time for which the kernel remembered it is no part of its life."""
    session = tracked(1, state, mark=MARKS["HTTPS", "EX1"])._replace(
        started=int(NOW.timestamp() - 1000) * NANO,
        stopped=int(NOW.timestamp()) * NANO if stopped else 0,
        remaining=remaining,
    )
    ended = kernel_ended(session, NAMES, PATIENCE, NOW)
    assert ended is not None
    assert (ended.parties.state, NOW.timestamp() - ended.at) == (how, ago)


def test_what_is_nobodys_is_not_told() -> None:
    """A mark that no plan gave out."""
    assert kernel_ended(tracked(1, mark=0x1BA5FFF0), NAMES, PATIENCE, NOW) is None
