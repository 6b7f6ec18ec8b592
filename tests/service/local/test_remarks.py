"""What is wrong with hosts that serve is told once, and shown while it lasts; maintenance alarms nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bascule.health.findings import Findings, Remark, SeenCertificate, SeenPage
from bascule.health.outcome import Outcome
from bascule.health.states import HostStates
from bascule.plan.compile import redeal
from bascule.plan.model import HostState, RelayPlan
from bascule.plan.slots import Rankings
from bascule.service.events import Grade
from bascule.service.exchange_health import VdirState
from bascule.service.local.belief import Belief
from bascule.service.local.doom import doomed
from bascule.service.local.exchange_health import exchange_health
from bascule.service.local.news import host_news
from bascule.service.local.remarks import host_remarks, remark_findings, remark_news, resting_hosts
from bascule.service.local.rows import count_hosts, relay_rows
from bascule.service.local.running import Running
from bascule.service.results import HostStatus
from service.local.situations import all_up, running, target

TEXT = """
exchange { version 2016; namespace "mail.example.com" }
load-balancer {
	table <exchange> {
		10.80.2.1 name "EX1"
		10.80.2.2 name "EX2"
		10.80.2.3 name "EX3"
	}
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		forward to <exchange> check exchange "owa oab" warn oab
	}
	relay "IMAP" {
		listen on 10.80.0.10 port 143
		forward to <exchange> check imap
	}
}
"""
OLD, NEW = (SeenCertificate(fingerprint=digit * 64, until=1_900_000_000.0) for digit in "01")
OAB = Remark(about="oab", words="oab: HTTP 404")
PAGES = (SeenPage(vdir="owa", well=True), SeenPage(vdir="oab", well=False, words="HTTP 404"))


def outcome(certificate: SeenCertificate = OLD, *remarks: Remark) -> Outcome:
    """Return the outcome of a host that is up."""
    findings = Findings(remarks=remarks, certificate=certificate, pages=PAGES)
    return Outcome(up=True, reason="", seconds=0.1, findings=findings)


RESTING = Outcome(
    up=False, reason="in Exchange maintenance: SMTP said so", seconds=0.1, findings=Findings(maintenance=True)
)


def heard(now: Running, relay: str, label: str, *outcomes: Outcome) -> tuple[Running, list[tuple[Grade, str]]]:
    """Return what runs after results for one host, and what was told of them."""
    meant, told = target(now.plan, relay, label), []
    for each in outcomes:
        hosts, _ = now.hosts.apply(meant, each, 110.0)
        told += [(news.grade, news.words) for news in remark_news(now.plan, meant, now.hosts, hosts)]
        states = hosts.states()
        now = replace(now, hosts=hosts, belief=Belief(states=states), plan=redeal(now.plan, states, Rankings()))
    return now, told


def test_a_remark_is_told_when_it_begins_and_when_it_ends() -> None:
    """Not with every result; the host is up meanwhile, and `show hosts` and `status` say what is wrong."""
    now, told = heard(running(text=TEXT), "HTTPS", "EX1", *[outcome(OLD, OAB)] * 4)
    assert told == [(Grade.WARNING, "table <exchange>: host EX1 (10.80.2.1:443): oab: HTTP 404")]
    assert remark_findings(now.plan, now.hosts) == ["host EX1 (10.80.2.1:443): oab: HTTP 404"]
    row = relay_rows(now, {}, 111.0).relays[0].tables[0].hosts[0]
    assert (row.status, row.reason, row.warnings) == (HostStatus.UP, "", ("oab: HTTP 404",))
    now, told = heard(now, "HTTPS", "EX1", *[outcome()] * 4)
    assert told == [(Grade.INFO, "table <exchange>: host EX1 (10.80.2.1:443): no longer so: oab: HTTP 404")]
    assert host_remarks(now.plan, now.hosts) == {}


def test_another_certificate_on_one_host_is_told() -> None:
    """It is the odd one out that is named, and nothing is said while all are the same."""
    now, told = running(text=TEXT), []
    for label in ("EX1", "EX2", "EX3"):
        now, more = heard(now, "HTTPS", label, outcome())
        told += more
    assert told == []
    now, told = heard(now, "HTTPS", "EX2", outcome(NEW), outcome(NEW))
    words = (
        "shows another certificate (SHA-256 11111111…, until 2030-03-17) than EX1, EX3: who moves there must log in again"
    )
    assert told == [(Grade.WARNING, f"table <exchange>: host EX2 (10.80.2.2:443): {words}")]
    assert host_remarks(now.plan, now.hosts) == {target(now.plan, "HTTPS", "EX2"): [words]}
    _, told = heard(now, "HTTPS", "EX2", outcome())
    assert [grade for grade, _ in told] == [Grade.INFO]


def test_maintenance_drains_and_alarms_nobody() -> None:
    """The host takes no clients and loses none; neither it nor its other services are an alarm."""
    before = running(text=TEXT)
    now, _ = heard(before, "HTTPS", "EX1", RESTING, RESTING)
    down = Outcome(up=False, reason="connection reset", seconds=0.1)
    now, _ = heard(now, "IMAP", "EX1", down, down)
    https, imap = (relay.tables[0].hosts[0] for relay in relay_rows(now, {}, 111.0).relays)
    assert (https.status, https.reason) == (HostStatus.MAINTENANCE, RESTING.reason)
    assert imap.status is HostStatus.DOWN
    assert 0 not in now.plan.relays[0].pool.slots
    assert now.plan.relays[0].pool.hosts[0].state(now.belief.states) is HostState.UNKNOWN
    marks = {relay.name: relay.pool.hosts[0].mark for relay in now.plan.relays}
    assert marks["HTTPS"] not in doomed(now.plan, now.belief.states)
    assert marks["IMAP"] in doomed(now.plan, now.belief.states)
    told = list(host_news(now.plan, all_up(now.plan), now.belief.states, now.hosts))
    assert [(news.grade, news.words) for news in told] == [
        (Grade.INFO, f"relay HTTPS: host EX1 (10.80.2.1:443) is {RESTING.reason}"),
        (Grade.INFO, "relay IMAP: host EX1 (10.80.2.1:143) is down: connection reset"),
    ]
    assert resting_hosts(now.plan, now.belief.states, now.hosts) == [f"host EX1 takes no new clients: {RESTING.reason}"]
    assert count_hosts(now) == (3, 2)


def test_the_picture() -> None:
    """Virtual directories by server, with what is to be looked at where a component may have been left Inactive."""
    now, _ = heard(running(text=TEXT), "HTTPS", "EX1", outcome(OLD, OAB))
    now, _ = heard(now, "HTTPS", "EX2", RESTING, RESTING)
    first, second, third = exchange_health(now, monotonic=111.0, now=datetime(2026, 1, 1, tzinfo=UTC)).servers
    assert [(row.vdir, row.state) for row in first.vdirs] == [("owa", VdirState.WELL), ("oab", VdirState.WARNED)]
    assert first.certificate is not None
    assert first.certificate.fingerprint == "0" * 64
    assert "oab" in first.advice
    assert "`Get-ServerComponentState EX1`" in first.advice
    assert (second.status, second.reason) == ("maintenance", RESTING.reason)
    assert "-Component ServerWideOffline -State Active -Requester Functional`" in second.advice
    assert (third.status, third.vdirs, third.advice) == ("up", (), "")


class Large(tuple[RelayPlan, ...]):
    """Relays of a plan that is too large to look through with each result."""

    __slots__ = ()

    def __iter__(self) -> Iterator[RelayPlan]:
        """Refuse."""
        raise AssertionError("every result of every host would go through all hosts")


def test_a_first_result_that_shows_no_certificate_goes_through_no_hosts() -> None:
    """Thousands of them come at a start; a check that sees none has none to compare."""
    now = running(text=TEXT.replace("check imap", "check tcp"))
    meant = target(now.plan, "IMAP", "EX1")
    fresh = HostStates().retarget([meant], 0.0)
    after, _ = fresh.apply(meant, Outcome(up=True, reason="", seconds=0.1), 1.0)
    assert list(remark_news(replace(now.plan, relays=Large()), meant, fresh, after)) == []
