"""The admin server moves as deployments say, and nobody who administers by it is locked out."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from bed import configuration, memory
from bed.balancer import Balancer
from bed.certificates import Authority
from bed.clients import exchange, greeted, line
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.pages import answers, browsing, shown
from bed.servers import echo
from bed.wait import until

pytestmark = pytest.mark.kernel

LB: Final = "10.80.0.2"
SECOND: Final = "10.80.0.20"
OTHER: Final = 59532


class Place:
    """Echo servers on port 443, and a Bascule that keeps revisions; the client is an administrator, too."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        self.at = at
        self.engine = "kernel"
        self.newest = ""
        """What is committed when a test begins."""
        self.balancer = Balancer(net["lb1"], None, at)

    @property
    def admin(self) -> Node:
        """The administrator's machine."""
        return self.net["client1"]

    def text(self, http_server: str, *listens: str) -> Path:
        """Write a configuration: an `http-server` statement, and a relay for each `listen on`; return the file."""
        text = configuration.plain(*((f"R{n}", OTHER) for n, _ in enumerate(listens)), timing="interval 1s")
        for listen in listens:
            text = text.replace(f"listen on {VIP} port {OTHER}", listen, 1)
        text = configuration.with_statements(text, f"engine {self.engine}")
        text = text.replace("interface eth0 {", f"interface eth0 {{\n\taddress {SECOND}/16", 1)
        file = self.at / "next.conf"
        file.write_text(f"{text}system {{\n\t{http_server}\n}}\n", encoding="utf-8")
        return file

    def deploy(self, http_server: str, *listens: str, options: tuple[str, ...] = ()) -> str:
        """Deploy such a text, and return what it changes."""
        return self.balancer.command("deploy", str(self.text(http_server, *listens)), *options).stdout

    def relayed(self, address: str, port: int) -> bool:
        """Tell whether a new client of a place meets a host of a relay."""
        with self.admin.socket() as session:
            session.settimeout(1)  # the admin server would wait for us to speak first
            try:
                session.connect((address, port))
                name = line(session)
                exchange(session, b"hello\n")
            except OSError:
                return False
            return name in ("EX1", "EX2")

    def places(self) -> list[tuple[str, int, bool]]:
        """Return where the admin server is by its own word: address, port, and whether until the commit."""
        rows: list[dict[str, Any]] = self.status()["admin"]
        return sorted((row["address"], row["port"], row["until_commit"]) for row in rows if row["version"] == 4)

    def status(self) -> dict[str, Any]:
        """Return what `status` says."""
        found: dict[str, Any] = json.loads(self.balancer.asked("status", "--json", check=False).stdout)
        return found

    def web(self) -> int:
        """Return the web process; 0 while there is none."""
        return next((pid for pid in memory.children(self.balancer.pid) if "web" in memory.words(pid)), 0)


BOTH: Final = pytest.mark.parametrize("engine", ["kernel", "proxy"])


@pytest.fixture
def engine() -> str:
    """Return who carries relays, where that makes no difference."""
    return "kernel"


@contextmanager
def served(at: Path) -> Iterator[NetLab]:
    """Build a network with two echo servers."""
    with NetLab(Layout(arms=1)) as made:
        for n, node in enumerate(made.named("srv"), 1):
            echo.start(node, f"EX{n}", (443, OTHER), at)
        yield made


@pytest.fixture
def net(open_directory: Path) -> Iterator[NetLab]:
    """Return a network of the test's own."""
    with served(open_directory) as made:
        yield made


@pytest.fixture(scope="module")
def shared(module_directory: Path) -> Iterator[Place]:
    """Return a place with a Bascule that runs nothing yet."""
    with served(module_directory) as net, ExitStack() as last:
        place = Place(net, module_directory)
        last.callback(place.balancer.close)
        last.callback(place.balancer.tell)
        place.balancer.start()
        yield place


@pytest.fixture
def place(shared: Place, engine: str) -> Place:
    """Return a place where the guide's start is committed: an admin server on port 443 of every address, and no relay."""
    shared.engine = engine
    shared.balancer.asked("cancel", check=False)  # what the test before left
    shared.deploy("host-name lb1", options=("--commit",))
    shared.newest = shared.status()["configuration"]
    until(lambda: shared.places() == [("", 443, False)], what="the admin server is on port 443 alone")
    until(lambda: answers(shared.admin, LB, 443), what="the admin server answers")
    return shared


GUIDE: Final = ("http-server { port 4433 }", "listen on port 443")
"""The guide's steps 2 and 3: the pages move to 4433, and a relay takes 443, in one deployment."""

VIRTUAL: Final = ("http-server { port 4433 }", f"listen on {VIP} port 443")


@contextmanager
def occupied(node: Node, port: int) -> Iterator[None]:
    """Have another program listen on a port meanwhile."""
    with node.socket() as other:
        other.bind(("", port))
        other.listen()
        yield


def commit(place: Place) -> None:
    """Keep it."""
    place.balancer.command("commit")


def cancel(place: Place) -> None:
    """Take it back."""
    place.balancer.command("cancel")


def let_pass(place: Place) -> None:
    """Let its time pass."""
    until(lambda: place.status()["configuration"] == place.newest, within=15, what="it is taken back")


def test_without_a_word_it_is_on_443_of_every_address(place: Place) -> None:
    """Over TLS 1.2 or newer, in both IP versions, with the certificate that `status` names."""
    for address in (LB, SECOND, VIP, place.net["lb1"].ip6):
        with browsing(place.admin, address, 443) as browser:
            assert browser.version in {"TLSv1.2", "TLSv1.3"}
    assert place.places() == [("", 443, False)]
    said = place.balancer.command("status", check=False).stdout
    assert "admin server   port 443 of every address\n" in said
    assert f"certificate, SHA-256 {shown(place.admin, LB, 443)}\n" in said
    assert place.admin.run("curl", "-sk", "--tls-max", "1.1", f"https://{LB}/healthz", check=False).returncode


@BOTH
@pytest.mark.parametrize("moved", [GUIDE, VIRTUAL], ids=["every address", "the virtual address"])
def test_a_relay_takes_443_and_the_pages_move_to_4433(place: Place, moved: tuple[str, str]) -> None:
    """New sessions are the relay's at once; an administrator's session stands, also when it is committed by then."""
    with browsing(place.admin, LB, 443) as before:
        said = place.deploy(*moved)
        assert "the admin server answers at port 4433 of every address\n" in said
        assert "it answers at port 443 of every address until this is committed, too\n" in said
        until(lambda: place.relayed(VIP, 443), what="the relay serves")
        assert place.relayed(LB, 443) is (moved == GUIDE)
        assert answers(place.admin, LB, 443) is (moved == VIRTUAL)
        assert before.healthy()
        with browsing(place.admin, LB, 4433) as after:
            assert place.places() == [("", 443, True), ("", 4433, False)]
            commit(place)
            until(lambda: place.places() == [("", 4433, False)], what="the old place is closed")
            assert not answers(place.admin, LB, 443)
            assert before.healthy()
            assert after.healthy()
        assert answers(place.admin, LB, 4433)
        assert place.relayed(VIP, 443)


@BOTH
@pytest.mark.parametrize("end", [cancel, let_pass])
@pytest.mark.parametrize("moved", [GUIDE, VIRTUAL], ids=["every address", "the virtual address"])
def test_what_is_taken_back_is_where_it_was(place: Place, moved: tuple[str, str], end: Callable[[Place], None]) -> None:
    """The new place closes, the old one takes sessions again; sessions of both stand."""
    with browsing(place.admin, LB, 443) as before:
        place.deploy(*moved, options=("--seconds", "5"))
        begun = time.monotonic()
        with browsing(place.admin, LB, 4433) as meanwhile:
            end(place)
            assert time.monotonic() - begun < 5 + 1 + 1  # the second is for `status`, by which we see it
            until(lambda: not answers(place.admin, LB, 4433), what="the new place is closed")
            until(lambda: answers(place.admin, LB, 443), what="the old place takes sessions")
            assert before.healthy()
            assert meanwhile.healthy()
    assert place.places() == [("", 443, False)]


@pytest.mark.parametrize("end", [commit, cancel, let_pass])
def test_it_moves_to_an_address_of_its_own_and_keeps_the_port(place: Place, end: Callable[[Place], None]) -> None:
    """Both answer during the test; afterwards one does, and every session stands."""
    with browsing(place.admin, LB, 443) as before:
        place.deploy(f"http-server {{ listen on {SECOND} }}", options=("--seconds", "5"))
        with browsing(place.admin, SECOND, 443) as meanwhile:
            assert place.places() == [("", 443, True), (SECOND, 443, False)]
            assert answers(place.admin, LB, 443)
            end(place)
            left = [(SECOND, 443, False)] if end is commit else [("", 443, False)]
            until(lambda: place.places() == left, what="one of them is closed")
            until(lambda: answers(place.admin, LB, 443) is (end is not commit), what="the other address follows")
            assert before.healthy()
            assert meanwhile.healthy()
    assert answers(place.admin, SECOND, 443)


@BOTH
def test_a_relay_takes_443_and_the_pages_keep_to_an_address_of_their_own(place: Place) -> None:
    """The guide's other way: the port stays, and the virtual address is the relay's."""
    with browsing(place.admin, VIP, 443) as virtual, browsing(place.admin, LB, 443) as before:
        place.deploy(f"http-server {{ listen on {LB} }}", f"listen on {VIP} port 443")
        until(lambda: place.relayed(VIP, 443), what="the relay serves")
        assert all(place.relayed(VIP, 443) for _ in range(10))
        assert answers(place.admin, LB, 443)
        commit(place)
        until(lambda: place.places() == [(LB, 443, False)], what="the old place is closed")
        assert not answers(place.admin, SECOND, 443)
        assert all(session.healthy() for session in (virtual, before))


def test_it_moves_to_an_address_that_the_deployment_brings(place: Place) -> None:
    """The address is there with it, and goes with it."""
    text = place.text("http-server { listen on 10.80.0.30; port 4433 }")
    text.write_text(
        text.read_text(encoding="utf-8").replace("interface eth0 {", "interface eth0 {\n\taddress 10.80.0.30/16", 1),
        encoding="utf-8",
    )
    place.balancer.command("deploy", str(text))
    assert answers(place.admin, "10.80.0.30", 4433)
    assert answers(place.admin, LB, 443)
    cancel(place)
    until(lambda: place.places() == [("", 443, False)], what="it is gone")


@BOTH
@pytest.mark.parametrize("back", [cancel, commit])
def test_a_relay_takes_the_very_address_of_the_pages(place: Place, back: Callable[[Place], None]) -> None:
    """Nobody meets the pages there by chance meanwhile, and they come back when it is taken back."""
    place.deploy(f"http-server {{ listen on {SECOND} }}", options=("--commit",))
    with browsing(place.admin, SECOND, 443) as before:
        place.deploy("http-server { port 4433 }", f"listen on {SECOND} port 443")
        until(lambda: place.relayed(SECOND, 443), what="the relay serves")
        assert all(place.relayed(SECOND, 443) for _ in range(20))
        assert answers(place.admin, LB, 4433)
        assert before.healthy()
        back(place)
        if back is cancel:
            until(lambda: answers(place.admin, SECOND, 443), what="the pages are back")
            assert all(answers(place.admin, SECOND, 443) for _ in range(20))
        assert answers(place.admin, LB, 4433) is (back is commit)
        assert before.healthy()


@pytest.mark.parametrize("until_committed", [False, True])
def test_a_killed_parent_comes_back_to_all_of_them(place: Place, *, until_committed: bool) -> None:
    """During the test at the old place and the new one; after it where it was committed."""
    place.deploy(*VIRTUAL)
    if until_committed:
        commit(place)
    fingerprint = shown(place.admin, LB, 4433)
    place.balancer.kill()
    place.balancer.start()
    until(lambda: answers(place.admin, LB, 4433), what="it answers at the new place")
    assert answers(place.admin, LB, 443) is not until_committed
    assert shown(place.admin, LB, 4433) == fingerprint
    if not until_committed:
        cancel(place)
        until(lambda: not answers(place.admin, LB, 4433), what="it is taken back")
        assert answers(place.admin, LB, 443)


def test_a_killed_web_process_is_back_within_seconds(place: Place) -> None:
    """Whoever comes meanwhile waits in front of an open door; it is an event."""
    web = place.web()
    begun = time.monotonic()
    os.kill(web, signal.SIGKILL)
    assert answers(place.admin, LB, 443)
    assert time.monotonic() - begun < 5
    until(lambda: place.web() not in {0, web}, what="another process serves")
    assert "the web process was ended by SIGKILL" in place.balancer.command("show", "log").stdout


def test_a_web_process_that_stands_still_is_replaced(place: Place) -> None:
    """It is asked now and then whether it lives; relays go on meanwhile."""
    web = place.web()
    os.kill(web, signal.SIGSTOP)
    until(lambda: place.web() not in {0, web}, within=40, what="another process serves", every=0.2)
    until(lambda: answers(place.admin, LB, 443), what="it answers")


def test_a_port_that_another_program_has_refuses_the_deployment(place: Place) -> None:
    """With its place in the text, and everything as before."""
    text = place.text(*VIRTUAL)
    with occupied(place.net["lb1"], 4433):
        refused = place.balancer.command("deploy", str(text), check=False)
    assert refused.returncode == 1
    assert "error: the admin server cannot listen on port 4433 of every IPv4 address: another program" in refused.stderr
    assert f"{text}:" in refused.stderr
    assert (place.status()["configuration"], place.places()) == (place.newest, [("", 443, False)])
    assert answers(place.admin, LB, 443)
    assert not place.relayed(VIP, 443)


def test_another_certificate_is_shown_at_once_and_taken_back(place: Place) -> None:
    """At the same place: who has a session keeps it, who comes meets the new one."""
    leaf = Authority(place.at).leaf("lb1.lab.local", LB)
    files = f'certificate "{leaf.certificate}" key "{leaf.key}"'
    own = shown(place.admin, LB, 443)
    with browsing(place.admin, LB, 443) as before:
        said = place.deploy(f"http-server {{ {files} }}")
        assert "the admin server at port 443 of every address has another certificate\n" in said
        named = bytes.fromhex(leaf.fingerprint).hex(":").upper()
        assert {shown(place.admin, LB, 443) for _ in range(5)} == {named}
        assert before.healthy()
        cancel(place)
        until(lambda: shown(place.admin, LB, 443) == own, what="the old certificate is back")
        assert before.healthy()


def test_a_certificate_that_is_none_refuses_the_deployment(place: Place) -> None:
    """It says which file, and why; nothing has changed."""
    leaf, other = (Authority(place.at).leaf(name) for name in ("one.lab.local", "other.lab.local"))
    refused = place.balancer.command(
        "deploy",
        str(place.text(f'http-server {{ certificate "{leaf.certificate}" key "{other.key}" }}')),
        check=False,
    )
    assert refused.returncode == 1
    assert f"{leaf.certificate} and {other.key} cannot be used: the key is not the certificate's" in refused.stderr
    assert place.status()["configuration"] == place.newest
    assert answers(place.admin, LB, 443)


def test_a_relay_where_the_pages_are_by_default_is_refused(place: Place) -> None:
    """At the relay's line, with the line to write."""
    refused = place.balancer.command("deploy", str(place.text("host-name lb1", f"listen on {VIP} port 443")), check=False)
    assert refused.returncode == 1
    assert 'relay "R0" listens on 10.80.0.10 port 443, where the admin server is' in refused.stderr
    assert "write `http-server { port 4433 }`" in refused.stderr


def test_stop_ends_the_pages_and_relays_go_on(place: Place) -> None:
    """Nothing of it is left but what carries relays."""
    place.deploy(*VIRTUAL, options=("--commit",))
    until(lambda: place.relayed(VIP, 443), what="the relay serves")
    web = place.web()
    with greeted(place.admin, "", VIP, 443) as (session, _):
        place.balancer.command("stop")
        until(lambda: not Path(f"/proc/{web}").exists(), what="the web process ends")
        assert not answers(place.admin, LB, 4433)
        exchange(session, b"still here\n")
    place.balancer.start()
    until(lambda: answers(place.admin, LB, 4433), what="it answers again")


def alone(net: NetLab, at: Path, http_server: str, *ports: int) -> Balancer:
    """Return a Bascule that runs a file, with relays on the virtual address; it is not started."""
    text = configuration.plain(*((f"R{port}", port) for port in ports), timing="interval 1s")
    return Balancer(net["lb1"], f"{text}{http_server}", at)


def test_a_file_alone_has_the_pages_where_it_says_so(net: NetLab, open_directory: Path) -> None:
    """And not where it says nothing; a reload moves them, or is refused."""
    client = net["client1"]
    balancer = alone(net, open_directory, "", 443)
    with ExitStack() as last:
        last.callback(balancer.close)
        balancer.start()
        balancer.wait_all_up()
        assert not answers(client, LB, 443)
        text = balancer.configuration.read_text(encoding="utf-8")
        for port in (4433, 4434):
            balancer.configuration.write_text(f"{text}system {{ http-server {{ port {port} }} }}\n", encoding="utf-8")
            balancer.command("reload")
            assert answers(client, LB, port)
        assert not answers(client, LB, 4433)
        balancer.configuration.write_text(f"{text}system {{ http-server {{ port 4435 }} }}\n", encoding="utf-8")
        with occupied(net["lb1"], 4435):
            refused = balancer.command("reload", check=False)
        assert refused.returncode == 1
        assert "another program listens on that port" in refused.stderr
        assert answers(client, LB, 4434)
        balancer.configuration.write_text(text, encoding="utf-8")
        balancer.command("reload")
        assert not answers(client, LB, 4434)
        until(lambda: not any("web" in memory.words(pid) for pid in memory.children(balancer.pid)), what="no web process")


def test_a_port_that_is_taken_at_the_start_stops_no_relay(net: NetLab, open_directory: Path) -> None:
    """It is said, and tried again until it is free."""
    balancer = alone(net, open_directory, "system { http-server { port 4436 } }\n", OTHER)
    with ExitStack() as last:
        last.callback(balancer.close)

        def said() -> bool:
            status = json.loads(balancer.asked("status", "--json", check=False).stdout)
            return any("cannot listen on port 4436" in finding["message"] for finding in status["findings"])

        with occupied(net["lb1"], 4436):
            balancer.start()
            balancer.wait_all_up()
            until(said, what="status says so")
        until(lambda: answers(net["client1"], LB, 4436), what="the admin server answers")
        until(lambda: not said(), what="status says nothing of it")


def test_without_any_right_it_serves_at_a_port_that_anybody_may_have(net: NetLab, open_directory: Path) -> None:
    """And says of port 443 what to do."""
    node, state = net["lb1"], open_directory / "state"
    state.mkdir(0o700)
    os.chown(state, 65534, 65534)
    common = ["--state", str(state), "--socket", str(state / "control.sock")]
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-m", "bascule"]
    with (open_directory / "log").open("wb") as log:
        running = node.popen([*nobody, "run", *common], stdout=log, stderr=log, cwd=state)
    text = open_directory / "next.conf"
    text.write_text("system { host-name lb1 }\n", encoding="utf-8")

    def bascule(*words: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
        return node.run(*nobody, *words, *common[2:], check=check)

    until(lambda: "ports below 1024 need root" in bascule("status").stdout, what="status says so")
    refused = bascule("deploy", str(text))
    assert refused.returncode == 1
    assert "write `http-server { port 4433 }` in the `system` block" in refused.stderr
    text.write_text("system { http-server { port 4433 } }\n", encoding="utf-8")
    bascule("deploy", str(text), "--commit", check=True)
    assert answers(net["client1"], LB, 4433)
    running.terminate()
    assert running.wait(15) == 0
    assert not answers(net["client1"], LB, 4433)


def test_check_says_what_a_deployment_would_not_take(net: NetLab, open_directory: Path) -> None:
    """As a warning: the file may be run alone."""
    balancer = alone(net, open_directory, "", 443)
    file = str(balancer.configuration)
    checked = net["lb1"].run(sys.executable, "-m", "bascule", "check", file).stdout
    assert 'warning: a deployment would be refused: relay "R443" listens on 10.80.0.10 port 443' in checked
    balancer = alone(net, open_directory, "system { http-server { port 4433 } }\n", 443)
    assert "warning" not in net["lb1"].run(sys.executable, "-m", "bascule", "check", file).stdout
