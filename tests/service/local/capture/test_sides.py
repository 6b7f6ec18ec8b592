"""Where packets of a client or a relay pass."""

from ipaddress import ip_address

from bascule.service.local.capture.sides import ANY_PORT, End, Side, sides
from service.local.situations import TWO_SERVICES, planned

CLIENT = ip_address("10.1.1.1")
HOSTS = [ip_address(f"10.80.2.{n}") for n in (1, 2)]
VIP = ip_address("10.80.0.10")


def one(port: int) -> tuple[range, ...]:
    """Return one port as an end has it."""
    return (range(port, port + 1),)


def test_a_relay_has_two_sides() -> None:
    """Where it listens, and its hosts with their port."""
    assert sides(planned(), None, "HTTPS") == [
        Side((End(VIP, one(443)),)),
        Side(tuple(End(host, one(443)) for host in HOSTS)),
    ]


def test_a_client_in_a_relay_is_seen_where_it_connects() -> None:
    """Towards the hosts, whoever it is has our address."""
    assert sides(planned(), CLIENT, "IMAP") == [
        Side((End(VIP, one(143)),), CLIENT),
        Side(tuple(End(host, one(143)) for host in HOSTS)),
    ]


def test_a_client_alone_is_everything_it_sends() -> None:
    """And the hosts of all relays, each once with all its ports; of another IP version there are none."""
    ports = (*one(143), *one(443))
    assert sides(planned(), CLIENT, None) == [Side((End(CLIENT),)), Side(tuple(End(host, ports) for host in HOSTS))]
    assert sides(planned(), ip_address("2001:db8::1"), None) == [Side((End(ip_address("2001:db8::1"), (ANY_PORT,)),))]
    assert sides(planned(), ip_address("2001:db8::1"), "HTTPS") == []


def test_hosts_of_a_redirect_see_the_client() -> None:
    """So that its packets are known by themselves."""
    text = TWO_SERVICES.replace('relay "IMAP"', 'redirect "IMAP"').replace("port 143", "tcp port 143")
    plan = planned(text)
    assert sides(plan, CLIENT, "IMAP")[1] == Side(tuple(End(host, one(143)) for host in HOSTS), CLIENT)
    assert sides(plan, CLIENT, None)[1] == Side(tuple(End(host, one(443)) for host in HOSTS))
