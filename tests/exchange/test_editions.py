import pytest

from bascule.config.exchange import Version
from bascule.exchange.editions import edition
from bascule.exchange.evidence import Evidence, Note
from bascule.exchange.language import best
from bascule.exchange.ports import Ports
from bascule.exchange.service import Affinity, Wish
from bascule.exchange.virtual_directories import VIRTUAL_DIRECTORIES

GUIDE = {
    "HTTPS": 443, "POP3": 110, "POP3S": 995, "IMAP": 143, "IMAPS": 993, "RPCLS": 135, "RPCCAS": 59532, "RPCABS": 59533,
}  # fmt: skip


def test_2010_is_the_guide() -> None:
    """Its eight relays, by its names and ports, in its order; the three of RPC belong together, and are for the inside."""
    services = [service for service in edition(Version.E2010).services if service.wish is Wish.ALWAYS]
    assert {service.relay: Ports().of(service.port) for service in services} == GUIDE
    assert [service.relay for service in services] == list(GUIDE)
    grouped = [service.relay for service in services if service.affinity is Affinity.GROUP]
    assert grouped == [service.relay for service in services if service.client.zone == "internal"]
    assert grouped == ["RPCLS", "RPCCAS", "RPCABS"]


@pytest.mark.parametrize("version", [version for version in Version if version.modern])
def test_modern_versions_tie_nobody(version: Version) -> None:
    """From 2013 on any server serves any session."""
    assert {service.affinity for service in edition(version).services} == {Affinity.NONE}
    assert not any("source-hash" in mode for mode in edition(version).modes)


@pytest.mark.parametrize("version", Version)
def test_every_service_is_checked_by_its_protocol(version: Version) -> None:
    """A bare connection is the last choice, and only where the language has no better one."""
    for service in edition(version).services:
        assert service.checks[0] != "tcp"
        assert best(service.checks) in service.checks
    said = " ".join(best(service.checks) for service in edition(version).services if len(service.checks) == 1)
    assert "tcp" not in said.split()


def test_a_client_of_every_service_is_in_the_table() -> None:
    """No service is left out of what the wizard shows."""
    for version in Version:
        kind = edition(version)
        assert {service.client for service in kind.services} == {*kind.clients}


def test_what_nobody_has_looked_up_says_so() -> None:
    """So that no background knowledge passes for a fact."""
    known = Note(text="It is so.", evidence=Evidence.KNOWN)
    assert str(known) == "It is so. (Background knowledge, not verified.)"
    assert str(Note(text="It is so.", source="a page")) == "It is so. [a page]"


def test_health_pages_lie_beside_their_services() -> None:
    """At the head of the directory, whatever the client asks for below it."""
    pages = {each.word: each.health_page for each in VIRTUAL_DIRECTORIES}
    assert pages["mapi"] == "/mapi/healthcheck.htm"
    assert pages["activesync"] == "/Microsoft-Server-ActiveSync/healthcheck.htm"
