"""Interfaces get what a plan names, and lose what we gave: the same on a fake machine and on a real one."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bascule.deploy.transaction import Step, deploy
from bascule.engines.network.given import GivenFile
from bascule.engines.network.links import Arrivals, Departures, told
from bascule.plan.duplicates import duplicates, still_asked
from bascule.plan.model import LinkPlan, NetworkPlan, PlannedAddress, PlannedRoute
from bascule.system.announce import EthernetNeighbours, Neighbours
from bascule.system.errors import MachineError
from bascule.system.facts import observe
from bascule.system.links import AddAddress, KernelLinks, LinksDoor, RemoveAddress, SetLink, Way, network_stamp
from bed.fake_links import FakeLinks, FakeNeighbours
from bed.fake_sysctls import FakeSysctls
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.wait import until

Result = TypeVar("Result")

OWN = PlannedAddress("eth0", ip_interface("10.80.0.2/16"))
OWN6 = PlannedAddress("eth0", ip_interface("fd80::2/64"))
NEW = PlannedAddress("eth0", ip_interface("10.80.0.10/16"))
NEW6 = PlannedAddress("eth0", ip_interface("fd80::10/64"))
OTHER = PlannedAddress("eth0", ip_interface("192.0.2.1/24"))
SECOND = PlannedAddress("eth0", ip_interface("192.0.2.2/24"))
FAR = PlannedRoute("eth0", ip_network("198.51.100.0/24"), ip_address("10.80.0.100"))
FAR6 = PlannedRoute("eth0", ip_network("2001:db8::/32"), ip_address("fd80::100"))
FULL = NetworkPlan(
    addresses=(OWN, NEW, OWN6, NEW6), routes=(FAR, FAR6), links={"eth0": LinkPlan(mtu=1400, alias="mail")}, changeable=True
)
NOTHING = NetworkPlan(changeable=True)


@dataclass
class Rig:
    """A machine, and the engines over it as each start of Bascule makes them."""

    door: LinksDoor
    neighbours: Neighbours
    state: Path
    node: Node | None = None

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to its end, on the node where there is one."""
        with self.node.entered() if self.node else nullcontext():
            return asyncio.run(work)

    def engines(self) -> tuple[Arrivals, Departures]:
        """Return them, knowing nothing but what was kept."""
        with self.node.entered() if self.node else nullcontext():
            file = GivenFile(self.state, network_stamp())
        return Arrivals(self.door, self.neighbours, file), Departures(self.door, self.neighbours, file)

    def put(self, plan: NetworkPlan) -> None:
        """Deploy a plan's network."""
        self.run(deploy([Step(engine, plan) for engine in self.engines()]))

    def held(self) -> set[PlannedAddress]:
        """Return the addresses of eth0."""
        link = self.run(asyncio.to_thread(self.door.look)).links["eth0"]
        return {PlannedAddress("eth0", address) for address in link.addresses if not address.is_link_local}

    def link(self) -> LinkPlan:
        """Return what eth0 is."""
        link = self.run(asyncio.to_thread(self.door.look)).links["eth0"]
        return LinkPlan(mtu=link.mtu, alias=link.alias)

    def ways(self) -> set[PlannedRoute]:
        """Return the routes by gateways on eth0."""
        seen = self.run(asyncio.to_thread(self.door.look))
        return {PlannedRoute(way.interface, way.destination, way.gateway) for way in seen.ways}

    def act(self, *acts: AddAddress | RemoveAddress | SetLink) -> None:
        """Have somebody else change something."""
        for act in acts:
            self.run(asyncio.to_thread(self.door.do, act))


@pytest.fixture(params=["fake", pytest.param("kernel", marks=pytest.mark.kernel)])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Return a machine whose eth0 has an address of each IP version."""
    if request.param == "fake":
        yield Rig(FakeLinks({"eth0": (OWN.address, OWN6.address)}), FakeNeighbours(), tmp_path)
    else:
        lab: Callable[[Layout], NetLab] = request.getfixturevalue("lab")
        yield Rig(KernelLinks(), EthernetNeighbours(), tmp_path, lab(Layout(arms=1, servers=1))["lb1"])


def test_what_lacks_comes_and_goes_again(rig: Rig) -> None:
    """Addresses, routes, length of packets and alias; what was there before is there after."""
    before, ways = rig.link(), rig.ways()
    rig.put(FULL)
    assert rig.held() == {OWN, NEW, OWN6, NEW6}
    assert rig.ways() == ways | {FAR, FAR6}
    assert rig.link() == LinkPlan(mtu=1400, alias="mail")
    for engine in rig.engines():
        assert not engine.difference(FULL, rig.run(engine.observe()))
    rig.put(NOTHING)
    assert rig.held() == {OWN, OWN6}
    assert rig.ways() == ways
    assert rig.link() == before


def test_what_was_there_is_adopted_and_stays(rig: Rig) -> None:
    """Also with another prefix length."""
    rig.act(AddAddress("eth0", ip_interface("10.80.0.10/32")))
    rig.put(FULL)
    rig.put(NOTHING)
    assert rig.held() == {OWN, OWN6, PlannedAddress("eth0", ip_interface("10.80.0.10/32"))}


def test_addresses_outlive_us_and_are_still_ours(rig: Rig) -> None:
    """Another start takes what an earlier one gave."""
    rig.put(FULL)
    arrivals, departures = rig.engines()
    assert rig.run(arrivals.observe()).ours() == {NEW, NEW6}
    assert rig.run(departures.clear()) == 4
    assert rig.held() == {OWN, OWN6}


def test_another_prefix_length_takes_the_place_of_ours(rig: Rig) -> None:
    """Of both IP versions, of which the kernel would keep both or refuse the second."""
    rig.put(NetworkPlan(addresses=(NEW, NEW6), changeable=True))
    changed = [PlannedAddress("eth0", ip_interface(address)) for address in ("10.80.0.10/24", "fd80::10/80")]
    rig.put(NetworkPlan(addresses=tuple(changed), changeable=True))
    assert rig.held() == {OWN, OWN6, *changed}


def test_the_first_address_of_a_network_takes_no_other_with_it(rig: Rig) -> None:
    """The kernel removes all IPv4 addresses of a network with its first one."""
    rig.put(NetworkPlan(addresses=(OTHER,), changeable=True))
    rig.act(AddAddress("eth0", SECOND.address))
    rig.put(NOTHING)
    assert rig.held() == {OWN, OWN6, SECOND}


def test_several_of_one_network_go_at_once(rig: Rig) -> None:
    """The first of them first, which the kernel might take the others with."""
    more = tuple(PlannedAddress("eth0", ip_interface(f"192.0.2.{n}/24")) for n in range(1, 5))
    rig.put(NetworkPlan(addresses=more, changeable=True))
    rig.put(NetworkPlan(addresses=more[2:3], changeable=True))
    assert rig.held() == {OWN, OWN6, more[2]}
    rig.put(NOTHING)
    assert rig.held() == {OWN, OWN6}


def test_a_route_takes_another_gateway(rig: Rig) -> None:
    """Of both IP versions; and back, as a deployment that is taken back does it."""
    ways = rig.ways()
    other = PlannedRoute("eth0", FAR.destination, ip_address("10.80.0.101"))
    other6 = PlannedRoute("eth0", FAR6.destination, ip_address("fd80::101"))
    for routes in ((FAR, FAR6), (other, other6), (FAR, FAR6)):
        rig.put(NetworkPlan(routes=routes, changeable=True))
        assert rig.ways() == ways | {*routes}


def test_what_is_given_to_somebody_else_is_not_taken(rig: Rig) -> None:
    """An address of ours that is unmanaged from now on stays, and is never ours again."""
    rig.put(NetworkPlan(addresses=(NEW,), changeable=True))
    rig.put(NetworkPlan(left=frozenset({NEW}), changeable=True))
    assert rig.held() == {OWN, OWN6, NEW}
    rig.put(NOTHING)
    assert rig.held() == {OWN, OWN6, NEW}


def test_what_is_gone_is_forgotten(rig: Rig) -> None:
    """Whoever gives an address later that was ours once, keeps it."""
    rig.put(NetworkPlan(addresses=(NEW,), changeable=True))
    rig.act(RemoveAddress("eth0", NEW.address))
    rig.put(NOTHING)
    rig.act(AddAddress("eth0", NEW.address))
    rig.put(NOTHING)
    assert rig.held() == {OWN, OWN6, NEW}


def test_an_interface_that_has_its_old_settings_is_the_operators(rig: Rig) -> None:
    """Ours were taken back; what he sets from then on stays."""
    rig.put(NetworkPlan(links={"eth0": LinkPlan(mtu=1400)}, changeable=True))
    rig.put(NOTHING)
    assert rig.link().mtu == 1500
    rig.act(SetLink("eth0", 1450))
    rig.put(NOTHING)
    assert rig.link().mtu == 1450


@pytest.mark.kernel
def test_the_operators_route_outlives_a_new_number(lab: Callable[[Layout], NetLab], tmp_path: Path) -> None:
    """The node's only IPv4 address, which we gave, is another one: routes by that interface stay."""
    node = lab(Layout(arms=1, servers=1))["lb1"]
    rig = Rig(KernelLinks(), EthernetNeighbours(), tmp_path, node)
    node.run("ip", "address", "flush", "dev", "eth0", "scope", "global")
    rig.put(NetworkPlan(addresses=(OWN,), changeable=True))
    node.run("ip", "route", "add", "203.0.113.0/24", "via", "10.80.1.1")
    before = node.run("sysctl", "-n", "net.ipv4.conf.eth0.promote_secondaries").stdout
    for address in ("10.80.0.3/16", "10.80.0.3/24", "10.80.0.4/16"):
        moved = PlannedAddress("eth0", ip_interface(address))
        rig.put(NetworkPlan(addresses=(moved,), changeable=True))
        assert rig.held() == {moved}
    assert "via 10.80.1.1" in node.run("ip", "route", "show", "203.0.113.0/24").stdout
    assert node.run("sysctl", "-n", "net.ipv4.conf.eth0.promote_secondaries").stdout == before


def test_what_somebody_takes_is_seen(rig: Rig) -> None:
    """It is named, and comes back."""
    rig.put(FULL)
    rig.act(RemoveAddress("eth0", NEW.address))
    arrivals, _ = rig.engines()
    assert told(arrivals.difference(FULL, rig.run(arrivals.observe()))).startswith("10.80.0.10/16 from eth0")
    rig.put(FULL)
    assert rig.held() == {OWN, NEW, OWN6, NEW6}


def test_a_failed_deployment_leaves_nothing(rig: Rig) -> None:
    """What was given before the failure is taken back, and not noted as ours."""
    before, ways = rig.held(), rig.ways()
    wrong = PlannedRoute("eth0", ip_network("203.0.113.0/24"), ip_address("172.31.0.1"))
    with pytest.raises(MachineError, match=r"add the route to 203\.0\.113\.0/24 by 172\.31\.0\.1"):
        rig.put(NetworkPlan(addresses=(NEW,), routes=(FAR, wrong), links={"eth0": LinkPlan(mtu=1400)}, changeable=True))
    assert rig.held() == before
    assert rig.ways() == ways
    assert rig.link().mtu == 1500


def test_an_interface_that_is_gone_gets_nothing(rig: Rig) -> None:
    """A plan may be older than the machine."""
    gone = PlannedAddress("eth7", NEW.address)
    rig.put(NetworkPlan(addresses=(gone,), links={"eth7": LinkPlan(mtu=1400)}, changeable=True))
    assert rig.held() == {OWN, OWN6}


def test_nothing_is_touched_where_we_may_not(rig: Rig) -> None:
    """A plan of a user without the right has nothing to change."""
    for engine in rig.engines():
        assert not engine.difference(NetworkPlan(addresses=(NEW,)), rig.run(engine.observe()))


async def test_a_route_of_somebody_else_stays_alone(tmp_path: Path) -> None:
    """It is in effect already; ours would be second, or refused."""
    other = Way(interface="eth0", destination=FAR.destination, gateway=ip_address("10.80.0.200"))
    door = FakeLinks({"eth0": (OWN.address,)}, [other])
    arrivals = Arrivals(door, FakeNeighbours(), GivenFile(tmp_path, "this"))
    assert not arrivals.difference(NetworkPlan(routes=(FAR,), changeable=True), await arrivals.observe())


async def test_a_taken_address_is_a_warning(tmp_path: Path) -> None:
    """It names who has it."""
    door, neighbours = FakeLinks({"eth0": (OWN.address,)}), FakeNeighbours({NEW.address.ip: "02:00:00:00:00:07"})
    arrivals = Arrivals(door, neighbours, GivenFile(tmp_path, "this"))
    (said,) = await deploy([Step(arrivals, NetworkPlan(addresses=(NEW,), changeable=True))])
    assert said.message == "another machine has 10.80.0.10 already: 02:00:00:00:00:07 on the segment of eth0"
    assert neighbours.told == [NEW.address.ip]


async def test_another_network_has_nothing_of_ours(tmp_path: Path) -> None:
    """After a start of the machine, or in another namespace, an address that is there is somebody else's."""
    door = FakeLinks({"eth0": (OWN.address,)})
    await deploy([Step(Arrivals(door, FakeNeighbours(), GivenFile(tmp_path, "before")), FULL)])
    after = Departures(door, FakeNeighbours(), GivenFile(tmp_path, "after"))
    assert not [act for act in after.difference(NOTHING, await after.observe()) if isinstance(act, RemoveAddress)]


async def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    """With its name; nothing is taken on a guess."""
    (tmp_path / "network.json").write_text('{"stamp": "this", "addresses": [["eth0"]]}')
    arrivals = Arrivals(FakeLinks({}), FakeNeighbours(), GivenFile(tmp_path, "this"))
    with pytest.raises(MachineError, match=r"network\.json: it is damaged"):
        await arrivals.observe()


@pytest.mark.kernel
def test_an_address_of_another_machine_is_asked_for_again(lab: Callable[[Layout], NetLab], tmp_path: Path) -> None:
    """The kernel does not use it while the other has it; once that one is gone it does, and neighbours are told."""
    net = lab(Layout(arms=1, servers=1))
    net["lb1"].sysctl(net__ipv6__conf__eth0__accept_dad=1)
    net.hold("srv1", str(NEW6.address.ip))
    rig = Rig(KernelLinks(), FakeNeighbours(), tmp_path, net["lb1"])
    rig.put(NetworkPlan(addresses=(NEW6,), changeable=True))
    link = rig.run(asyncio.to_thread(rig.door.look)).links["eth0"]
    assert link.duplicated == frozenset({NEW6.address.ip})
    assert not link.tentative
    facts = rig.run(asyncio.to_thread(observe, FakeSysctls({}), "", {}))
    assert duplicates(NetworkPlan(addresses=(NEW6,)), facts) == (NEW6,)
    assert isinstance(rig.neighbours, FakeNeighbours)
    assert not rig.neighbours.told
    net.release("srv1", str(NEW6.address.ip))
    rig.run(rig.engines()[0].again([NEW6, OWN6]))
    asked = rig.run(asyncio.to_thread(observe, FakeSysctls({}), "", {}))
    assert duplicates(NetworkPlan(addresses=(NEW6,)), still_asked(asked, facts)) == (NEW6,)

    def used() -> bool:
        now = rig.run(asyncio.to_thread(rig.door.look)).links["eth0"]
        return NEW6.address in now.addresses and not now.tentative and not now.duplicated

    until(used, within=10.0, what="it is used", every=0.1)
    assert rig.held() == {OWN, OWN6, NEW6}


@pytest.mark.kernel
def test_an_address_that_is_new_is_used_when_it_is_given(lab: Callable[[Layout], NetLab], tmp_path: Path) -> None:
    """Who gives it waits until the kernel has asked, then tells neighbours; one that moves is not asked for."""
    net = lab(Layout(arms=1, servers=1))
    net["lb1"].sysctl(net__ipv6__conf__eth0__accept_dad=1)
    rig = Rig(KernelLinks(), FakeNeighbours(), tmp_path, net["lb1"])
    moving = PlannedAddress("eth0", ip_interface("fd80::11/64"), virtual=True)
    rig.put(NetworkPlan(addresses=(NEW6, moving), changeable=True))
    link = rig.run(asyncio.to_thread(rig.door.look)).links["eth0"]
    assert (link.duplicated, link.tentative) == (frozenset(), frozenset())
    assert isinstance(rig.neighbours, FakeNeighbours)
    assert set(rig.neighbours.told) == {NEW6.address.ip, moving.address.ip}
