"""A farm of three simulated Exchange 2016 servers: what is ill, warned of, in maintenance, or not who it should be."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import pytest

from bascule.lab.certificate import make_certificate
from bed.balancer import Balancer
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.servers import simulated
from bed.servers.dns import NameServer
from bed.servers.simulated import Simulated
from bed.wait import until

pytestmark = pytest.mark.kernel

_TEXT: Final = """
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
}
exchange { version 2016; namespace "mail.lab.local" }
load-balancer {
	interval 500ms
	timeout 500ms
	rise 1
	table <exchange> {
		10.80.2.1 name "EX1"
		10.80.2.2 name "EX2"
		ex3.lab.local name "EX3"
		warn oab
	}
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		forward to <exchange> check exchange "owa ecp ews mapi rpc oab activesync autodiscover powershell" mode source-hash
	}
	relay "OWA" {
		listen on 10.80.0.10 port 444
		forward to <exchange> port 443 check exchange "owa ecp" require owa mode source-hash
		engine proxy
	}
	relay "IMAP" {
		listen on 10.80.0.10 port 143
		forward to <exchange> check imap starttls login "probe" password "s3cret" mode source-hash
	}
	relay "SMTP" {
		listen on 10.80.0.10 port 25
		forward to <exchange> check smtp
		accept-source-rewrite
	}
}
system { dns { 10.80.1.2 } }
"""
_ALL_UP: Final[dict[str, Any]] = {"EX1": "up", "EX2": "up", "EX3": "up"}


@dataclass
class Farm:
    """Everything the test touches."""

    net: NetLab
    balancer: Balancer
    servers: Mapping[str, Simulated]
    names: NameServer
    expired: Path

    def shown(self, what: str) -> list[dict[str, Any]]:
        """Return the rows of a view."""
        return [json.loads(line) for line in self.balancer.asked("show", what, "--json").stdout.splitlines()]

    def warnings(self) -> str:
        """Return what `status` warns of."""
        return self.balancer.command("status", check=False).stdout

    def wait_warned(self, *words: str) -> None:
        """Wait until `status` says all of it."""
        until(lambda: all(each in self.warnings() for each in words), within=15.0, what=f"{words} are said", every=0.2)


@pytest.fixture
def farm(open_directory: Path) -> Iterator[Farm]:
    """Run three servers of one certificate, and a balancer that knows one of them by name."""
    now = datetime.now(UTC)
    for name, made in (("good", now), ("expired", now - timedelta(days=500))):
        certificate = make_certificate("mail.lab.local", IPv4Address(VIP), now=made)
        (open_directory / f"{name}.pem").write_bytes(certificate.pem)
    with NetLab(Layout(arms=1, servers=3, clients=2)) as net, ExitStack() as last:
        net.hold("lb1", VIP, VIP6)
        net.many_addresses("client1", 32, "10.80.100.1")
        servers = {
            f"EX{number}": simulated.start(node, f"EX{number}", open_directory / "good.pem")
            for number, node in enumerate(net.named("srv"), 1)
        }
        names = NameServer(net["client2"], open_directory / "dns")
        names.start({"ex3.lab.local": ["10.80.2.3"]})
        balancer = Balancer(net["lb1"], _TEXT, open_directory)
        last.callback(balancer.tell)
        last.callback(balancer.close)
        servers["EX2"].order("mailbox probe other")
        balancer.start()
        balancer.wait_hosts(**_ALL_UP)
        yield Farm(net, balancer, servers, names, open_directory / "expired.pem")


def test_what_warns_takes_nobody_out_and_what_is_ill_does(farm: Farm) -> None:
    """Password, certificate, name server, address book: warned of. Required page, stranger: out. Maintenance: drained."""
    balancer, servers = farm.balancer, farm.servers
    servers["EX3"].order(f"certificate {farm.expired}")
    servers["EX1"].order("page oab reset")
    farm.names.stop()
    farm.wait_warned(
        "host EX2 (10.80.2.2:143): the test mailbox probe cannot log in: NO",
        "host EX3 (10.80.2.3:443): the certificate has expired",
        "host EX3 (10.80.2.3:443): shows another certificate",
        "host EX1 (10.80.2.1:443): oab: connection closed without an answer",
    )
    assert balancer.relays() == dict.fromkeys(("HTTPS", "OWA", "IMAP", "SMTP"), _ALL_UP)
    assert not [event for event in farm.shown("log") if event.get("state") == "down"]

    servers["EX1"].order("page owa hang")
    servers["EX2"].order("page ecp gone")
    balancer.wait_hosts("HTTPS", EX1="down", EX2="down", EX3="up")
    balancer.wait_hosts("OWA", EX1="down", EX2="up", EX3="up")
    assert balancer.relays()["IMAP"] == _ALL_UP
    reason = next(row["reason"] for row in farm.shown("hosts") if (row["name"], row["relay"]) == ("EX1", "HTTPS"))
    assert reason == "owa: no health page within 0.35 s"
    servers["EX1"].order("page owa well")
    servers["EX2"].order("page ecp well")
    balancer.wait_hosts("HTTPS", **_ALL_UP)
    balancer.wait_hosts("OWA", **_ALL_UP)

    client = _client_of(farm, "EX2")
    with _session(farm, client, 443) as kernel, _session(farm, client, 444) as proxied:
        servers["EX2"].order("maintenance on")
        balancer.wait_hosts(EX1="up", EX2="maintenance", EX3="up")
        for talk in (kernel, proxied):
            assert _asked(talk) == "EX2", "a session of a host in maintenance goes on"
        for port in (443, 444):
            with _session(farm, client, port) as new:
                assert _asked(new) in {"EX1", "EX3"}, "who comes now meets another"
    assert "host EX2 takes no new clients: in Exchange maintenance" in farm.warnings()
    picture = farm.shown("exchange")
    assert [vdir["state"] for row in picture if row["host"] == "EX1" for vdir in row["vdirs"] if vdir["vdir"] == "oab"] == [
        "warned"
    ]
    assert any("Get-ServerComponentState EX2" in row["advice"] for row in picture if row["host"] == "EX2")
    servers["EX2"].order("maintenance off")
    balancer.wait_hosts("HTTPS", **_ALL_UP)

    servers["EX3"].order("name EX9")
    balancer.wait_hosts("HTTPS", EX1="up", EX2="up", EX3="down")
    farm.wait_warned("no answer of 10.80.1.2")
    events = farm.shown("log")
    assert any("this is EX9.lab.local, not EX3" in event["words"] for event in events if event.get("state") == "down")
    rested = [event for event in events if event.get("host") == "EX2" and event.get("state") in {"down", "maintenance"}]
    rested = [event for event in rested if "ecp: HTTP 404" not in event["words"]]
    assert rested
    assert {event["grade"] for event in rested} == {"info"}, "nobody is alarmed"
    said = balancer.log.read_text(encoding="utf-8") + json.dumps([events, farm.shown("hosts")]) + farm.warnings()
    assert "s3cret" not in said


def _client_of(farm: Farm, host: str) -> str:
    """Return the address of a client that this host takes."""
    clients = [f"10.80.100.{number}" for number in range(1, 33)]
    answers = farm.balancer.command("explain", "--json", "--to", VIP, "443", *clients).stdout.splitlines()
    return next(str(answer["client"]) for answer in map(json.loads, answers) if answer["host"] == host)


def _session(farm: Farm, client: str, port: int) -> ssl.SSLSocket:
    """Return a session of a client through a relay."""
    plain = farm.net["client1"].socket()
    plain.settimeout(10)
    plain.bind((client, 0))
    plain.connect((VIP, port))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def _asked(session: ssl.SSLSocket) -> str:
    """Return the server that answers in a session."""
    session.sendall(b"GET /owa/ HTTP/1.1\r\nHost: mail.lab.local\r\n\r\n")
    answer = session.recv(4096).decode()
    return answer.partition("X-FEServer: ")[2].partition("\r\n")[0]
