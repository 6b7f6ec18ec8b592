"""Which connections tell that a host answers past this machine, and which tell nothing."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from socket import IPPROTO_UDP

import pytest

from bascule.config.diagnosis.ownership import Ownership
from bascule.service.local.answers import Count, Counting, Meeting, Place, trusted
from bascule.service.local.ended import Ended, Parties
from bascule.service.local.naming import Names
from bascule.system.ctnetlink import Session, TcpState
from service.local.situations import FACTS, TWO_SERVICES, running
from system.tracked import tracked

NANO = 1_000_000_000
NOW = 1_000_000.0
TEXT = TWO_SERVICES.replace("\trelay", "\tredirect").replace("\t\ton down keep\n", "")
RUNNING = running(text=TEXT)
"""Every host was found up at 101 s of the clock."""
MONOTONIC = 111.0
MARK = next(host.mark for host in RUNNING.plan.relays[0].pool.hosts if host.label == "EX1")
EX1 = Place("HTTPS", ip_address("10.80.2.1"))
UP = NOW - 10
"""When the hosts were last found up."""


def seen(age: float, state: TcpState = TcpState.SYN_SENT, *, client: str = "10.70.1.1", got: int = 0) -> Session:
    """Return a session of EX1 that began so long ago."""
    session = tracked(1, state, mark=MARK, client=client, source=client)
    return session._replace(started=round((NOW - age) * NANO), from_client=60, from_host=got)


def forgotten(age: float, lasted: float, *, got: int = 0, protocol: str = "tcp") -> Ended:
    """Return a session of EX1 that began so long ago, and has ended."""
    parties = Parties("HTTPS", "EX1", "10.80.2.1:443", "10.80.0.10:443", "kernel", protocol, "never answered")
    client = ip_address("10.70.1.1").packed
    return Ended(parties, client, 1, client, 1, NOW - age, NOW - age + lasted, 60, got)


def counted(*living: Session, ended: tuple[Ended, ...] = (), up_since: float = 900.0) -> Mapping[Meeting, Count]:
    """Return what is counted where EX1 has been up for so many seconds."""
    records = {
        target: replace(record, since=MONOTONIC - up_since, checked=101.0)
        for target, record in RUNNING.hosts.records.items()
    }
    trust = trusted(RUNNING.plan, replace(RUNNING.hosts, records=records), monotonic=MONOTONIC, now=NOW)
    counting = Counting(Names(RUNNING.plan), Ownership(RUNNING.configuration, FACTS), trust)
    counting.living(living)
    counting.ended(ended)
    return counting.counts()


def test_those_that_wait_and_those_that_were_answered_are_counted() -> None:
    """By the kernel's state, and by the bytes of a host that refused."""
    met = (seen(20), seen(30), seen(40, TcpState.SYN_RECEIVED), seen(50, TcpState.ESTABLISHED, got=500))
    ended = (forgotten(200, 120), forgotten(100, 0.1, got=40))
    assert counted(*met, ended=ended) == {Meeting(EX1, beside=False): Count(answered=3, unanswered=3)}


def test_clients_of_the_hosts_own_network_are_told_apart() -> None:
    """Their host needs no gateway to reach them."""
    assert counted(seen(20, client="10.80.1.1"), seen(20, TcpState.ESTABLISHED)) == {
        Meeting(EX1, beside=True): Count(unanswered=1),
        Meeting(EX1, beside=False): Count(answered=1),
    }


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(seen(2), id="no answer is due yet"),
        pytest.param(seen(12), id="an answer was due after the last check"),
        pytest.param(seen(301), id="long ago"),
        pytest.param(seen(NOW), id="it is not known since when"),
        pytest.param(seen(20)._replace(protocol=IPPROTO_UDP, state=TcpState.NONE), id="UDP"),
        pytest.param(seen(20)._replace(mark=0x1BA5FFF0), id="of nobody"),
    ],
)
def test_what_tells_nothing_is_not_counted(session: Session) -> None:
    """Of a host that may just have died, or owes no answer."""
    assert sum(count.unanswered for count in counted(session).values()) == 0


def test_ended_ones_that_tell_nothing_are_not_counted() -> None:
    """Killed before an answer was due, and UDP."""
    assert counted(ended=(forgotten(60, 1), forgotten(200, 120, protocol="udp"))) == {}


def test_what_began_before_the_host_was_up_is_not_counted() -> None:
    """It may have met a dead one."""
    assert counted(seen(20), seen(100), up_since=60) == {Meeting(EX1, beside=False): Count(unanswered=1)}


def test_hosts_that_are_not_surely_up_are_not_trusted() -> None:
    """Down, failing once, not checked yet; and those of relays, which see our own address."""
    down = running(("HTTPS", "EX1"), text=TEXT)
    hosts = trusted(down.plan, down.hosts, monotonic=MONOTONIC, now=NOW)
    assert set(hosts) == {Place("HTTPS", ip_address("10.80.2.2")), *_imap()}
    unchecked = {target: replace(record, checked=None) for target, record in down.hosts.records.items()}
    assert trusted(down.plan, replace(down.hosts, records=unchecked), monotonic=MONOTONIC, now=NOW) == {}
    failing = {target: replace(record, failing_since=100.5) for target, record in down.hosts.records.items()}
    assert trusted(down.plan, replace(down.hosts, records=failing), monotonic=MONOTONIC, now=NOW) == {}
    assert trusted(running().plan, running().hosts, monotonic=MONOTONIC, now=NOW) == {}


def _imap() -> set[Place]:
    return {Place("IMAP", ip_address(f"10.80.2.{number}")) for number in (1, 2)}
