"""The machine as it is: in a namespace whose addresses and routes are known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.system.commands import Finished
from bascule.system.errors import MachineError
from bascule.system.facts import nftables_refusal, observe
from bascule.system.sysctls import KernelSysctls
from bed.fake_sysctls import FakeSysctls
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node


def seen(node: Node) -> Facts:
    """Return the facts of a node; link-local addresses, which nobody chose, are left out."""
    with node.entered():
        facts = observe(KernelSysctls(), "", {})
    interfaces = [
        replace(each, addresses=tuple(a for a in each.addresses if not a.is_link_local)) for each in facts.interfaces
    ]
    routes = [route for route in facts.routes if not route.destination.is_link_local]
    return replace(facts, interfaces=tuple(interfaces), routes=tuple(routes))


@pytest.mark.kernel
def test_interfaces_addresses_and_routes(lab: Callable[[Layout], NetLab]) -> None:
    """Everything of both IP versions, with prefix lengths and metrics; routes of other tables and kinds are not asked."""
    net = lab(Layout(arms=2, servers=1))
    node = net["lb1"]
    net.hold("lb1", VIP, VIP6)
    for route in (
        "default via 10.80.1.1",
        "192.0.2.0/24 via 10.90.2.1 metric 50",
        "192.0.2.0/24 via 10.80.1.1 metric 70",
        "blackhole 198.51.100.0/24",
        "203.0.113.0/24 via 10.80.1.1 table 77",
        "10.99.0.0/16 nexthop via 10.90.2.1 nexthop via 10.80.1.1",
    ):
        node.run("ip", "route", "add", *route.split())
    node.run("ip", "-6", "route", "add", "2001:db8::/32", "via", "fd90::2:1")
    facts = seen(node)
    assert {interface.name: interface.loopback for interface in facts.interfaces} == {
        "lo": True,
        "eth0": False,
        "eth1": False,
    }
    front, back = facts.interface("eth0"), facts.interface("eth1")
    assert front is not None
    assert back is not None
    assert set(front.addresses) == {ip_interface(a) for a in ("10.80.0.2/16", "fd80::2/64", f"{VIP}/32", f"{VIP6}/128")}
    assert set(back.addresses) == {ip_interface(a) for a in ("10.90.0.2/16", "fd90::2/64", "10.90.0.1/16", "fd90::1/64")}
    front_router = ip_address("10.80.1.1")
    assert {route for route in facts.routes if route.destination.version == 4} == {
        RouteFacts(destination=ip_network("0.0.0.0/0"), interface="eth0", gateway=front_router),
        RouteFacts(destination=ip_network("10.80.0.0/16"), interface="eth0"),
        RouteFacts(destination=ip_network("10.90.0.0/16"), interface="eth1"),
        RouteFacts(destination=ip_network("10.99.0.0/16"), interface="eth1"),
        RouteFacts(destination=ip_network("192.0.2.0/24"), interface="eth1", metric=50, gateway=ip_address("10.90.2.1")),
        RouteFacts(destination=ip_network("192.0.2.0/24"), interface="eth0", metric=70, gateway=front_router),
    }
    ways = {str(host): facts.towards(ip_address(host)) for host in ("192.0.2.9", "2001:db8::9", "fd90::2:1", "8.8.8.8")}
    assert ways == {"192.0.2.9": back, "2001:db8::9": back, "fd90::2:1": back, "8.8.8.8": front}
    assert facts.processors >= 1


@pytest.mark.kernel
def test_what_leads_where_is_what_the_kernel_says(lab: Callable[[Layout], NetLab]) -> None:
    """For any host our answer is that of `ip route get`."""
    node = lab(Layout(arms=2, servers=1))["lb1"]
    node.run("ip", "route", "add", "10.90.128.0/17", "via", "10.80.1.1")
    facts = seen(node)
    for host in ("10.80.7.7", "10.90.7.7", "10.90.200.7", "fd80::7", "fd90::7"):
        (line, *_) = node.run("ip", "route", "get", host).stdout.splitlines()
        interface = facts.towards(ip_address(host))
        assert interface is not None
        assert f" dev {interface.name} " in line


@pytest.mark.kernel
def test_settings_are_those_of_the_namespace(lab: Callable[[Layout], NetLab]) -> None:
    """Each interface's own ones too, and whether each IP version was forwarded."""
    node = lab(Layout(arms=1))["lb1"]
    node.sysctl(net__ipv4__conf__eth0__rp_filter=1, net__ipv6__conf__all__forwarding=1)
    facts = seen(node)
    assert facts.sysctls["net.ipv4.conf.eth0.rp_filter"] == "1"
    assert facts.forwarded_before == {6}
    assert facts.sysctls.items() >= {"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "1"}.items()


def test_facts_say_what_the_machine_is_without_us() -> None:
    """Else a plan would no longer ask for what it has got, and take it back in turn."""
    name = "net.ipv4.conf.all.rp_filter"
    sysctls = FakeSysctls({"net.ipv4.ip_forward": "1", name: "2"})
    facts = observe(sysctls, "", {"net.ipv4.ip_forward": "0", name: "1", "net.ipv6.conf.gone.accept_ra": "1"})
    assert facts.sysctls == {"net.ipv4.ip_forward": "0", name: "1"}
    assert facts.forwarded_before == frozenset()
    assert observe(sysctls, "no", {}).forwarded_before == {4}
    assert observe(sysctls, "no", {}).no_nftables == "no"


def test_loopback_is_told_apart() -> None:
    """Wherever we run, there is a loopback interface."""
    facts = observe(FakeSysctls({}), "", {})
    assert InterfaceFacts(name="lo", loopback=True) == replace(facts.interface("lo") or pytest.fail("no lo"), addresses=())


class Answers:
    """Commands that all end the same way."""

    def __init__(self, answer: Finished | MachineError) -> None:
        self.answer = answer
        self.asked: list[tuple[Sequence[str], str]] = []

    async def run(self, argv: Sequence[str], text: str = "") -> Finished:
        """Note the question, and answer."""
        self.asked.append((argv, text))
        if isinstance(self.answer, MachineError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (Finished(0, "", ""), ""),
        (
            Finished(1, "", "netlink: Error: cache initialization failed: Operation not permitted\n"),
            "this user may not change firewall rules",
        ),
        (
            Finished(1, "", "Error: Could not process rule: Not supported\nmore\n"),
            "Error: Could not process rule: Not supported",
        ),
        (Finished(-11, "", ""), "nft ends with -11"),
        (MachineError("run nft", "No such file or directory"), "the program nft cannot be run: No such file or directory"),
    ],
)
async def test_why_rules_may_not_be_loaded(answer: Finished | MachineError, refusal: str) -> None:
    """In words for people; the question itself changes nothing."""
    commands = Answers(answer)
    assert await nftables_refusal(commands) == refusal
    ((argv, _),) = commands.asked
    assert "-c" in argv
