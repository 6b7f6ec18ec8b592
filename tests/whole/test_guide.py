"""The guide's configuration balances real traffic of real servers: inside and outside clients at once, one-armed."""

import imaplib
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from bed import clients, configuration, endpoint_mapper, exchange
from bed.balancer import Balancer, running
from bed.certificates import Authority
from bed.exchange import ExchangeLike
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.daemons]

_TLS: Final = ((443, ""), (993, ""), (995, ""), (143, "imap"), (110, "pop3"), (25, "smtp"))
"""Ports that speak TLS, and by which STARTTLS."""


@dataclass(frozen=True)
class Site:
    """A site with its servers, its balancer, and 100 clients inside and 100 outside."""

    engine: str
    balancer: Balancer
    servers: list[ExchangeLike]
    authority: Authority
    clients: dict[str, Node]

    def expected(self, port: int, *addresses: str) -> dict[str, str]:
        """Return the host that takes each client on a port, as `bascule explain` says."""
        lines = self.balancer.command("explain", "--json", str(port), *addresses).stdout.splitlines()
        return {answer["client"]: answer["host"] for answer in map(json.loads, lines)}

    def one_of_each(self) -> tuple[str, str]:
        """Return a client inside and a client outside."""
        first, *_, last = self.clients
        return first, last

    def server(self, name: str) -> ExchangeLike:
        """Return the server of that name."""
        return next(server for server in self.servers if server.name == name)


@pytest.fixture(scope="module")
def net() -> Iterator[NetLab]:
    """Build the network: three servers, one balancer, clients beside them and behind a router."""
    with NetLab(Layout(arms=1, servers=3, outside=1)) as net:
        net.hold("lb1", VIP)
        yield net


@pytest.fixture(scope="module")
def servers(net: NetLab, module_directory: Path) -> tuple[list[ExchangeLike], Authority]:
    """Start the servers; they end with the network."""
    authority = Authority(module_directory)
    return exchange.start_all(net.named("srv"), authority, module_directory), authority


@pytest.fixture(scope="module", params=["kernel", "proxy"])
def site(
    request: pytest.FixtureRequest,
    net: NetLab,
    servers: tuple[list[ExchangeLike], Authority],
    module_directory: Path,
) -> Iterator[Site]:
    """Run the guide's configuration, with a relay for SMTP, over each engine in turn."""
    engine = str(request.param)
    text = configuration.with_relay(configuration.guide(), "SMTP", 25, "accept-source-rewrite")
    text = configuration.with_statements(text, f"engine {engine}")
    third = {"kernel": 100, "proxy": 101}[engine]
    inside = net.many_addresses("client1", 100, f"10.80.{third}.1")
    outside = net.many_addresses("outside1", 100, f"10.70.{third}.1")
    nodes = dict.fromkeys(inside, net["client1"]) | dict.fromkeys(outside, net["outside1"])
    with running(net["lb1"], text, module_directory / engine) as balancer:
        yield Site(engine, balancer, *servers, nodes)


def test_each_client_lands_on_one_server_with_every_service(site: Site) -> None:
    """200 clients use every service; the servers' own logs have each of them on one server only, the one foretold."""

    def use_everything(client: str) -> None:
        clients.curl(site.clients[client], client, VIP, site.authority.certificate)
        clients.rpc(site.clients[client], client, VIP)

    clients.at_once(use_everything, site.clients)
    expected = site.expected(443, *site.clients)
    assert set(expected.values()) == {server.name for server in site.servers}
    for server in site.servers:
        own = {client for client, host in expected.items() if host == server.name}
        for service in server.logs:
            until(
                lambda: own <= server.clients(service),  # noqa: B023 - called here and now
                what=f"{service} on {server.name} logs its {len(own)} clients",
            )
            assert server.clients(service) & set(site.clients) == own, (server.name, service)


@pytest.mark.parametrize(("port", "starttls"), _TLS)
def test_the_certificate_is_the_servers_own(site: Site, port: int, starttls: str) -> None:
    """What OpenSSL gets through a TLS relay is the leaf of the server that takes the client, also after STARTTLS."""
    some = [*site.clients][::40]
    expected = site.expected(port, *some)
    for client in some:
        leaf = _leaf(site.clients[client], client, port, starttls)
        assert leaf == site.server(expected[client]).leaf.fingerprint


def _leaf(node: Node, client: str, port: int, starttls: str) -> str:
    """Return the SHA-256 of the certificate that `openssl s_client` gets."""
    upgrade = ("-starttls", starttls) if starttls else ()
    said = node.run(
        "openssl", "s_client", "-connect", f"{VIP}:{port}", "-bind", f"{client}:0", *upgrade,
        check=False, input="", timeout=20,
    )  # fmt: skip
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", said.stdout, re.DOTALL)
    assert found, said.stderr
    return sha256(ssl.PEM_cert_to_DER_cert(found[0])).hexdigest()


@pytest.mark.parametrize("upgrade", [False, True], ids=["993", "143 with STARTTLS"])
def test_imaplib_reads_a_mailbox(site: Site, *, upgrade: bool) -> None:
    """Python's own IMAP client logs in, stores a message and reads it, inside and outside."""
    context = ssl.create_default_context(cafile=str(site.authority.certificate))
    for node in {node.name: node for node in site.clients.values()}.values():
        context.check_hostname = False  # the bed has no DNS; the certificate test compares leaves
        with node.entered():
            mailbox = imaplib.IMAP4(VIP, timeout=10) if upgrade else imaplib.IMAP4_SSL(VIP, ssl_context=context, timeout=10)
        with mailbox:
            if upgrade:
                mailbox.starttls(context)
            mailbox.login(node.ip, "secret")
            mailbox.append("INBOX", "", "", b"Subject: one\r\n\r\nline\r\n")
            _, (count,) = mailbox.select("INBOX")
            assert count is not None
            assert int(count) >= 1


def test_swaks_sends_mail_after_starttls(site: Site) -> None:
    """Swaks delivers a message over STARTTLS, inside and outside."""
    for client in site.one_of_each():
        site.clients[client].run(
            "swaks", "--server", VIP, "--local-interface", client, "-tls", "--from", f"{client}@lab.local",
            "--to", "someone@lab.local", "--timeout", "10",
        )  # fmt: skip


def test_the_endpoint_mapper_answers_through_the_relay(site: Site) -> None:
    """Impacket is told where lsarpc is, and that Samba has no Exchange, inside and outside."""
    for client in site.one_of_each():
        with site.clients[client].entered():
            status, port = endpoint_mapper.ask(endpoint_mapper.LSARPC, client=client, server=VIP)
            assert (status, port >= 49152) == (0, True)
            status, _ = endpoint_mapper.ask(endpoint_mapper.EMSMDB, client=client, server=VIP)
            assert status == endpoint_mapper.NOT_REGISTERED
