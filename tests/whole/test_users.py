"""Each process is its own user with its own rights, the parent is not root, and what it leaves behind is found again."""

import os
import stat
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from bed import configuration, memory
from bed.balancer import Balancer
from bed.clients import greeted, is_greeted
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.pages import answers
from bed.servers import echo
from bed.wait import until

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.daemons,
    pytest.mark.skipif(
        not all(Path(part).stat().st_mode & stat.S_IXOTH for part in (*Path(__file__).parents, Path(sys.prefix))),
        reason="other users may not read this tree, so no process of theirs can run from it",
    ),
]

NET, OTHERS, WEB = 64001, 64002, 64003
STARTER: Final = (sys.executable, "-m", "bascule.roles.starter", "--users", f"{NET},{OTHERS},{WEB}")
KERNEL, PROXY = 59532, 59533
TOLD: Final = 'system {\n\tsyslog { server 10.80.1.1 }\n\tsnmp { community "c0mmunity"; from 10.80.1.1 }\n}\n'
NET_RIGHTS: Final = 1 << 12 | 1 << 13 | 1 << 10
"""CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE (capabilities(7))."""


class Place:
    """Two servers and a balancer whose processes are three users."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        at.mkdir()
        os.chown(at, NET, NET)
        (at / "workers").mkdir()
        os.chown(at / "workers", OTHERS, NET)
        (at / "workers").chmod(0o770)
        self.file = at.parent / "new.conf"
        text = configuration.plain(("KERNEL", KERNEL), ("PROXY", PROXY), timing="interval 1s").replace(
            "check tcp", "check icmp"
        )
        text = text.replace('relay "PROXY" {', 'relay "PROXY" {\n\t\tengine proxy') + TOLD
        self.file.write_text(text, encoding="utf-8")
        self.balancer = Balancer(net["lb1"], None, at)

    def start(self) -> None:
        """Start it through the starter."""
        self.balancer.start(STARTER)

    def parent(self) -> int:
        """Return the parent's process."""
        return self.started("run")[0]

    def started(self, word: str) -> list[int]:
        """Return what the starter has started with this word on its command line."""
        return [pid for pid in memory.children(self.balancer.pid) if word in memory.words(pid)]

    def served(self, port: int) -> None:
        """Wait until a client is served."""
        until(lambda: is_greeted(self.net["client1"], VIP, port), what=f"port {port} serves")


@pytest.fixture
def place(open_directory: Path) -> Iterator[Place]:
    """Return one that runs, with a relay in the kernel and one in the proxy."""
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        net["lb1"].run("sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")  # as systemd sets it
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (KERNEL, PROXY), open_directory)
        place = Place(net, open_directory / "run")
        place.start()
        with place.balancer.cleared():
            place.balancer.command("deploy", str(place.file), "--commit")
            place.balancer.wait_all_up()
            yield place


def rights(pid: int) -> tuple[int, int, bool]:
    """Return a process's user, its capabilities, and whether it can get no more."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert len(set(fields["Uid"].split())) == len(set(fields["Gid"].split())) == 1
    assert fields["CapEff"] == fields["CapPrm"] == fields["CapBnd"] == fields["CapAmb"]
    return int(fields["Uid"].split()[0]), int(fields["CapEff"], 16), fields["NoNewPrivs"] == "1"


def test_each_has_its_own_rights_and_everything_works(place: Place) -> None:
    """Both data paths serve, checks by ICMP included, and what is cleared is gone."""
    place.served(KERNEL)
    place.served(PROXY)
    workers = place.balancer.workers()
    assert rights(place.parent()) == (NET, NET_RIGHTS, True)
    assert [rights(pid) for pid in workers] == [(OTHERS, 0, True)] * len(workers)
    (prober,) = place.started("probe")
    assert rights(prober) == (OTHERS, 0, True)
    until(lambda: answers(place.net["client1"], VIP, 443), what="the admin server answers")
    (web,) = place.started("web")
    assert rights(web) == (WEB, 0, True)
    for role in ("herald", "snmp"):
        until(partial(_stripped, place, role), what=f"{role} runs without any right")  # setpriv is root before it is not
    asked = ("snmpget", "-v2c", "-c", "c0mmunity", "-Oqv", "-t", "0.5", "-r", "8", "10.80.0.2:161", "1.3.6.1.2.1.1.2.0")
    assert "32473.1" in place.net["client1"].run("env", "MIBS=", f"SNMP_PERSISTENT_DIR={place.file.parent}", *asked).stdout
    kept = [file for file in place.balancer.state.rglob("*") if file.is_file()]
    assert {file.stat().st_uid for file in kept} == {NET}
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}


def _stripped(place: Place, role: str) -> bool:
    return [rights(pid) for pid in place.started(role)] == [(OTHERS, 0, True)]


def test_a_killed_parent_is_followed_by_one_that_finds_all(place: Place) -> None:
    """The starter ends with it, for the unit to start both again; sessions and workers go on."""
    workers = place.balancer.workers()
    with greeted(place.net["client1"], "", VIP, PROXY) as proxied, greeted(place.net["client1"], "", VIP, KERNEL) as kernel:
        os.kill(place.parent(), 9)
        assert place.balancer.ended() == 128 + 9
        place.start()
        place.balancer.wait_all_up()
        for connection, _ in (proxied, kernel):
            connection.sendall(b"still here?")
            assert connection.recv(100) == b"still here?"
    assert place.balancer.workers() == workers


def test_a_parent_dies_with_its_starter(place: Place) -> None:
    """Also one that stands still, so that nobody keeps the state folder from the next."""
    parent = place.parent()
    os.kill(parent, 19)
    place.balancer.kill()
    until(lambda: not Path(f"/proc/{parent}").exists(), what="the parent is gone")
    place.start()
    place.served(PROXY)


def test_a_prober_that_dies_is_started_again(place: Place) -> None:
    """By the starter, as its user."""
    (prober,) = place.started("probe")
    os.kill(prober, 9)
    until(lambda: place.started("probe") not in ([], [prober]), what="there is another")
    place.balancer.wait_all_up()
    assert "the prober ended" in place.balancer.command("show", "log").stdout


def test_what_root_restores_is_the_parents(place: Place, open_directory: Path) -> None:
    """An operator is root; the process that goes on with his file is not."""
    backup, state = open_directory / "all.db", str(place.balancer.state)
    node = place.net["lb1"]
    node.run(sys.executable, "-m", "bascule", "backup", str(backup), "--state", state)
    place.balancer.stop()
    node.run(sys.executable, "-m", "bascule", "restore", str(backup), "--state", state)
    place.start()
    assert "revision 1" in place.balancer.command("status", check=False).stdout
    place.served(KERNEL)


def test_a_stop_leaves_what_carries(place: Place) -> None:
    """SIGTERM to the starter, as the unit sends it, is the parent's."""
    place.balancer.stop()
    assert "Bascule ends; kernel rules and proxy workers stay" in place.balancer.log.read_text(encoding="utf-8")
    place.served(KERNEL)
    place.served(PROXY)
    place.start()
