"""Hosts by name: what is asked, and what the answers make of a configuration."""

from ipaddress import ip_address, ip_interface

from bascule.config.facts import Facts, InterfaceFacts
from bascule.config.load import load
from bascule.config.model import Address, Configuration
from bascule.config.names import MOST_ADDRESSES, NOTHING_TO_ASK, left_out, questions, with_hosts

TEXT = """
load-balancer {
	table <exchange> {
		10.80.2.2 name "EX2"
		mail.lab.local name "MAIL" weight 3 retry 1 max sessions 7
		spare.lab.local
	}
}
system { dns { 10.80.0.5; 10.80.0.6 } }
"""


def configured(text: str = TEXT) -> Configuration:
    """Return what a text means."""
    configuration = load(text).configuration
    assert configuration is not None
    return configuration


def addresses(*texts: str) -> frozenset[Address]:
    """Return addresses."""
    return frozenset(map(ip_address, texts))


def facts(**names: frozenset[Address]) -> Facts:
    """Return a machine that knows names of lab.local."""
    own = InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.2/16"),))
    return Facts(interfaces=(own,), names={f"{name}.lab.local": told for name, told in names.items()})


def hosts(known: Facts) -> list[tuple[str, str, int]]:
    """Return the hosts of the text's table: label, address, weight."""
    (table,) = with_hosts(configured(), known).load_balancer.tables
    return [(host.label, str(host.address), host.weight) for host in table.hosts]


def test_what_to_ask() -> None:
    """The servers in their order, each name once; nothing where there is no server, no name or no text."""
    asked = questions(configured())
    assert [str(server) for server in asked.servers] == ["10.80.0.5", "10.80.0.6"]
    assert asked.names == {"mail.lab.local", "spare.lab.local"}
    assert questions(configured(TEXT.replace("10.80.0.5; 10.80.0.6", ""))) is NOTHING_TO_ASK
    assert questions(configured("system { dns { 10.80.0.5 } }")) is NOTHING_TO_ASK
    assert questions(None) is NOTHING_TO_ASK


def test_a_name_is_as_many_hosts_as_it_has_addresses() -> None:
    """Each has the options of the name, and a label that tells it from the others; their order is not the server's."""
    known = facts(mail=addresses("10.80.2.10", "10.80.2.9", "fd80::9"), spare=addresses("10.80.2.4"))
    assert hosts(known) == [
        ("EX2", "10.80.2.2", 1),
        ("MAIL/10.80.2.9", "10.80.2.9", 3),
        ("MAIL/10.80.2.10", "10.80.2.10", 3),
        ("MAIL/fd80::9", "fd80::9", 3),
        ("spare.lab.local", "10.80.2.4", 1),
    ]
    (table,) = with_hosts(configured(), known).load_balancer.tables
    assert [(host.fall, host.max_sessions) for host in table.hosts[1:4]] == [(2, 7)] * 3


def test_an_address_is_one_host() -> None:
    """What is written by address stays as it is written; of two names the first has the address."""
    known = facts(mail=addresses("10.80.2.2", "10.80.2.3"), spare=addresses("10.80.2.3"))
    assert hosts(known) == [("EX2", "10.80.2.2", 1), ("MAIL", "10.80.2.3", 3)]


def test_what_is_not_known_is_no_host() -> None:
    """The others are there, and doing it twice does nothing more."""
    known = facts(spare=addresses("10.80.2.4"))
    once = with_hosts(configured(), known)
    assert [host.label for host in once.load_balancer.tables[0].hosts] == ["EX2", "spare.lab.local"]
    assert with_hosts(once, known) == once


def test_a_stranger_cannot_make_this_machine_its_own_host() -> None:
    """Addresses of ours, of loopback and of many machines are left out and said; others of the name are taken."""
    useless = ("10.80.0.2", "127.0.0.1", "::1", "224.0.0.1", "0.0.0.0", "169.254.1.1", "fe80::1", "255.255.255.255")
    known = facts(mail=addresses(*useless, "10.80.2.3"))
    assert hosts(known)[1:] == [("MAIL", "10.80.2.3", 3)]
    said = left_out(configured(), known, "mail.lab.local")
    assert all(address in said for address in useless)
    assert "10.80.2.3" not in said
    assert not left_out(configured(), known, "spare.lab.local")


def test_no_name_is_more_than_so_many_hosts() -> None:
    """The smallest addresses are taken, the rest is counted."""
    known = facts(mail=frozenset(ip_address("10.81.0.0") + number for number in range(MOST_ADDRESSES + 3)))
    assert len(hosts(known)) == 1 + MOST_ADDRESSES
    assert left_out(configured(), known, "mail.lab.local").startswith("3 of its addresses")
