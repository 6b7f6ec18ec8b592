"""What a firewall cannot do is said before it is tried, however long it is."""

import random
import time
from dataclasses import replace
from ipaddress import IPv4Network

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts, TableFile
from bascule.config.table_files import parsed
from plan.situations import ONE_ARM, balancer, configured, relay

RULES = 5000
SECONDS = 1.0
ZONE = "zone internal { from 10.80.0.0/16 }\n"


def _said(lines: str, facts: Facts = ONE_ARM, before: str = "") -> list[str]:
    found = diagnose(configured(f"{before}firewall {{\n{ZONE}{lines}}}\n"), facts)
    return [f"{one.severity} {one.span.line} {one.message}" for one in found]


def _network(chance: random.Random) -> IPv4Network:
    return IPv4Network((chance.getrandbits(32), chance.randrange(8, 33)), strict=False)


def test_a_file_with_a_bad_line_is_named_where_the_text_names_it() -> None:
    """File and line; a file that is not there is an error as well, one that nobody has read yet is not."""
    text = 'table <blocked> {\nfile "/a"\n}\n'
    bad = parsed(b"192.0.2.1\n" * 511 + b"192.0.2.300\n")
    (said,) = _said(text, replace(ONE_ARM, table_files={"/a": bad}))
    assert said.startswith("error 4 line 512 of /a: expected an address, or a network")
    gone = TableFile(fault="No such file or directory")
    assert _said(text, replace(ONE_ARM, table_files={"/a": gone})) == [
        "error 4 table <blocked> has no addresses of /a: No such file or directory"
    ]
    assert [said.split()[0] for said in _said(text)] == [Severity.WARNING]


def test_what_a_file_holds_already_is_superfluous_in_the_text() -> None:
    """With the network of the file that holds it; what the file has and the text holds is nobody's mistake."""
    text = 'table <blocked> {\n192.0.2.7\n198.51.100.0/24\nfile "/a"\n}\n'
    held = parsed(b"192.0.0.0/16\n192.0.2.0/24\n198.51.100.1\n")
    assert _said(text, replace(ONE_ARM, table_files={"/a": held})) == ["warning 4 192.0.2.7 is within 192.0.2.0/24 of /a"]


def test_an_address_that_stands_twice_is_said_once() -> None:
    """Long lists have such; it harms nobody."""
    assert _said("table <a> {\n192.0.2.1\n192.0.2.2\n192.0.2.1\n}\n") == ["warning 6 192.0.2.1 stands twice in table <a>"]


def test_a_name_that_a_rule_keeps_this_machine_from_is_said() -> None:
    """An address is open by itself; a rule before that passes the port is all that a name needs."""
    told = "syslog { server log.example.com transport tls; server 10.80.0.9 }\nntp { server ntp.example.com }"
    told = f"system {{\n{told}\n}}\n"
    blocked = "{} is called {}.example.com, and the rule in line {} may keep us from it"
    syslog, clock = (blocked.format(*each, 7) for each in (("a syslog server", "log"), ("a time server", "ntp")))
    assert _said("block out\n", before=told) == [f"warning 2 {syslog}", f"warning 3 {clock}"]
    assert _said("reject out proto udp\n", before=told) == [f"warning 3 {clock}"]
    for harmless in ("block in", "block out to 192.0.2.0/24", "block out proto tcp to any port 25", "pass out\nblock out"):
        assert not [said for said in _said(f"{harmless}\n", before=told) if "is called" in said]
    found = diagnose(configured(f"{told}firewall {{\n{ZONE}block out\n}}\n"), ONE_ARM)
    rules = [each.hint.split("`")[1] for each in found]
    assert rules == ["pass out proto tcp to any port 6514", "pass out proto udp to any port 123"]
    assert _said("\n".join((*rules, "block out\n")), before=told) == []


def test_tables_have_a_bound() -> None:
    """Of all of them together, with what their files hold."""
    many = TableFile(networks=parsed(b"192.0.2.1").networks * 500_000)
    text = 'table <a> { file "/a"; }\ntable <b> { file "/a" }\n'
    assert _said(text, replace(ONE_ARM, table_files={"/a": many})) == []
    over = 'table <a> { file "/a"; 192.0.3.1 }\ntable <b> { file "/a" }\n'
    (said,) = _said(over, replace(ONE_ARM, table_files={"/a": many}))
    assert said.startswith("error 1 the tables of the firewall hold 1000001 addresses")


def test_without_nftables_nobody_is_kept_out() -> None:
    """Which is a warning of the firewall, and an error of a listener that relies on it."""
    facts = replace(ONE_ARM, no_nftables="not root")
    balanced = balancer(relay(listen=["10.80.0.10 port 135 from internal"]))
    said = _said("", facts, "interface eth0 { address 10.80.0.10/16 }\n" + balanced)
    assert [one.split()[0] for one in said] == ["error", "warning"]
    assert 'relay "HTTPS" is for zone internal alone, and nobody keeps others away: not root' in said[0]
    assert "the firewall judges nothing" in said[1]


def test_a_forward_to_every_address_of_a_relay_is_known() -> None:
    """A relay that names no address listens on all that are ours, and on no other."""
    before = "interface eth0 { address 10.80.0.10/16 }\n" + balancer(relay(listen=["port 8000:8100"], forward="check icmp"))
    text = "pass in proto tcp to 203.0.113.1 port 8000:8010 forward to 10.80.0.10\n"
    assert _said(text, before=before) == []
    assert _said("pass in proto tcp to 203.0.113.1 port 8000 forward to 10.80.0.11\n", before=before) == []
    (said,) = _said("pass in proto tcp to 203.0.113.1 port 7999:8001 forward to 10.80.0.10\n", before=before)
    assert "no relay or redirect listens on its tcp port 7999:8001" in said
    (said,) = _said("pass in proto tcp to 10.80.0.10 port 7999:8001 forward to 10.80.2.1\n", before=before)
    assert "listens on 10.80.0.10 port 7999:8001 itself" in said


def test_a_firewall_that_routes_says_what_it_forwards() -> None:
    """So nobody is told that this machine forwards nothing but what a redirect carries."""
    before = "interface eth0 { address 10.80.0.10/16 }\n" + balancer(relay(kind="redirect"))
    routing = "is no IPv4 router"
    assert any(routing in one for one in _said("", before=before))
    assert not any(routing in one for one in _said("pass through from internal\n", before=before))


def test_long_firewalls_are_judged_in_time() -> None:
    """5,000 of one kind, and one that never decides; 5,000 that share nothing. Five times a second at most."""
    alike = "".join(f"pass in proto tcp to 10.80.{number >> 8}.{number & 255} port 25\n" for number in range(RULES))
    chance = random.Random(6)
    odd = "".join(f"pass in from {_network(chance)} to {_network(chance)} port {number + 1}\n" for number in range(RULES))
    for text, wanted in ((f"{alike}pass in proto tcp to 10.80.3.7 port 25\n", 1), (odd, 0)):
        configuration = configured(f"firewall {{\n{ZONE}{text}}}\n")
        begun = time.process_time()
        assert sum("never decides" in one.message for one in diagnose(configuration, ONE_ARM)) == wanted
        assert time.process_time() - begun < 5 * SECONDS
