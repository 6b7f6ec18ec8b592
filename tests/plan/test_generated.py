"""The rules that nobody writes open what relays and administrators need, and no more."""

from bascule.config.firewall import Ports, Protocol
from bascule.plan.firewall import Purpose
from plan.firewalls import ROUTER, of, wall, walled
from plan.situations import balancer, relay


def test_every_place_of_a_relay_is_opened_to_whom_it_takes() -> None:
    """One rule a place, with the relay's zone or interface, and its title as the cause."""
    text = balancer(
        relay(listen=("10.2.0.50 port 443", "fd02::50 port 443 interface eth1")),
        relay("RPC", listen=("10.2.0.50 port 6005:6010 from internal",)),
        relay("DNS", listen=("10.2.0.50 udp port 53",), kind="redirect", forward=""),
        hosts=("10.2.0.11", "fd02::11"),
    )
    plan = walled(before=text)
    assert [(each.cause, each.interface, each.rule.text) for each in of(plan, Purpose.RELAY)] == [
        ("relay HTTPS", "", "pass in proto tcp to 10.2.0.50 port 443"),
        ("relay HTTPS", "eth1", "pass in on eth1 proto tcp to fd02::50 port 443"),
        ("relay RPC", "", "pass in on internal proto tcp to 10.2.0.50 port 6005:6010"),
        ("redirect DNS", "", "pass in proto udp to 10.2.0.50 port 53"),
    ]
    assert [each.rule.zone for each in of(plan, Purpose.RELAY)] == ["", "", "internal", ""]


def test_the_proxy_reaches_its_hosts_before_any_rule_of_the_text() -> None:
    """Checks do, too: a host that is up and cannot be reached would take clients for nothing."""
    text = balancer(
        relay("WEB", "engine proxy", listen=("10.2.0.50 port 80", "10.2.0.50 port 8080:8090"), forward="check tcp"),
        relay("SHOP", "engine proxy", listen=("10.2.0.50 port 443",), forward="port 8443 check tcp"),
        relay("MAIL", listen=("10.2.0.50 port 25",)),
        hosts=("10.2.0.11",),
    )
    before = [each for each in wall(walled("block out", before=text)).before if each.purpose is Purpose.RELAY]
    assert [(each.cause, each.rule.text) for each in before] == [
        ("relay WEB, which the proxy carries", "pass out proto tcp to 10.2.0.11 port 80"),
        ("relay WEB, which the proxy carries", "pass out proto tcp to 10.2.0.11 port 8080:8090"),
        ("relay SHOP, which the proxy carries", "pass out proto tcp to 10.2.0.11 port 8443"),
    ]


def test_name_servers_are_reached_before_any_rule_of_the_text() -> None:
    """Those that the text names, over UDP and TCP."""
    text = "system { dns { 10.2.0.5; fd02::5 } }\n"
    rules = [each for each in of(walled("block out", before=text), Purpose.NEIGHBOURS) if each.rule.to.ports]
    assert [(each.cause, each.rule.text) for each in rules] == [
        ("the name servers", "pass out to 10.2.0.5 port 53"),
        ("the name servers", "pass out to fd02::5 port 53"),
    ]


OUTWARD = """system {
	syslog { server 10.2.0.7; server 10.2.0.8 transport tls; server log.example.com }
	mail { server 10.2.0.25 port 587 starttls }
	alert "a" { webhook "https://[fd02::9]:8443/x"; webhook "http://10.2.0.9"; webhook "https://chat.example/x" }
	snmp { community "c"; from 10.2.0.0/16; from fd02::5; trap to 10.2.0.7 }
	ntp { server 10.2.0.5 }
	authentication { ldap { server 10.2.0.6; domain "example.com"; group "cn=a,dc=example,dc=com" role viewer } }
}
"""


def test_whom_this_machine_speaks_to_is_reached_before_any_rule_of_the_text() -> None:
    """By the address that the text has, the port and the protocol; a name may mean any, and opens nothing."""
    before = wall(walled("block out", before=OUTWARD)).before
    rules = [each for each in before if each.purpose is Purpose.NEIGHBOURS and each.rule.to.ports]
    assert [(each.cause, each.rule.text) for each in rules] == [
        ("a syslog server", "pass out proto udp to 10.2.0.7 port 514"),
        ("a syslog server", "pass out proto tcp to 10.2.0.8 port 6514"),
        ("the mail server", "pass out proto tcp to 10.2.0.25 port 587"),
        ('a webhook of alert "a"', "pass out proto tcp to fd02::9 port 8443"),
        ('a webhook of alert "a"', "pass out proto tcp to 10.2.0.9 port 80"),
        ("traps of SNMP", "pass out proto udp to 10.2.0.7 port 162"),
        ("a time server", "pass out proto udp to 10.2.0.5 port 123"),
        ("an LDAP server", "pass out proto tcp to 10.2.0.6 port 636"),
    ]
    answers = [each.rule.text for each in before if each.cause == "SNMP"]
    assert answers == [f"pass out proto udp from any port 161 to {who}" for who in ("10.2.0.0/16", "fd02::5")]


def test_snmp_is_open_to_those_who_may_ask() -> None:
    """After the text's rules, which decide first, and at its own address."""
    for at, opened in (
        ("", [("10.2.0.0/16", "any port 161"), ("fd02::5", "any port 161")]),
        ("listen on 10.2.0.50; port 1161; ", [("10.2.0.0/16", "10.2.0.50 port 1161")]),
    ):
        after = wall(walled(before=OUTWARD.replace("snmp { ", f"snmp {{ {at}"))).after
        rules = [each.rule.text for each in after if each.cause == "SNMP"]
        assert rules == [f"pass in proto udp from {source} to {to}" for source, to in opened]


def test_administrators_come_from_zone_internal() -> None:
    """Ssh, and the admin server at its own address or at all of them."""
    text = "system { http-server { port 4433 } }\n"
    rules = of(walled(before=text), Purpose.ADMIN)
    assert [(each.cause, each.rule.zone, each.rule.to.ports) for each in rules] == [
        ("ssh", "internal", Ports(22, 22)),
        ("the admin server", "internal", Ports(4433, 4433)),
    ]
    text = "system { http-server { listen on 10.2.0.1; port 4433 } }\n"
    assert str(of(walled(before=text), Purpose.ADMIN)[1].rule.to.network) == "10.2.0.1/32"


def test_where_no_zone_is_called_internal_they_come_from_anywhere() -> None:
    """Nobody is locked out by a name."""
    rules = of(walled(zones="\tzone inside { from 10.0.0.0/8 }\n"), Purpose.ADMIN)
    assert [each.rule.zone for each in rules] == [""]


def test_answers_of_dhcp_servers_reach_interfaces_that_ask() -> None:
    """Of both versions, on that interface alone."""
    plan = walled(before="interface eth0 { address dhcp }\ninterface eth1 { address 10.2.0.1/16 }\n", facts=ROUTER)
    rules = [each for each in of(plan, Purpose.NEIGHBOURS) if each.rule.protocol is Protocol.UDP]
    assert [(each.interface, each.rule.text) for each in rules] == [
        ("eth0", "pass in on eth0 proto udp from 0.0.0.0/0 port 67 to any port 68"),
        ("eth0", "pass in on eth0 proto udp from fe80::/10 port 547 to any port 546"),
    ]
    assert not [each for each in of(walled(), Purpose.NEIGHBOURS) if each.rule.protocol is Protocol.UDP]


def test_generated_rules_know_their_cause() -> None:
    """Whoever lists them can say why they are there."""
    assert all(each.cause and each.rule.text for each in wall(walled()).all_rules)
