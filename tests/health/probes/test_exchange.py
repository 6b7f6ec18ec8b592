import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest

from bascule.config.model import MailCheck, MailProtocol
from bascule.config.vdirs import ExchangeCheck, Vdir, VdirPolicy
from bascule.health.outcome import Outcome
from bascule.lab.certificate import make_certificate
from bascule.lab.components import Component, Requester, State
from bascule.lab.faults import PageFault
from bascule.lab.limits import Limits
from bascule.lab.server import Ports, SimulatedExchange
from bascule.plan.model import Endpoint
from bed.loopback import Loopback, Script, closes, drips, floods, resets, says, silent
from bed.probing import ask_once

ALL = tuple(Vdir)
NAMESPACE = "mail.example.com"
ADDRESS = IPv4Address("127.0.0.1")
CERTIFICATE = make_certificate(NAMESPACE, ADDRESS, now=datetime.now(UTC))


def check(*vdirs: Vdir, policy: VdirPolicy | None = None, server: str = "EX1") -> ExchangeCheck:
    """Return a check as the plan has it: all are required where no policy says otherwise."""
    asked = vdirs or ALL
    return ExchangeCheck(vdirs=asked, host=NAMESPACE, required=(policy or VdirPolicy()).of(asked), server=server)


@pytest.fixture
async def exchange() -> AsyncIterator[SimulatedExchange]:
    """Run EX1, well, with HTTPS and mail."""
    ports = Ports(https=0, smtp=0, imap=0, pop3=0)
    server = SimulatedExchange(name="EX1", address=ADDRESS, ports=ports, certificate=CERTIFICATE)
    await server.start()
    yield server
    await server.stop()


async def ask(exchange: SimulatedExchange, asked: ExchangeCheck, *, within: float = 2.0) -> Outcome:
    """Probe the simulated server once."""
    assert exchange.ports.https
    assert exchange.ports.smtp
    return await ask_once(Endpoint(ADDRESS, exchange.ports.https), asked, within=within, smtp=exchange.ports.smtp)


async def test_all_pages_over_one_connection(exchange: SimulatedExchange) -> None:
    """A server that is well is asked for nine pages, by one handshake, and is known by its own name."""
    outcome = await ask(exchange, check())
    assert (outcome.up, outcome.reason) == (True, "9 of 9 health pages say 200 OK")
    assert [(page.vdir, page.well) for page in outcome.findings.pages] == [(vdir.value, True) for vdir in ALL]
    assert outcome.findings.remarks == ()
    assert outcome.findings.certificate is not None
    assert exchange.connections("https") == 1


@pytest.mark.parametrize("called", ["EX1", "ex1", "EX1.lab.local", "ex1.other.example", ""])
async def test_a_server_is_known_without_domain_and_case(exchange: SimulatedExchange, called: str) -> None:
    """The name of the host in the text need not be written as Exchange writes it; without one, any server will do."""
    assert (await ask(exchange, check(Vdir.OWA, server=called))).up


async def test_a_swapped_address_is_found(exchange: SimulatedExchange) -> None:
    """A server that is well, but another than the host is called by, is down."""
    outcome = await ask(exchange, check(server="EX2"))
    assert not outcome.up
    assert outcome.reason == "this is EX1.lab.local, not EX2, by its health pages: are addresses swapped?"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (PageFault.RESET, "connection closed without an answer"),
        (PageFault.GONE, "HTTP 404"),
        (PageFault.FAILING, "HTTP 503"),
        (PageFault.WRONG, 'HTTP 200 with "It works!" instead of "200 OK"'),
        (PageFault.LOGIN, 'HTTP 200 with a login page instead of "200 OK": something in front of Exchange answers'),
        (PageFault.MOVED, "HTTP 302 to /owa/auth/logon.aspx: something in front of Exchange answers"),
        (PageFault.REFUSED, "HTTP 401: a login is asked for, which health pages need not"),
        (PageFault.DRIP, "no health page within 0.28 s"),
        (PageFault.HANG, "no health page within 0.28 s"),
    ],
)
async def test_one_page_that_is_ill_under_each_policy(exchange: SimulatedExchange, fault: PageFault, words: str) -> None:
    """Required, it takes the host out; warned of, it only warns; the other pages are asked all the same."""
    exchange.machine.pages["oab"] = fault
    required = await ask(exchange, check(), within=0.4)
    assert (required.up, required.reason) == (False, f"oab: {words}")
    assert [page.vdir for page in required.findings.pages if not page.well] == ["oab"]
    for policy in (VdirPolicy(warned=(Vdir.OAB,)), VdirPolicy(required=(Vdir.OWA, Vdir.MAPI))):
        warned = await ask(exchange, check(policy=policy), within=0.4)
        assert warned.up, warned.reason
        assert [(remark.about, remark.words) for remark in warned.findings.remarks] == [("oab", f"oab: {words}")]
        assert not warned.findings.maintenance


async def test_pages_of_one_trouble_are_told_together(exchange: SimulatedExchange) -> None:
    """A reason says each thing once."""
    exchange.machine.pages |= {"owa": PageFault.GONE, "ecp": PageFault.GONE, "mapi": PageFault.REFUSED}
    outcome = await ask(exchange, check(Vdir.OWA, Vdir.ECP, Vdir.MAPI, Vdir.RPC))
    assert outcome.reason.startswith("owa, ecp: HTTP 404; mapi: HTTP 401")


async def test_every_page_may_hang_and_each_is_told(exchange: SimulatedExchange) -> None:
    """Nine pages that hang cost one timeout, not nine."""
    exchange.machine.pages |= {vdir.page.split("/")[1].lower(): PageFault.HANG for vdir in ALL}
    outcome = await ask(exchange, check(), within=0.4)
    assert not outcome.up
    assert outcome.reason.endswith("no health page within 0.28 s")
    assert outcome.seconds < 1.0
    assert exchange.connections("https") <= len(ALL)


async def test_maintenance_is_recognised(exchange: SimulatedExchange) -> None:
    """No health page, and SMTP says 421 4.3.2: that is no failure."""
    exchange.machine.maintain(begin=True)
    outcome = await ask(exchange, check())
    assert not outcome.up
    assert outcome.findings.maintenance
    assert outcome.reason == "in Exchange maintenance: no health page, and SMTP said 421 4.3.2 Service not active"


@pytest.mark.parametrize("protocol", [MailProtocol.IMAP, MailProtocol.POP3])
async def test_maintenance_is_recognised_where_mail_is_read(exchange: SimulatedExchange, protocol: MailProtocol) -> None:
    """The service greets nobody then; whether that is a failure is for SMTP to say."""
    assert exchange.ports.smtp
    endpoint = Endpoint(ADDRESS, getattr(exchange.ports, protocol))
    exchange.machine.maintain(begin=True)
    outcome = await ask_once(endpoint, MailCheck(protocol=protocol), smtp=exchange.ports.smtp)
    assert (outcome.up, outcome.findings.maintenance) == (False, True)
    assert outcome.reason == "in Exchange maintenance: no greeting, and SMTP said 421 4.3.2 Service not active"
    exchange.machine.maintain(begin=False)
    for component in (Component.IMAP_PROXY, Component.POP_PROXY):
        exchange.machine.components.ask(component, State.INACTIVE, Requester.FUNCTIONAL)
    outcome = await ask_once(endpoint, MailCheck(protocol=protocol), smtp=exchange.ports.smtp)
    assert (outcome.up, outcome.findings.maintenance) == (False, False)
    assert outcome.reason == "connection closed without an answer"


async def test_a_farm_that_fails_is_not_in_maintenance(exchange: SimulatedExchange) -> None:
    """No health page while SMTP works is a failure, also where SMTP has no more connections for our address."""
    exchange.machine.pages |= {vdir.page.split("/")[1].lower(): PageFault.RESET for vdir in ALL}
    for limits in (Limits(), Limits(smtp_connections=0)):
        exchange.machine.limits = limits
        outcome = await ask(exchange, check())
        assert not outcome.findings.maintenance
        assert outcome.reason == f"{', '.join(ALL)}: connection closed without an answer"


@pytest.mark.parametrize(
    "script",
    [silent, closes, resets, drips(b"HTTP/1.1 200 OK\r\n", 0.01), floods(b"x" * 10_000), floods(b"HTTP/1.1 100 C\r\n\r\n")],
    ids=["silent", "closes", "resets", "drips", "floods", "endless continue"],
)
@pytest.mark.parametrize("policy", [VdirPolicy(), VdirPolicy(warned=ALL)], ids=["required", "warned"])
async def test_hostile_servers_cost_bounded_time(
    loopback: Loopback, server_tls: ssl.SSLContext, script: Script, policy: VdirPolicy
) -> None:
    """Whatever a server does, the probe ends within its timeout, with a reason, and blames nobody else."""
    endpoint = await loopback.serve(script, tls=server_tls)
    outcome = await ask_once(endpoint, check(policy=policy), within=0.3, smtp=1)
    assert outcome.seconds < 0.8
    assert not outcome.ours
    assert outcome.up == bool(policy)
    assert len(outcome.findings.remarks) >= (len(ALL) if policy else 0)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "no TLS handshake within 0.21 s"),
        (closes, "TLS handshake failed: connection closed"),
        (says(b"x" * 99), None),
    ],
)
async def test_a_server_without_tls_is_down_under_every_policy(
    loopback: Loopback, script: Script, reason: str | None
) -> None:
    """A policy speaks of pages; a server that nobody can talk to is down."""
    outcome = await ask_once(await loopback.serve(script), check(policy=VdirPolicy(warned=ALL)), within=0.3, smtp=1)
    assert not outcome.up
    assert reason is None or outcome.reason == reason


async def test_a_server_that_keeps_no_connection_is_up(loopback: Loopback, server_tls: ssl.SSLContext) -> None:
    """Where the server closes after each answer, each page gets a connection; also where it says that it would not."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"200 OK<br/>EX1.lab.local"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()

    outcome = await ask_once(await loopback.serve(once, tls=server_tls), check(), smtp=1)
    assert outcome.up, outcome.reason
