"""Where port forwards lead, and which places the relays get by them."""

from collections.abc import Sequence

import pytest

from bascule.plan.model import Plan
from plan.firewalls import wall, walled
from plan.situations import balancer, relay

SERVICES = balancer(
    relay(listen=("10.2.0.50 port 443", "fd02::50 port 443")),
    relay("RPC", listen=("10.2.0.50 port 6005:6010 from internal",)),
    relay("DNS", listen=("10.2.0.50 udp port 53",), kind="redirect", forward=""),
    relay("WEB", "engine proxy", listen=("10.2.0.50 port 80",)),
    hosts=("10.2.0.11", "fd02::11"),
)


def places(plan: Plan) -> Sequence[tuple[str, str, str]]:
    """Return each place by which a forward brings clients: the relay, where they connect to, where it listens."""
    return [(each.name, str(place.place), str(place.listen)) for each in plan.relays for place in each.forwarded]


@pytest.mark.parametrize(
    ("forward", "relay_name", "place"),
    [
        ("proto tcp to 203.0.113.1 port 443 forward to 10.2.0.50", "HTTPS", "203.0.113.1:443 10.2.0.50:443"),
        ("proto tcp to 203.0.113.1 port 8443 forward to 10.2.0.50 port 443", "HTTPS", "203.0.113.1:8443 10.2.0.50:443"),
        ("proto tcp to 2001:db8::1 port 443 forward to fd02::50", "HTTPS", "[2001:db8::1]:443 [fd02::50]:443"),
        ("proto udp to 203.0.113.1 port 53 forward to 10.2.0.50", "DNS", "203.0.113.1:53/udp 10.2.0.50:53/udp"),
        ("proto tcp to 203.0.113.1 port 6006 forward to 10.2.0.50", "RPC", "203.0.113.1:6006 10.2.0.50:6005-6010"),
        (
            "proto tcp to 203.0.113.1 port 6006:6009 forward to 10.2.0.50",
            "RPC",
            "203.0.113.1:6006-6009 10.2.0.50:6005-6010",
        ),
        # another transport, port, address; a range beyond the relay's; a port that it would not keep; the proxy's
        ("proto udp to 203.0.113.1 port 443 forward to 10.2.0.50", "", ""),
        ("proto tcp to 203.0.113.1 port 443 forward to 10.2.0.50 port 444", "", ""),
        ("proto tcp to 203.0.113.1 port 443 forward to 10.2.0.51", "", ""),
        ("proto tcp to 203.0.113.1 port 6006:6011 forward to 10.2.0.50", "", ""),
        ("proto tcp to 203.0.113.1 port 7000 forward to 10.2.0.50 port 6005", "", ""),
        ("proto tcp to 203.0.113.1 port 80 forward to 10.2.0.50", "", ""),
    ],
)
def test_a_forward_leads_to_the_relay_that_listens_there(forward: str, relay_name: str, place: str) -> None:
    """In the kernel, over that transport, and at that port; the relay has the place from then on."""
    plan = walled(f"pass in on external {forward}", before=SERVICES)
    (rule,) = wall(plan).rules
    assert rule.relay == relay_name
    assert [" ".join(each) for each in places(plan)] == ([f"{relay_name} {place}"] if place else [])


def test_places_stand_once_in_the_order_of_the_rules() -> None:
    """Two rules of one place are one place; others keep the order in which they are asked."""
    plan = walled(
        "pass in proto tcp to 203.0.113.1 port 8443 forward to 10.2.0.50 port 443",
        "pass in on external proto tcp to 203.0.113.1 port 443 forward to 10.2.0.50",
        "pass in on internal proto tcp to 203.0.113.1 port 443 forward to 10.2.0.50",
        before=SERVICES,
    )
    assert [place for _, place, _ in places(plan)] == ["203.0.113.1:8443", "203.0.113.1:443"]


def test_a_relay_s_zone_is_a_part_of_its_own() -> None:
    """As its interface is: clients of other zones are not taken."""
    text = balancer(relay(listen=("10.2.0.50 port 443 from internal", "10.2.0.51 port 443")), hosts=("10.2.0.11",))
    assert [(each.zone, str(each.listens[0])) for each in walled(before=text).relays] == [
        ("internal", "10.2.0.50:443"),
        ("", "10.2.0.51:443"),
    ]
