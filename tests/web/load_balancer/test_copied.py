"""What the pages find in a text, right or wrong."""

from bascule.service.network import AddressRow, InterfaceRow, Interfaces
from bascule.web.load_balancer.copied import copied
from bascule.web.load_balancer.places import places

TEXT = """\
interface eth0 {
	address 10.2.0.10/24
	address 10.2.0.50/24 virtual
	address dhcp
}
load-balancer {
	table <exchange> { 10.2.0.11 name "EX1"; ex2.example.com; key 7f3a91c2 }
	table <spare> { }
	relay "Web mail" {
		listen on 10.2.0.50 port 443
		listen on port 8443 from internal
		forward to <exchange> check tcp
		affinity "outlook"
	}
	router "out" { forward to <spare> check icmp; route default }
	redirect "SMTP" { listen on port 25; forward to <exchange>; disable }
}
firewall {
	zone internal { from 10.2.0.0/16 }
}
"""


def test_services_and_tables_are_found_with_what_they_have() -> None:
    """And who uses which table."""
    has = copied(TEXT)
    web, smtp = has.services
    assert (web.kind, web.name, web.own) == ("relay", "Web mail", 'relay "Web mail"')
    assert web.listens == ("10.2.0.50 port 443", "port 8443 from internal")
    assert (web.group, web.disabled, smtp.disabled) == ("outlook", False, True)
    exchange, spare = has.tables
    assert exchange.hosts == ("10.2.0.11", "ex2.example.com")
    assert exchange.used_by == ("Web mail", "SMTP")
    assert (spare.hosts, spare.used_by) == ((), ("out",))
    (router,) = has.routers
    assert (router.name, router.routes, router.tables, router.disabled) == ("out", ("default",), ("spare",), False)
    assert has.zones == ("internal",)


def test_a_broken_text_gives_what_is_clear() -> None:
    """At whatever place it ends."""
    for length in range(len(TEXT)):
        copied(TEXT[:length])
    assert [each.name for each in copied(TEXT[: TEXT.index("affinity")]).services] == ["Web mail"]


def test_one_may_listen_where_the_machine_is_or_will_be() -> None:
    """Addresses that move come first; loopback and link-local ones are for nobody."""
    rows = [AddressRow(address=each) for each in ("10.2.0.10/24", "10.9.0.1/24", "fe80::1/64", "127.0.0.1/8")]
    found = places(copied(TEXT), Interfaces(interfaces=(InterfaceRow(name="eth1", state="up", addresses=tuple(rows)),)))
    assert [each.label for each in found] == [
        "10.2.0.50 (eth0, virtual, in your working copy)",
        "10.2.0.10 (eth0)",
        "10.9.0.1 (eth1)",
    ]
