"""STARTTLS, and test mailboxes that log in, against the simulated server."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from random import Random

import pytest

from bascule.config.model import MailCheck, MailProtocol, Timing
from bascule.health.ask import ask
from bascule.health.caller import lenient_tls
from bascule.health.logins import AFTER_FAILURE, EVERY, Logins
from bascule.health.outcome import Outcome
from bascule.lab.certificate import make_certificate
from bascule.lab.server import Ports, SimulatedExchange
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.clock import SystemClock
from bed.loopback import Loopback
from bed.probing import ask_once
from health.probes.test_mail import speaks

ADDRESS = IPv4Address("127.0.0.1")
SECRET = 'p"ä\\ss wörd'
PROTOCOLS = pytest.mark.parametrize("protocol", list(MailProtocol))


@pytest.fixture
async def exchange() -> AsyncIterator[SimulatedExchange]:
    """Run a server with one mailbox."""
    certificate = make_certificate("mail.example.com", ADDRESS, now=datetime.now(UTC))
    server = SimulatedExchange(name="EX1", address=ADDRESS, ports=Ports(smtp=0, imap=0, pop3=0), certificate=certificate)
    server.machine.mailboxes = {"probe": "right"}
    await server.start()
    yield server
    await server.stop()


def check(protocol: MailProtocol, *, user: str = "", password: str = "") -> MailCheck:
    """Return a check by STARTTLS."""
    return MailCheck(protocol=protocol, starttls=True, user=user, password=password)


def target(exchange: SimulatedExchange, asked: MailCheck) -> ProbeTarget:
    """Return the server's port of the check's protocol."""
    return ProbeTarget(
        endpoint=Endpoint(ADDRESS, getattr(exchange.ports, asked.protocol)), check=asked, timing=Timing(timeout=2.0)
    )


@PROTOCOLS
async def test_starttls_shows_the_certificate(exchange: SimulatedExchange, protocol: MailProtocol) -> None:
    """The port goes on in TLS, and its certificate is seen as that of any other TLS probe."""
    outcome = await ask_once(target(exchange, check(protocol)).endpoint, check(protocol))
    assert outcome.up, outcome.reason
    assert outcome.reason.startswith("greeted with ")
    assert outcome.findings.certificate is not None
    assert outcome.findings.certificate.names == ("mail.example.com",)


@PROTOCOLS
async def test_a_mailbox_logs_in(exchange: SimulatedExchange, protocol: MailProtocol) -> None:
    """Nothing is said of a login that went well."""
    asked = check(protocol, user="probe", password="right")
    outcome = await ask_once(target(exchange, asked).endpoint, asked)
    assert (outcome.up, outcome.findings.remarks) == (True, ())


@PROTOCOLS
async def test_a_password_that_expired_only_warns(exchange: SimulatedExchange, protocol: MailProtocol) -> None:
    """The host is up, and nothing that is said has the password in it."""
    asked = check(protocol, user="probe", password=SECRET)
    outcome = await ask_once(target(exchange, asked).endpoint, asked)
    assert outcome.up
    code = {"smtp": "535 5.7.3", "imap": "NO", "pop3": "-ERR to PASS"}[protocol]
    words = f"the test mailbox probe cannot log in: {code}"
    assert [(remark.about, remark.words) for remark in outcome.findings.remarks] == [("login", words)]
    assert SECRET not in repr(outcome)


class Hand(SystemClock):
    """A clock that the test sets."""

    now = 1000.0

    def monotonic(self) -> float:
        """Return what the test said."""
        return self.now


async def test_a_mailbox_is_not_locked_by_probes(exchange: SimulatedExchange) -> None:
    """A login is tried once a minute, and one that failed not again for five; the warning stands meanwhile."""
    clock = Hand()
    logins, asked = Logins(clock), target(exchange, check(MailProtocol.IMAP, user="probe", password="right"))

    async def probed() -> Outcome:
        now, tls = partial(datetime.now, UTC), lenient_tls()
        return await ask(Probe(target=asked), random=Random(1), tls_context=tls, clock=clock, now=now, logins=logins)

    assert not (await probed()).findings.remarks
    exchange.machine.mailboxes = {}
    clock.now += EVERY - 1
    assert not (await probed()).findings.remarks
    clock.now += 1
    assert (await probed()).findings.remarks
    exchange.machine.mailboxes = None
    clock.now += AFTER_FAILURE - 1
    assert (await probed()).findings.remarks
    clock.now += 1
    assert not (await probed()).findings.remarks


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({b"b LOGIN": b"b NO [AUTHENTICATIONFAILED] swordfish\r\n"}, "NO AUTHENTICATIONFAILED"),
        ({b"b LOGIN": b'b BAD you said "swordfish"\r\n'}, "BAD"),
        ({b"b LOGIN": b"b swordfish\r\n"}, "an answer that is none"),
        ({b"b LOGIN": b"* swordfish\r\n" * 300}, "no answer to LOGIN"),
        ({}, "no answer"),
    ],
)
async def test_a_server_that_repeats_the_password_is_not_quoted(
    loopback: Loopback, server_tls: ssl.SSLContext, answers: dict[bytes, bytes], words: str
) -> None:
    """Codes alone are told; a server that does not answer a login is up, and warned of."""
    asked = MailCheck(protocol=MailProtocol.IMAP, tls=True, user="probe", password="swordfish")
    outcome = await ask_once(await loopback.serve(speaks(b"* OK hi\r\n", answers), tls=server_tls), asked, within=0.4)
    assert outcome.up, outcome.reason
    assert [remark.words for remark in outcome.findings.remarks] == [f"the test mailbox probe cannot log in: {words}"]
    assert "swordfish" not in repr(outcome)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({b"s STARTTLS": b"s NO\r\n"}, "refused STARTTLS with s NO"),
        ({b"s STARTTLS": b"s OK\r\n* OK more\r\n"}, "spoke on before TLS began"),
        ({}, "no answer to STARTTLS within 0.3 s"),
        ({b"s STARTTLS": b"s OK\r\n"}, "no TLS handshake within 0.3 s"),
    ],
)
async def test_a_port_without_starttls_is_down(loopback: Loopback, answers: dict[bytes, bytes], reason: str) -> None:
    """What was asked for is the connection; where that fails the host is down."""
    endpoint = await loopback.serve(speaks(b"* OK hi\r\n", answers))
    outcome = await ask_once(endpoint, check(MailProtocol.IMAP, user="probe", password="x"), within=0.3)
    assert (outcome.up, outcome.reason) == (False, reason)
