from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

import pytest

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.exchange import Version
from bascule.config.load import load
from bascule.config.model import Configuration, Kind, Mode, Relay
from bascule.exchange.ports import Ports
from bascule.exchange.service import Wish
from bascule.exchange.wizard.answers import Answers, Server
from bascule.exchange.wizard.farm import Farm, farm
from plan.situations import machine

EX1 = Server("EX1", ip_address("10.2.0.11"))
EX2 = Server("EX2", ip_address("10.2.0.12"))
ANSWERS = Answers(version=Version.E2010, vip=ip_address("10.2.0.50"), servers=(EX1, EX2), key="7f3a91c2")
MACHINE = machine(("eth0", ("10.2.0.10/16", "10.2.0.50/16")))

STANDING = """\
# who changed what: see the wiki
interface eth0 {
	address 10.2.0.10/24      # the node's own
}

load-balancer { interval 3s }

system {
	http-server { port 8443 } # behind the VPN
}
"""


def answered(version: Version = Version.E2010, **changes: Any) -> Answers:
    """Return the answers of a small farm, with changes."""
    return replace(ANSWERS, version=version, **changes)


def made(answers: Answers, text: str = "") -> tuple[Farm, Configuration]:
    """Return a farm without mistakes, and what its text means."""
    found = farm(answers, text)
    assert found.diagnostics == ()
    configuration = load(found.text).configuration
    assert configuration is not None
    return found, configuration


def relays(configuration: Configuration) -> dict[str, Relay]:
    """Return the services by name."""
    return {relay.name: relay for relay in configuration.load_balancer.relays}


def test_2010_is_the_guides_text_without_its_defects() -> None:
    """Eight relays, one key, source-hash everywhere; RPC is one affinity group; every check speaks its protocol."""
    _, configuration = made(answered(namespace="mail.example.com", array_fqdn="outlook.example.local"))
    found = relays(configuration)
    assert list(found) == ["HTTPS", "POP3", "POP3S", "IMAP", "IMAPS", "RPCLS", "RPCCAS", "RPCABS"]
    assert {relay.forward.mode for relay in found.values()} == {Mode.SOURCE_HASH}
    assert [name for name, relay in found.items() if relay.affinity == "outlook"] == ["RPCLS", "RPCCAS", "RPCABS"]
    assert configuration.load_balancer.table("exchange").key == 0x7F3A91C2
    assert {found["HTTPS"].session_timeout, found["RPCLS"].session_timeout} == {2400, 7200}
    assert configuration.exchange is not None
    assert configuration.exchange.array_fqdn == "outlook.example.local"
    assert configuration.system.http_server is not None
    assert configuration.system.http_server.port == 4433


def test_https_joins_the_group_when_it_shall() -> None:
    """So that a client whose RPC moves takes its web sessions along."""
    _, configuration = made(answered(https_affinity=True))
    assert relays(configuration)["HTTPS"].affinity == "outlook"


@pytest.mark.parametrize("version", [version for version in Version if version.modern])
def test_modern_farms_have_no_affinity(version: Version) -> None:
    """HTTPS alone, dealt to the server with the fewest sessions, or in turn."""
    _, configuration = made(answered(version))
    (https,) = relays(configuration).values()
    assert (https.forward.mode, https.forward.slow_start, https.affinity) == (Mode.LEAST_STATES, 60, "")
    _, configuration = made(answered(version, mode="mode roundrobin"))
    assert relays(configuration)["HTTPS"].forward.mode is Mode.ROUNDROBIN


def test_whatever_is_answered_loads_and_has_no_error_on_the_machine() -> None:
    """With every wish and without, by relays and by redirects, with zones and without."""
    choices = product((Version.E2010, Version.SE), (Kind.RELAY, Kind.REDIRECT), ((set[Wish](), False), ({*Wish}, True)))
    for version, method, (wishes, zones) in choices:
        answers = answered(version, method=method, wishes=wishes, zones=zones, interface="eth0", prefix_length=16)
        _, configuration = made(answers)
        found = diagnose(configuration, MACHINE)
        assert not [each for each in found if each.severity is Severity.ERROR], answers


def test_what_stands_in_the_text_stays() -> None:
    """Comments, layout, and what it says otherwise; the admin server is out of the way and stays where it is."""
    found, configuration = made(answered(interface="eth0", prefix_length=24), STANDING)
    lines = iter(found.text.splitlines())
    expected = STANDING.replace("load-balancer { interval 3s }", "load-balancer {").splitlines()
    assert all(line in lines for line in expected), found.text
    assert "\tinterval 3s" in found.text
    assert {str(line.address) for line in configuration.interfaces[0].addresses} == {"10.2.0.10/24", "10.2.0.50/24"}


def test_a_second_time_changes_nothing() -> None:
    """The table keeps its key, since another one would move every client; one more server is added to it."""
    text = farm(ANSWERS, STANDING).text
    assert farm(replace(ANSWERS, key="00000001"), text).text == text
    more = replace(ANSWERS, servers=(EX1, Server("EX3", ip_address("10.2.0.13"))), key="00000001")
    found, configuration = made(more, text)
    table = configuration.load_balancer.table("exchange")
    assert (table.key, [host.name for host in table.hosts]) == (0x7F3A91C2, ["EX1", "EX2", "EX3"])
    assert "Table <exchange> keeps the hosts it had: EX2." in map(str, found.notes)


def test_a_relay_of_that_name_is_not_overwritten() -> None:
    """It is shown where it stands, with how to take it out; the text is as it was."""
    text = 'load-balancer {\n\ttable <web> { 10.2.0.80 }\n\trelay "HTTPS" { listen on port 443; forward to <web> }\n}\n'
    found = farm(ANSWERS, text)
    (mistake,) = found.diagnostics
    assert (found.text, mistake.span.line) == (text, 3)
    assert "bascule delete load-balancer relay 'HTTPS'" in mistake.hint


def test_a_text_with_errors_is_mended_first() -> None:
    """Its own errors are said."""
    found = farm(ANSWERS, "load-balancer {\n\tworkers none\n}\n")
    assert [each.span.line for each in found.diagnostics] == [2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vip": EX1.address}, "10.2.0.11 is EX1, so it cannot be the address of the farm"),
        ({"servers": ()}, "no server is named"),
        ({"servers": (EX1, replace(EX2, address=EX1.address))}, "EX1 and EX2 have the address 10.2.0.11"),
        ({"servers": (EX1, replace(EX2, name="ex1"))}, "EX1 and ex1 have the name ex1"),
        ({"vip": ip_address("fd00::50")}, "EX1 is at 10.2.0.11, and clients connect to fd00::50"),
        ({"admin_port": 443}, "the admin server would be on port 443, which is HTTPS's"),
        ({"ports": Ports(address_book=59532)}, "RPCCAS and RPCABS would both be on port 59532"),
        ({"namespace": "mail"}, "expected a name with its domain in quotes"),
        ({"key": "x"}, "`x`"),
        ({"table": "a b"}, "is no table's name"),
        ({"interface": "eth0 virtual"}, "an interface's name"),
        ({"servers": (EX1, replace(EX2, name='EX2" weight 0 name "x'))}, "holds a quotation mark"),
        ({"ad_site": 'Paris" } system { host-name "x'}, "holds a quotation mark"),
        ({"version": Version.SE, "https_affinity": True}, "Exchange SE needs no affinity"),
        ({"version": Version.E2019, "array_fqdn": "a.example.com"}, "Exchange 2019 has no client access array"),
    ],
)
def test_mistakes_are_told_with_what_to_do(changes: dict[str, Any], said: str) -> None:
    """And nothing is made of the answers."""
    found = farm(replace(ANSWERS, **changes), STANDING)
    assert found.text == STANDING
    assert any(said in mistake.message for mistake in found.diagnostics), found.diagnostics
    assert all(isinstance(mistake, Diagnostic) and mistake.span.line == 0 for mistake in found.diagnostics)


def test_the_admin_server_leaves_443_alone() -> None:
    """It moves where a service takes its port, and nowhere else."""
    for text, port in (
        ("", 4433),
        ("system { http-server { port 443 } }", 4433),
        ("system { http-server { listen on 10.2.0.10 } }", 443),
        ("system { http-server { port 9000 } }", 9000),
    ):
        _, configuration = made(ANSWERS, text)
        assert configuration.system.http_server is not None
        assert configuration.system.http_server.port == port
    _, configuration = made(replace(ANSWERS, admin_port=4434), "system { http-server { port 9000 } }")
    assert configuration.system.http_server is not None
    assert configuration.system.http_server.port == 4434


def test_zones_are_the_tables() -> None:
    """RPC is for the inside alone where the language can say so; without zones nothing is said of them."""
    found, configuration = made(answered(zones=True, inside=(ip_network("10.2.0.0/16"),), interface="eth0"))
    assert configuration.firewall is not None
    assert [zone.name for zone in configuration.firewall.zones] == ["internal", "external"]
    assert "port 135 from internal" in found.text
    assert "port 443 from" not in found.text
    without, configuration = made(ANSWERS)
    assert configuration.firewall is None
    assert "from internal" not in without.text


def test_zones_may_come_later() -> None:
    """Services that listened for everybody are kept to theirs then; without the answer they stay so."""
    zoned = replace(ANSWERS, zones=True, inside=(ip_network("10.2.0.0/16"),), interface="eth0")
    later, configuration = made(zoned, made(ANSWERS)[0].text)
    assert {name: relay.listens[0].zone for name, relay in relays(configuration).items()} == {
        **dict.fromkeys(("HTTPS", "POP3", "POP3S", "IMAP", "IMAPS"), ""),
        **dict.fromkeys(("RPCLS", "RPCCAS", "RPCABS"), "internal"),
    }
    assert farm(zoned, later.text).text == later.text
    assert farm(replace(zoned, zones=False), later.text).text == later.text


def test_the_guides_table() -> None:
    """Its rows in its order, with this farm's ports; mail transfer is named also where it is not balanced."""
    found, _ = made(answered(ports=Ports(client_access=60001)))
    assert [(row.client, row.protocol, row.ports, row.zone) for row in found.rows] == [
        ("Outlook", "RPC", "135, 59533, 60001", "internal (only)"),
        ("OWA, ActiveSync, Outlook Anywhere, EWS", "HTTPS", "443", "external"),
        ("Third-party clients", "POP3, IMAP4", "110, 143, 993, 995", "external"),
        ("Mail transfer", "SMTP", "25", "external (MX, needs no load balancer)"),
    ]
    assert [row.services for row in found.rows][2:] == ["POP3, POP3S, IMAP, IMAPS", "not balanced"]


def test_mail_is_a_redirect_behind_a_gateway() -> None:
    """Servers then see who sends; a relay is told with its hazard."""
    found, configuration = made(answered(Version.SE, wishes={Wish.SMTP}, gateway=True))
    kinds = {name: relay.kind for name, relay in relays(configuration).items()}
    assert kinds == {"HTTPS": Kind.RELAY, "SMTP": Kind.REDIRECT, "SUBMISSION": Kind.REDIRECT}
    assert found.rows[1].services == "SMTP (redirect)"
    assert not any("open relay" in note.text for note in found.notes)
    found, _ = made(answered(Version.SE, wishes={Wish.SMTP}))
    assert any("open relay" in note.text for note in found.notes)


def test_what_is_to_be_done_has_this_farms_values() -> None:
    """The ports of the registry, the array's cmdlets, the record in the DNS."""
    answers = answered(array_fqdn="outlook.lab.local", ad_site="Paris", ports=Ports(client_access=60001))
    said = "\n".join(map(str, farm(answers).notes))
    assert r'MSExchangeRPC\ParametersSystem, "TCP/IP Port", REG_DWORD, 60001 (decimal)' in said
    assert 'New-ClientAccessArray -Name "outlook.lab.local" -Fqdn "outlook.lab.local" -Site "Paris"' in said
    assert "In the DNS inside: outlook.lab.local is 10.2.0.50." in said
    assert "logon page of OWA. (Background knowledge, not verified.)" in said


@pytest.mark.parametrize("version", Version)
def test_no_sentence_is_said_twice(version: Version) -> None:
    """However many services have it."""
    notes = [str(note) for note in farm(answered(version, wishes={*Wish})).notes]
    assert len(notes) == len({*notes})
