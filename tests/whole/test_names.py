"""Hosts by name: they follow what name servers tell, and go on with the last answer where nobody tells."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bed.balancer import Balancer
from bed.clients import exchange, greeted
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.servers.dns import NameServer
from bed.wait import until

pytestmark = pytest.mark.kernel

_PORT: Final = 59532
_FIRST, _SECOND, _THIRD = "10.80.2.1", "10.80.2.2", "10.80.2.3"
_TEXT: Final = """
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
}
load-balancer {
	interval 1s
	table <exchange> {
		mail.lab.local weight 2
		spare.lab.local name "SPARE" weight 1
		key 7f3a91c2
	}
	relay "RPCCAS" {
		listen on 10.80.0.10 port 59532
		forward to <exchange> check tcp mode source-hash
		engine ENGINE
	}
}
system { dns { 10.80.1.2 } }
"""


@dataclass
class Named:
    """A site whose hosts are known by name."""

    net: NetLab
    balancer: Balancer
    server: NameServer

    def hosts(self) -> dict[str, str]:
        """Return the hosts and their states."""
        return dict(self.balancer.relays().get("RPCCAS", {}))

    def wait_exactly(self, wanted: dict[str, str]) -> None:
        """Wait until the hosts are exactly these."""
        until(lambda: self.hosts() == wanted, within=30.0, what=f"hosts are {wanted}", every=0.2)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind."""
        lines = self.balancer.asked("show", "log", "--json").stdout.splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def findings(self) -> str:
        """Return what `status` finds."""
        return self.balancer.asked("status", check=False).stdout


@pytest.fixture(params=["kernel", "proxy"])
def place(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Named]:
    """Run three echo servers, a name server that knows two of them as one, and a balancer that knows them by name."""
    with NetLab(Layout(arms=1, servers=3, clients=2)) as net, ExitStack() as last:
        net.hold("lb1", VIP, VIP6)
        net.many_addresses("client1", 32, "10.80.100.1")
        for number, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{number}", (_PORT,), open_directory)
        server = NameServer(net["client2"], open_directory / "dns")
        server.start({"mail.lab.local": [_FIRST, _SECOND], "spare.lab.local": [_SECOND]})
        balancer = Balancer(net["lb1"], _TEXT.replace("ENGINE", request.param), open_directory)
        last.callback(balancer.tell)
        last.callback(balancer.close)
        balancer.start()
        yield Named(net, balancer, server)


_TWO: Final = {f"mail.lab.local/{_FIRST}": "up", f"mail.lab.local/{_SECOND}": "up"}


def test_hosts_follow_their_names_and_sessions_of_those_that_stay_live(place: Named) -> None:
    """Two addresses are two hosts; one more comes, one goes; a session of the host that stays never notices."""
    place.wait_exactly(_TWO)
    weights = [json.loads(line)["weight"] for line in _shown(place)]
    assert weights == [2, 2], "each has the name's options, and an address that two names have is one host"
    client = next(row["client"] for row in _explained(place) if _FIRST in row["host"])
    with greeted(place.net["client1"], client, VIP, _PORT) as (session, name):
        assert name == "EX1"
        place.server.change({"mail.lab.local": [_FIRST], "spare.lab.local": [_THIRD]})
        place.wait_exactly({"mail.lab.local": "up", "SPARE": "up"})
        exchange(session, b"still here\n")
        assert {row["host"] for row in _explained(place)} == {"mail.lab.local", "SPARE"}
    assert not [event for event in place.events("host") if event["state"] == "down"]
    words = [event["words"] for event in place.events("name")]
    assert f"mail.lab.local stands for {_FIRST} (before: {_FIRST} and {_SECOND})" in words


def test_a_name_server_that_is_gone_takes_no_host_away(place: Named) -> None:
    """The last answer stands, and is said, also after a restart; an answer without an address changes nothing."""
    place.wait_exactly(_TWO)
    place.server.change({"spare.lab.local": [_SECOND]})
    until(lambda: "no such name" in place.findings(), within=30.0, what="the lost name is said", every=0.5)
    place.wait_exactly(_TWO)
    place.server.stop()
    place.balancer.kill()
    place.balancer.start()
    place.wait_exactly(_TWO)
    until(lambda: "no answer of 10.80.1.2" in place.findings(), within=30.0, what="the silence is said", every=0.5)
    assert "no answer of 10.80.1.2" in place.balancer.command("doctor", check=False).stdout
    assert [event["state"] for event in place.events("name")] == ["unresolved", "unresolved"]
    place.server.start({"mail.lab.local": [_THIRD], "spare.lab.local": [_SECOND]})
    place.wait_exactly({"mail.lab.local": "up", "SPARE": "up"})


def test_a_name_that_nobody_knows_yet_is_a_warning(place: Named) -> None:
    """A text with it is loaded; its hosts come once the name is known."""
    place.wait_exactly(_TWO)
    text = place.balancer.configuration.read_text(encoding="utf-8")
    place.balancer.configuration.write_text(text.replace("spare.", "new."), encoding="utf-8")
    said = place.balancer.command("reload")
    assert "new.lab.local" in said.stdout + said.stderr
    place.wait_exactly(_TWO)
    place.server.change({"mail.lab.local": [_FIRST, _SECOND], "new.lab.local": [_THIRD]})
    place.wait_exactly(_TWO | {"SPARE": "up"})


def test_a_text_is_explained_by_what_its_name_servers_say(place: Named, tmp_path: Path) -> None:
    """`explain --config` asks them itself where nobody ran before; `check` says which names nobody knows."""
    text = tmp_path / "a.conf"
    text.write_text(_TEXT.replace("ENGINE", "kernel").replace("spare.", "new."), encoding="utf-8")
    program = (sys.executable, "-m", "bascule")
    options = ("--state", str(tmp_path / "state"))
    said = place.balancer.node.run(*program, "explain", "--config", str(text), *options, str(_PORT), "10.80.100.1").stdout
    assert "mail.lab.local/10.80.2." in said
    checked = place.balancer.node.run(*program, "check", *options, str(text), check=False)
    assert "no name server has told the address of new.lab.local yet" in checked.stdout + checked.stderr
    assert "mail.lab.local" not in checked.stdout + checked.stderr
    assert not (tmp_path / "state" / "names.json").exists(), "who only asks keeps nothing"


def _shown(place: Named) -> list[str]:
    return place.balancer.command("show", "hosts", "--json").stdout.splitlines()


def _explained(place: Named) -> list[dict[str, Any]]:
    clients = [f"10.80.100.{number}" for number in range(1, 33)]
    said = place.balancer.command("explain", "--json", "--to", VIP, str(_PORT), *clients).stdout.splitlines()
    return [json.loads(line) for line in said]
