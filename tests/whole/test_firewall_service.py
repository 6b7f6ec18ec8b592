"""The firewall as an administrator has it: tables by command, what rules log, and no deployment that shuts him out."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bed.balancer import Balancer
from bed.clients import line
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.wait import until

pytestmark = pytest.mark.kernel

PORT = 59532
INSIDE, OUTSIDE = "10.80.1.1", "10.70.1.1"
TEXT = f"""
interface eth0 {{ address 10.80.0.2/16; address {VIP}/16 virtual }}
load-balancer {{
	interval 1s
	table <ex> {{ 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2" }}
	relay "ECHO" {{ listen on {VIP} port {PORT}; forward to <ex> check tcp mode source-hash }}
}}
firewall {{
	zone internal {{ from 10.80.0.0/16 }}
	table <blocked> {{ timeout 1h }}
	block in log from <blocked> label "kept out"
	pass in proto tcp to 10.80.0.2 port 2222 limit rate 3 overload <blocked> for 1h
}}
system {{ http-server {{ port 4433 }} }}
"""


class Place:
    """A balancer with a firewall, a client inside and one outside."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        self.balancer = Balancer(net["lb1"], None, at)
        self._at = at

    def deploy(self, text: str, *options: str) -> tuple[int, str]:
        """Deploy a text; return the exit code and what was said."""
        file = self._at / "firewall.conf"
        file.write_text(text, encoding="utf-8")
        done = self.balancer.command("deploy", str(file), *options, check=False)
        return done.returncode, done.stdout + done.stderr

    def table(self, *words: str) -> str:
        """Change a table."""
        return self.balancer.command("table", "blocked", *words).stdout

    def entries(self) -> list[dict[str, str]]:
        """Return what is in it beyond the text."""
        shown = self.balancer.asked("table", "blocked", "--json").stdout
        return [row for row in map(json.loads, shown.splitlines()) if "network" in row]

    def served(self, client: str = "outside1") -> bool:
        """Tell whether a client is served within a second."""
        with self.net[client].socket() as session:
            session.settimeout(1)
            try:
                session.connect((VIP, PORT))
                return bool(line(session))
            except OSError:
                return False


@pytest.fixture(scope="module")
def place(module_directory: Path) -> Iterator[Place]:
    """Run it."""
    with NetLab(Layout(arms=1, outside=1)) as net:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT,), module_directory)
        place = Place(net, module_directory)
        place.balancer.start()
        with place.balancer.cleared():
            code, said = place.deploy(TEXT, "--commit")
            assert code == 0, said
            place.balancer.wait_all_up()
            yield place


def test_an_address_is_kept_out_until_it_is_taken_out(place: Place) -> None:
    """At once, over a restart and after somebody flushed every rule; its end is told with the rule that did it."""
    assert place.served()
    assert place.table("add", OUTSIDE, "--reason", "scans") == f"table <blocked>: {OUTSIDE} put in\n"
    assert not place.served()
    assert place.served("client1")
    place.balancer.stop()
    place.balancer.start()
    assert not place.served()
    walk = place.balancer.command("show", "firewall", "--counters", "--json").stdout
    counted = {row["label"] or row["cause"]: row["packets"] for row in map(json.loads, walk.splitlines())}
    assert counted["kept out"] > 0
    place.net["lb1"].run("nft", "flush", "ruleset")
    until(lambda: place.served("client1"), within=10, what="the rules are back")
    assert not place.served()
    assert [(row["network"], row["by"], row["reason"]) for row in place.entries()] == [(OUTSIDE, "root", "scans")]
    shown = place.balancer.command("show", "log", "--json").stdout
    packets = [event for event in map(json.loads, shown.splitlines()) if "packet" in event]
    assert {(each["rule"], each["packet"]["source"], each["packet"]["port"]) for each in packets} == {
        ("kept out", OUTSIDE, PORT)
    }
    assert place.table("remove", OUTSIDE) == f"table <blocked>: {OUTSIDE} taken out\n"
    assert place.served()
    assert place.table("add", OUTSIDE, "--for", "2s")
    assert not place.served()
    until(place.served, within=15, what="its time is over")


def test_a_source_over_a_limit_is_kept_out_everywhere(place: Place) -> None:
    """Until its time is over, or somebody takes it out."""
    assert place.served()

    with ExitStack() as opened:
        for _ in range(20):  # at once: more than five over three in a second
            client = opened.enter_context(place.net["outside1"].socket())
            client.settimeout(0)
            client.connect_ex(("10.80.0.2", 2222))
    until(place.entries, within=20, what="it is over the limit")
    assert [(row["network"], row["by"]) for row in place.entries()] == [(OUTSIDE, "limit")]
    assert not place.served()
    place.table("remove", OUTSIDE)
    assert place.served()


def test_a_deployment_that_shuts_an_administrator_out_is_refused(place: Place) -> None:
    """Unless it is forced; and then it is taken back by itself, since he cannot commit it."""
    node, client = place.net["lb1"], place.net["client1"]
    shut = TEXT.replace("zone internal { from 10.80.0.0/16 }", "zone internal { from 10.80.2.0/24 }")
    with node.socket() as sshd, client.socket() as session:
        sshd.bind(("10.80.0.2", 22))
        sshd.listen()
        session.connect(("10.80.0.2", 22))
        code, said = place.deploy(shut)
        assert (code, f"this would shut out ssh from {INSIDE}, port 22" in said) == (1, True), said
        assert place.deploy(TEXT.replace("interval 1s", "interval 2s"), "--commit")[0] == 0
        code, said = place.deploy(shut, "--force", "--seconds", "5")
        assert code == 0, said
        with client.socket() as other:
            other.settimeout(1)
            with pytest.raises(TimeoutError):
                other.connect(("10.80.0.2", 22))

        def back() -> bool:
            with client.socket() as other:
                other.settimeout(1)
                return other.connect_ex(("10.80.0.2", 22)) == 0

        until(back, within=15, what="it is taken back")
        session.sendall(b"x")  # what stood went on
        peer, _ = sshd.accept()
        with peer:
            assert peer.recv(1) == b"x"


ALONE = """
interface eth0 { address 10.80.0.2/16 }
firewall { block in proto tcp port 2222; pass in }
system { http-server { port 4433 } }
"""


def test_a_firewall_alone_comes_goes_and_outlives_its_parent(open_directory: Path) -> None:
    """Without a relay in the kernel it judges all the same; what a killed parent left goes with the next text."""
    with NetLab(Layout(arms=1, lbs=1, servers=0)) as net, net["lb1"].socket() as listener:
        place = Place(net, open_directory)
        listener.bind(("10.80.0.2", 2222))
        listener.listen()

        def open_() -> bool:
            with net["client1"].socket() as client:
                client.settimeout(0.5)
                return client.connect_ex(("10.80.0.2", 2222)) == 0

        with place.balancer.cleared():
            place.balancer.start()
            assert open_()
            assert place.deploy(ALONE, "--commit")[0] == 0
            assert not open_()
            place.balancer.kill()
            assert not open_()
            place.balancer.start()
            assert not open_()
            net["lb1"].run("nft", "flush", "ruleset")
            until(lambda: not open_(), within=10, what="it is mended")
            assert place.deploy("system { http-server { port 4433 } }\n", "--commit")[0] == 0
            assert open_()
            assert place.deploy(ALONE, "--seconds", "5")[0] == 0
            place.balancer.kill()
            place.balancer.start()
            until(open_, within=15, what="nobody committed it")
        assert "inet bascule " not in net["lb1"].run("nft", "list", "tables").stdout
