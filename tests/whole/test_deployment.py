"""A Bascule that keeps revisions: what is deployed is live at once, and stays only when it is committed."""

import json
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bascule.service.client import Client
from bascule.service.deployment import Deploy
from bascule.service.progress import Progress
from bascule.store.backups import look_at
from bed import configuration
from bed.balancer import Balancer
from bed.clients import exchange, greeted, is_greeted
from bed.command import BedError
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.wait import until

pytestmark = pytest.mark.kernel

PORT, OTHER = 59532, 59533


class Place:
    """Two echo servers, and a balancer that starts with nothing committed."""

    def __init__(self, net: NetLab, at: Path, engine: str) -> None:
        self.net = net
        self._at = at
        self._engine = engine
        self.balancer = Balancer(net["lb1"], None, at)
        self.newest = 1
        """The revision that is committed when a test begins: one relay, on `PORT`."""

    @property
    def state(self) -> Path:
        """Where it keeps what must outlive it."""
        return self._at / "lb1-state"

    @property
    def published(self) -> Path:
        """Where the committed text lies for people."""
        return self.state / "bascule.conf"

    @property
    def part(self) -> str:
        """What a deployment changes, in words."""
        return "the kernel's rules" if self._engine == "kernel" else "proxy workers"

    def text(self, *ports: int) -> Path:
        """Write a configuration with a relay on each port, and return the file."""
        relays = ((f"R{port}", port) for port in ports)
        text = configuration.with_statements(configuration.plain(*relays, timing="interval 1s"), f"engine {self._engine}")
        file = self._at / f"{'-'.join(map(str, ports))}.conf"
        file.write_text(text, encoding="utf-8")
        return file

    def serves(self, port: int) -> bool:
        """Tell whether a client is served on a port."""
        return is_greeted(self.net["client1"], VIP, port)

    def status(self) -> str:
        """Return what runs."""
        found: str = json.loads(self.balancer.asked("status", "--json", check=False).stdout)["configuration"]
        return found


@pytest.fixture(params=["kernel", "proxy"])
def fresh(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Place]:
    """Return a place where nothing is committed yet."""
    with _built(open_directory, request.param) as place:
        yield place


@pytest.fixture(params=["kernel", "proxy"], scope="module")
def shared(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Place]:
    """Return a place whose first revision, one relay, is committed and serves."""
    at = module_directory / request.param
    at.mkdir()
    with _built(at, request.param) as place:
        yield _committed(place)


@contextmanager
def _built(at: Path, engine: str) -> Iterator[Place]:
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT, OTHER), at)
        place = Place(net, at, engine)
        place.balancer.start()
        with place.balancer.cleared():
            yield place


def _committed(fresh: Place) -> Place:
    said = fresh.balancer.command("deploy", str(fresh.text(PORT)), "--commit", "-m", "first").stdout
    assert said.endswith("committed: revision 1 is in effect\n")
    fresh.balancer.wait_all_up()
    return fresh


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """Return it; afterwards the newest revision is again that one relay."""
    yield shared
    shared.balancer.asked("deploy", str(shared.text(PORT)), "--commit", check=False)  # it may be the same
    shared.newest = int(shared.status().removeprefix("revision "))
    shared.balancer.wait_all_up()


@pytest.fixture
def doomed(fresh: Place) -> Place:
    """Return a place of the test's own, to damage."""
    return _committed(fresh)


def test_what_nobody_commits_is_taken_back(place: Place) -> None:
    """Within a second of its time; a session of the relay that stays never notices."""
    with greeted(place.net["client1"], "", VIP, PORT) as (session, _):
        begun = time.monotonic()
        place.balancer.command("deploy", str(place.text(PORT, OTHER)), "--seconds", "5")
        until(lambda: place.serves(OTHER), what="the new relay serves")
        assert place.status() == f"revision {place.newest + 1}, not committed"
        until(lambda: place.status() == f"revision {place.newest}", what="it is taken back")
        assert 5 <= time.monotonic() - begun < 7
        assert not place.serves(OTHER)
        exchange(session, b"still here\n")


def test_a_client_hears_how_far_it_is(place: Place) -> None:
    """Each engine's steps in their order, then the commit's; nothing changes in the answer."""
    told: list[Progress] = []
    request = Deploy(text=place.text(PORT, OTHER).read_bytes(), commit=True, progress=True)
    deployed = Client(place.balancer.socket).call(request, told.append)
    assert deployed.sentence == f"committed: revision {place.newest + 1} is in effect"
    words = [each.step for each in told]
    changed = f"changing {place.part}"
    assert words[0] == "judging the configuration"
    assert words.index(f"rehearsing {place.part}") < words.index(changed) < words.index("keeping the revision")
    assert [each.seconds for each in told] == sorted(each.seconds for each in told)
    assert all(0 <= each.done <= each.of for each in told)


def test_what_is_committed_stays_over_a_restart(place: Place) -> None:
    """Also when the daemon is killed at once afterwards."""
    place.balancer.command("deploy", str(place.text(PORT, OTHER)), "-m", "another")
    place.balancer.command("commit")
    place.balancer.kill()
    place.balancer.start()
    place.balancer.wait_all_up()
    assert (place.status(), place.serves(OTHER)) == (f"revision {place.newest + 1}", True)
    listed = place.balancer.command("revisions").stdout.splitlines()
    assert (listed[0].split()[0], listed[0].split()[-1]) == (str(place.newest + 1), "another")
    assert (listed[-1].split()[0], listed[-1].split()[-1]) == ("1", "first")


def test_a_kill_in_the_middle_of_the_test_ends_nothing_early(place: Place) -> None:
    """The next start goes on with what time is left; and takes it back when that is over."""
    begun = time.monotonic()
    place.balancer.command("deploy", str(place.text(PORT, OTHER)), "--seconds", "8")
    place.balancer.kill()
    place.balancer.start()
    assert place.status() == f"revision {place.newest + 1}, not committed"
    until(lambda: place.status() == f"revision {place.newest}", what="it is taken back")
    assert 8 <= time.monotonic() - begun < 10
    assert place.serves(PORT)


def test_a_start_after_its_time_takes_it_back_first(place: Place) -> None:
    """Nobody was there to commit it."""
    place.balancer.command("deploy", str(place.text(PORT, OTHER)), "--seconds", "5")
    begun = time.monotonic()
    place.balancer.kill()
    until(lambda: time.monotonic() - begun > 5, what="its time is over")
    place.balancer.start()
    assert place.status() == f"revision {place.newest}"
    assert "its time was over while Bascule did not run" in place.balancer.command("show", "log").stdout
    until(lambda: place.serves(PORT), what="the relay of revision 1 serves")
    assert not place.serves(OTHER)


def test_who_ends_takes_a_test_back(place: Place) -> None:
    """A stop, a restart or an upgrade: the kernel and the workers go on with what was committed."""
    place.balancer.command("deploy", str(place.text(PORT, OTHER)), "--seconds", "3600")
    assert place.serves(OTHER)
    place.balancer.stop()
    assert (place.serves(PORT), place.serves(OTHER)) == (True, False)
    place.balancer.start()
    assert place.status() == f"revision {place.newest}"


def test_a_first_deployment_leaves_nothing_behind(fresh: Place) -> None:
    """Also where Bascule was killed, and starts after its time: nobody serves what nobody committed."""
    fresh.balancer.command("deploy", str(fresh.text(PORT)), "--seconds", "5")
    begun = time.monotonic()
    until(lambda: fresh.serves(PORT), what="the relay serves")
    fresh.balancer.kill()
    until(lambda: time.monotonic() - begun > 5, what="its time is over")
    fresh.balancer.start()
    assert fresh.status() == "no configuration"
    assert not fresh.serves(PORT)


def test_rollback_brings_an_old_text_back(place: Place) -> None:
    """As a revision of its own."""
    place.balancer.command("deploy", str(place.text(PORT, OTHER)), "--commit")
    place.balancer.command("rollback", str(place.newest), "--commit")
    assert (place.status(), place.serves(OTHER)) == (f"revision {place.newest + 2}", False)
    assert place.balancer.command("revisions", str(place.newest + 2)).stdout == place.text(PORT).read_text(encoding="utf-8")


def test_what_takes_hosts_out_is_taken_back_at_once(place: Place) -> None:
    """A check that nobody passes is the deployment's fault, and nobody has to wait for its time."""
    wrong = place.text(PORT)
    wrong.write_text(
        wrong.read_text(encoding="utf-8").replace("check tcp", 'check send "?" expect "never"'), encoding="utf-8"
    )
    place.balancer.command("deploy", str(wrong), "--seconds", "60")
    until(lambda: place.status() == f"revision {place.newest}", within=20, what="it is taken back")
    assert "hosts went down by it: EX1 in relay" in place.balancer.command("show", "log").stdout
    place.balancer.wait_all_up()
    assert place.serves(PORT)


def test_a_text_is_written_kept_and_deployed_in_turns(place: Place) -> None:
    """As an administrator does it: edited where it lies, loaded, compared, deployed, committed; all of it is audited."""
    lies, known = place.published, len(_audit(place))
    assert lies.read_bytes() == place.text(PORT).read_bytes()
    lies.write_bytes(place.text(PORT, OTHER).read_bytes())
    assert (
        f"kept as your working copy, written from revision {place.newest}"
        in place.balancer.command("load", str(lies)).stdout
    )
    changed = [line.split() for line in place.balancer.command("diff").stdout.splitlines() if line.startswith("+")]
    assert ["+", "relay", f'"R{OTHER}"', "{"] in changed
    assert place.status() == f"revision {place.newest}"
    place.balancer.command("deploy", "-m", "another")
    place.balancer.command("commit")
    assert (place.status(), place.serves(OTHER)) == (f"revision {place.newest + 1}", True)
    assert place.balancer.command("discard", check=False).returncode == 1
    audit = _audit(place)[known:]
    assert [line.rpartition(") ")[2] for line in audit if "committed" in line or "deployed" in line] == [
        "deployed a configuration",
        "committed a configuration",
    ]


def _audit(place: Place) -> list[str]:
    return place.balancer.command("show", "audit", "--last", "1000").stdout.splitlines()


def test_a_page_that_breaks_while_it_runs_is_named_and_traffic_goes_on(doomed: Place) -> None:
    """Whoever reads it first is told, and everybody who asks how it goes; nothing more is written into what is broken."""
    place = doomed
    for number in range(2, 8):
        text = place.text(PORT)
        text.write_text(text.read_text(encoding="utf-8") + f"# {number} {'x' * 20000}\n", encoding="utf-8")
        place.balancer.command("deploy", str(text), "--commit")
    saved = place.state / "backups" / "last-commit.db"
    until(lambda: saved.exists() and look_at(saved).revisions == 7, what="a backup of the commits is made")
    store = place.state / "bascule.db"
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with greeted(place.net["client1"], "", VIP, PORT) as (session, _):
        with store.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (store.stat().st_size - 4096))
        until(lambda: place.balancer.asked("revisions", "2", check=False).returncode == 3, what="it is read")
        said = place.balancer.command("deploy", str(place.text(PORT, OTHER)), "--commit", check=False).stderr
        assert re.search(r"it is damaged: .*; the last good backup: bascule restore \S+\.db --state", said), said
        until(lambda: "damaged" in place.balancer.asked("show", "log").stdout, what="an event says so")
        status = json.loads(place.balancer.command("status", "--json", check=False).stdout)
        assert "the last good backup: bascule restore" in status["findings"][0]["message"]
        assert (status["level"], status["configuration"]) == ("degraded", "revision 7")
        exchange(session, b"traffic goes on\n")
        assert (place.serves(PORT), place.serves(OTHER)) == (True, False)
    backup = status["findings"][0]["message"].rpartition("bascule restore ")[2].split()[0]
    place.balancer.stop()
    place.net["lb1"].run(sys.executable, "-m", "bascule", "restore", backup, "--state", str(place.state))
    place.balancer.start()
    place.balancer.wait_all_up()
    assert place.status() == "revision 7"


def test_a_damaged_store_is_named_with_the_backup_that_brings_it_back(doomed: Place) -> None:
    """Clients are served meanwhile; and after the restore Bascule runs as before."""
    place = doomed
    saved = place.state / "backups" / "last-commit.db"
    until(lambda: saved.exists() and look_at(saved).revisions == 1, what="a backup of the commit is made")
    place.balancer.stop()
    store = place.state / "bascule.db"
    data = bytearray(store.read_bytes())
    data[4096 : 3 * 4096] = b"\xff" * 8192
    store.write_bytes(data)
    with pytest.raises(BedError, match=r"it is damaged.*the last good backup: bascule restore \S+\.db"):
        place.balancer.start()
    backup = place.balancer.log.read_text(encoding="utf-8").rpartition("bascule restore ")[2].split()[0]
    assert place.serves(PORT)
    place.net["lb1"].run(sys.executable, "-m", "bascule", "restore", backup, "--state", str(place.state))
    place.balancer.start()
    place.balancer.wait_all_up()
    assert place.status() == "revision 1"
