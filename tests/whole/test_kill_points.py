"""Killed after any effect on the machine, Bascule comes back to the old plan or the new one, whole, and mail never stops.

Each step deploys the other of two texts with a Bascule that is killed after its Nth effect, then starts it again as its
unit would. N goes up until a step gets by without it. `make test` takes one effect of four, `make faults` every one.
"""

import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from bed import configuration, doomed, memory
from bed.balancer import Balancer
from bed.clients import exchange, greeted, is_greeted
from bed.command import BedError, end
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(900)]

PORT, OTHER = 59532, 59533
SECOND: Final = "10.80.0.11"
_ENOUGH: Final = 200
"""Effects that no deployment has."""
_EVERY: Final = int(os.environ.get("FAULTS_EVERY", "4"))
"""Of so many effects, one is where it is killed."""
_LEAST: Final = 40 // _EVERY
"""Kill points that there must be."""


class Place:
    """A Bascule whose first revision is committed: one relay, on an address that it gave itself."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        self._at = at
        self.balancer = Balancer(net["lb1"], None, at)
        self.texts = [self._text("small", PORT), self._text("large", PORT, OTHER)]

    def _text(self, name: str, *ports: int) -> Path:
        """Write a text; the large one has a second relay, address and route, and a longer session timeout."""
        text = configuration.plain(*((f"R{port}", port) for port in ports), timing="interval 1s")
        if len(ports) > 1:
            more = f"\taddress {SECOND}/16 virtual\n\troute 198.51.100.0/24 10.80.1.1\n\tmtu 1400\n"
            more += "".join(f"\taddress 10.80.7.{n}/32 virtual\n" for n in range(1, 11))
            text = text.replace("interface eth0 {\n", f"interface eth0 {{\n{more}")
        file = self._at / f"{name}.conf"
        file.write_text(text, encoding="utf-8")
        return file

    def deploys(self, text: Path) -> None:
        """Deploy and commit a text; whoever dies of it says no more, and whoever stops is not waited for."""
        deploying = self.balancer.following("deploy", str(text), "--commit")
        with suppress(TimeoutError):
            until(lambda: deploying.poll() is not None or memory.is_stopped(self.balancer.pid), what="it is deployed")
        end(deploying)

    def doomed(self, effect: int, how: str) -> bool:
        """Start a Bascule that ends after an effect; tell whether it is still there."""
        program = (sys.executable, "-P", doomed.__file__, str(effect), how)
        with suppress(BedError, TimeoutError):
            self.balancer.start(program)
            return True
        return False

    def running(self) -> str:
        """Return which of the texts the machine holds: its name. Fails where it is neither, or half of one."""
        status = json.loads(self.balancer.asked("status", "--json", check=False).stdout)["configuration"]
        number = int(status.removeprefix("revision "))
        text = self.balancer.asked("revisions", str(number)).stdout
        name = next(file.stem for file in self.texts if file.read_text(encoding="utf-8") == text)
        shown = self.net["lb1"].run("ip", "-json", "-4", "address", "show", "dev", "eth0").stdout
        held = {info["local"] for link in json.loads(shown) for info in link["addr_info"]}
        route = self.net["lb1"].run("ip", "route", "show", "198.51.100.0/24").stdout
        large = name == "large"
        assert (SECOND in held, bool(route), self.serves(OTHER)) == (large, large, large), f"{status} is not whole"
        assert (VIP in held, self.serves(PORT)) == (True, True), f"{status} is not whole"
        return name

    def serves(self, port: int) -> bool:
        """Tell whether a client is served on a port."""
        return is_greeted(self.net["client1"], VIP, port)


@pytest.fixture
def place(open_directory: Path) -> Iterator[Place]:
    """Return a place where the small text is committed."""
    with NetLab(Layout(arms=1)) as net:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT, OTHER), open_directory)
        place = Place(net, open_directory)
        place.balancer.start()
        try:
            place.balancer.command("deploy", str(place.texts[0]), "--commit")
            place.balancer.wait_all_up()
            place.balancer.stop()
            yield place
        finally:
            place.balancer.close()


def _steps(place: Place, how: str, effects: Sequence[int]) -> Iterator[str]:
    """Go through kill points, and yield where each was."""
    log = place.balancer.log
    before = "small"
    with greeted(place.net["client1"], "", VIP, PORT) as (session, _):
        for effect in effects:
            said = log.stat().st_size
            after = "large" if before == "small" else "small"
            alive = place.doomed(effect, how)
            if alive:
                place.deploys(place.texts[after == "large"])
            exchange(session, f"effect {effect}\n".encode())
            place.balancer.kill()
            words = log.read_text(encoding="utf-8")[said:]
            place.balancer.start()
            with suppress(BedError):  # one that is tested still goes on with what time it has
                place.balancer.asked("commit")
            place.balancer.wait_all_up()
            until(lambda: place.serves(PORT), what="the relay serves")
            found = place.running()
            exchange(session, f"after effect {effect}\n".encode())
            assert found in (before, after)
            before = found
            place.balancer.stop()
            if "DOOMED" not in words:
                return
            yield words.partition("DOOMED ")[2].splitlines()[0]


def test_killed_after_any_effect(place: Place) -> None:
    """Of a start and of a deployment; a session by the relay that stays never breaks."""
    beginning = random.SystemRandom().randint(1, _EVERY)
    points = list(_steps(place, "KILL", range(beginning, _ENOUGH, _EVERY)))
    print(f"{len(points)} kill points, every {_EVERY} from {beginning}: {'; '.join(points)}")  # noqa: T201 - what was tried is part of the result
    assert len(points) >= _LEAST


def test_stopped_after_an_effect(place: Place) -> None:
    """It hangs with everything open, and its watchdog kills it: some of the same points."""
    points = list(_steps(place, "STOP", range(3, 60, 5 * _EVERY)))
    print(f"{len(points)} stop points: {'; '.join(points)}")  # noqa: T201 - likewise
    assert points
