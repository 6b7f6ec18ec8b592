"""Addresses of the text are Bascule's to give: clients find them at once, and what it gave goes with it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed import configuration
from bed.balancer import Balancer
from bed.clients import exchange, greeted, is_greeted
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.wait import until

pytestmark = pytest.mark.kernel

PORT = 59532
SECOND = "10.80.0.11"


class Place:
    """Two echo servers, two balancers' nodes, and a Bascule on the first that nobody has given the virtual address."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        self._at = at
        self.balancer = Balancer(net["lb1"], None, at)

    def text(self, *more: str, listen: str = VIP, engine: str = "kernel") -> Path:
        """Write a configuration with further lines for eth0 and a relay, and return the file."""
        text = configuration.plain(("ECHO", PORT), timing="interval 1s").replace(f"listen on {VIP}", f"listen on {listen}")
        text = configuration.with_statements(text, f"engine {engine}")
        lines = "".join(f"\t{line}\n" for line in more)
        file = self._at / f"{len(list(self._at.iterdir()))}.conf"
        file.write_text(text.replace("interface eth0 {\n", f"interface eth0 {{\n{lines}"), encoding="utf-8")
        return file

    def deploy(self, file: Path, *options: str) -> str:
        """Deploy it, and return what is said."""
        return self.balancer.command("deploy", str(file), *options).stdout

    def held(self, node: str = "lb1") -> set[str]:
        """Return the IPv4 addresses of a node's eth0."""
        shown = self.net[node].run("ip", "-json", "-4", "address", "show", "dev", "eth0").stdout
        return {info["local"] for link in json.loads(shown) for info in link["addr_info"]}

    def served(self, address: str = VIP) -> bool:
        """Tell whether a client is served."""
        return is_greeted(self.net["client1"], address, PORT)


@pytest.fixture
def place(open_directory: Path) -> Iterator[Place]:
    """Return a place where the address is on nobody's interface and nothing is committed."""
    with NetLab(Layout(arms=1, lbs=2)) as net:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT,), open_directory)
        place = Place(net, open_directory)
        place.balancer.start()
        with place.balancer.cleared():
            yield place
        assert place.held() == {"10.80.0.2"}, "clear takes what Bascule gave"


def test_the_address_comes_and_clients_find_it_at_once(place: Place) -> None:
    """Also those who knew it at another node a moment ago: neighbours are told."""
    place.net.hold("lb2", VIP)
    with place.net["lb2"].socket() as listener:
        listener.bind((VIP, PORT))
        listener.listen()
        with place.net["client1"].socket() as client:
            client.settimeout(5)
            client.connect((VIP, PORT))
    place.net.release("lb2", VIP)
    said = place.deploy(place.text(), "--commit")
    assert "eth0 has 10.80.0.10/16" in said
    place.balancer.wait_all_up()
    with place.net["client1"].socket() as client:
        client.settimeout(0.9)  # before the client's own memory of the other node would have been doubted
        client.connect((VIP, PORT))


def test_an_address_that_another_machine_has_is_said(place: Place) -> None:
    """Before clients are lost by it, with the hardware address to look for."""
    place.net.hold("lb2", VIP)
    shown = place.net["lb2"].run("ip", "-json", "link", "show", "dev", "eth0").stdout
    hardware = json.loads(shown)[0]["address"]
    done = place.balancer.command("deploy", str(place.text()), "--commit")
    assert f"another machine has {VIP} already: {hardware} on the segment of eth0" in done.stdout + done.stderr


def test_an_address_that_is_not_committed_goes_again(place: Place) -> None:
    """A second address is there for the test; a session by the first one goes on over it."""
    place.deploy(place.text(), "--commit")
    place.balancer.wait_all_up()
    with greeted(place.net["client1"], "", VIP, PORT) as (session, _):
        place.deploy(place.text(f"address {SECOND}/16 virtual"), "--seconds", "5")
        assert place.held() == {"10.80.0.2", VIP, SECOND}
        until(lambda: SECOND not in place.held(), within=8, what="the second address is taken back")
        assert place.held() == {"10.80.0.2", VIP}
        exchange(session, b"still here\n")


def test_a_move_to_another_address_is_taken_back(place: Place) -> None:
    """The old one goes only for the time of the test."""
    place.deploy(place.text(), "--commit")
    moved = place.text(listen=SECOND)
    moved.write_text(moved.read_text().replace(f"address {VIP}/16", f"address {SECOND}/16"))
    place.deploy(moved, "--seconds", "6")
    place.balancer.wait_all_up()
    assert (place.held(), place.served(SECOND)) == ({"10.80.0.2", SECOND}, True)
    until(lambda: place.held() == {"10.80.0.2", VIP}, within=9, what="the first address is back")
    place.balancer.wait_all_up()
    assert place.served()


def test_what_somebody_takes_away_is_back_at_once(place: Place) -> None:
    """Within two seconds, with an event."""
    place.deploy(place.text(), "--commit")
    place.net["lb1"].run("ip", "address", "del", f"{VIP}/16", "dev", "eth0")
    until(lambda: VIP in place.held(), within=2, what="the address is back")
    words = f"somebody else took {VIP}/16 from eth0: it is there again"
    until(lambda: words in place.balancer.asked("show", "log").stdout, what="it is said")


def test_a_kill_loses_no_address_and_the_next_start_still_knows_whose_it_is(place: Place) -> None:
    """The address outlives the daemon, and sessions with it; and goes when the text names it no more."""
    place.deploy(place.text(), "--commit")
    place.balancer.wait_all_up()
    with greeted(place.net["client1"], "", VIP, PORT) as (session, _):
        place.balancer.kill()
        exchange(session, b"nobody is home\n")
        place.balancer.start()
        exchange(session, b"and again\n")
    place.deploy(place.text(f"address {SECOND}/16 virtual"), "--commit")
    place.deploy(place.text(), "--commit")
    assert place.held() == {"10.80.0.2", VIP}


def test_what_the_machine_had_before_stays(place: Place) -> None:
    """An address that an operator added is no address of ours, whatever the text says of it."""
    place.net.hold("lb1", SECOND)
    place.deploy(place.text(f"address {SECOND}/16"), "--commit")
    place.deploy(place.text(), "--commit")
    assert place.held() == {"10.80.0.2", VIP, SECOND}
    place.net.release("lb1", SECOND)


def test_a_route_leads_there(place: Place) -> None:
    """With our protocol number, and only as long as the text names it."""
    place.deploy(place.text("route 198.51.100.0/24 10.80.1.1"), "--commit")
    shown = place.net["lb1"].run("ip", "route", "show", "198.51.100.0/24").stdout
    assert "via 10.80.1.1 dev eth0 proto 181" in shown
    place.deploy(place.text(), "--commit")
    assert not place.net["lb1"].run("ip", "route", "show", "198.51.100.0/24").stdout


def test_the_proxy_listens_on_an_address_that_comes_with_it(place: Place) -> None:
    """At the first deployment, when a move to another address is taken back, and at a start of a machine that lost all."""
    place.deploy(place.text(engine="proxy"), "--commit")
    place.balancer.wait_all_up()
    assert place.served()
    moved = place.text(listen=SECOND, engine="proxy")
    moved.write_text(moved.read_text().replace(f"address {VIP}/16", f"address {SECOND}/16"))
    place.deploy(moved, "--seconds", "5")
    assert place.served(SECOND)
    until(lambda: place.held() == {"10.80.0.2", VIP}, within=9, what="the first address is back")
    until(place.served, what="the proxy serves there again")
    place.balancer.stop()
    for worker in place.balancer.workers():
        place.net["lb1"].run("kill", "-KILL", str(worker))
    place.net["lb1"].run("ip", "address", "del", f"{VIP}/16", "dev", "eth0")
    place.balancer.start()
    place.balancer.wait_all_up()
    assert place.served()


def test_addresses_by_dhcp_are_served_and_never_taken(place: Place) -> None:
    """A lease counts as named, another one that takes its place too; what the client gave outlives us."""
    node = place.net["lb1"]
    text = place.text("address dhcp").read_text(encoding="utf-8").replace(f"listen on {VIP} port", "listen on port")
    file = place.text()
    file.write_text(text.replace("\taddress 10.80.0.2/16\n", ""), encoding="utf-8")
    place.deploy(file, "--commit")
    until(lambda: place.served() and place.served("10.80.0.2"), within=20.0, what="the lease is served")
    node.sysctl(net__ipv4__conf__eth0__promote_secondaries=1)  # as systemd has it: else all others go with the first
    node.run("ip", "address", "add", "10.80.0.7/16", "dev", "eth0", "valid_lft", "600", "preferred_lft", "600")
    node.run("ip", "address", "del", "10.80.0.2/16", "dev", "eth0")
    until(lambda: place.served("10.80.0.7"), within=20.0, what="the next lease is served")
    assert VIP in place.held()
    place.balancer.command("clear")
    assert place.held() == {"10.80.0.7"}
    node.run("ip", "address", "add", "10.80.0.2/16", "dev", "eth0")
    node.run("ip", "address", "del", "10.80.0.7/16", "dev", "eth0")


@pytest.mark.parametrize("kind", ["", " virtual"])
def test_a_fresh_ipv6_address_is_served_at_once(place: Place, kind: str) -> None:
    """The kernel asks whether another machine has it, but for virtual ones; the proxy listens as soon as it may."""
    place.net["lb1"].sysctl(net__ipv6__conf__eth0__accept_dad=1)
    text = place.text(f"address fd80::77/64{kind}", listen="fd80::77", engine="proxy").read_text(encoding="utf-8")
    file = place.text()
    file.write_text(text.replace("10.80.2.", "fd80::2:"), encoding="utf-8")
    said = place.deploy(file)
    until(lambda: place.served("fd80::77"), within=1.0, what=f"hosts that were never probed are known to be up; {said}")
    place.balancer.command("cancel")


def test_an_ipv6_address_that_another_machine_has_is_said_and_asked_for_again(place: Place) -> None:
    """The kernel does not use it; `status`, `doctor`, `show drift` and an event say so, and when that is over."""
    node, words = place.net["lb1"], "another machine has fd80::88 too, so eth0 does not use it"
    node.sysctl(net__ipv6__conf__eth0__accept_dad=1)
    place.net.hold("client1", "fd80::88")
    place.deploy(place.text("address fd80::88/64"), "--commit")
    for command in (("status",), ("doctor",), ("show", "drift"), ("show", "log")):
        until(lambda: words in place.balancer.asked(*command, check=False).stdout, within=10.0, what=f"{command}")  # noqa: B023 - called at once
    place.net.release("client1", "fd80::88")
    node.run("ip", "address", "del", "fd80::88/64", "dev", "eth0")
    free = "no other machine has fd80::88 any more"
    until(lambda: free in place.balancer.asked("show", "log").stdout, within=20.0, what="it is free", every=0.2)
    assert words not in place.balancer.command("status", check=False).stdout.partition("lately")[0].splitlines()[0]
    assert not place.balancer.command("show", "drift", check=False).stdout.count("fd80::88")
