"""A Bascule in a network of its own whose machine can be made to refuse things, and what the node was before and after."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bed import configuration, faulty
from bed.balancer import Balancer
from bed.command import BedError
from bed.layout import Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.snapshot import difference, snapshot
from bed.wait import until

KERNEL, PROXIED, MORE, PROXIED_MORE = 59532, 59533, 59534, 59535
"""Ports of relays: the first two are there with either text, the others with the large one alone."""
SECOND: Final = "10.80.0.11"
"""The address that the large text has more."""


class Place:
    """A Bascule with a relay in the kernel and one in the proxy, whose machine can be made to refuse things."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net, self.node = net, net["lb1"]
        self._at = at
        self.fault = at / "fault"
        self.balancer = Balancer(self.node, None, at)
        self.texts = {name: self._text(name) for name in ("small", "large")}
        self.shots: dict[str, dict[str, Any]] = {}

    def _text(self, name: str) -> Path:
        """Write a text; the large one has a second relay of each kind, two workers, addresses, a route, and settings."""
        ports = (KERNEL, PROXIED) if name == "small" else (KERNEL, PROXIED, MORE, PROXIED_MORE)
        text = configuration.plain(*((f"R{port}", port) for port in ports), timing="interval 1s")
        for port in (PROXIED, PROXIED_MORE):
            text = text.replace(f"port {port}\n", f"port {port}\n\t\tengine proxy\n")
        text = text.replace("load-balancer {\n", f"load-balancer {{\n\tworkers {1 if name == 'small' else 2}\n")
        if name == "large":
            more = f'\taddress {SECOND}/16 virtual\n\troute 198.51.100.0/24 10.80.1.1\n\tmtu 1400\n\tdescription "mail"\n'
            text = text.replace("interface eth0 {\n", f"interface eth0 {{\n{more}")
            text = text.replace(f"port {MORE}\n", f"port {MORE}\n\t\tsession timeout 150h\n")
        file = self._at / f"{name}.conf"
        file.write_text(text, encoding="utf-8")
        return file

    def start(self, mount: str = "") -> None:
        """Start it; `mount` is done before, for it alone, by a shell that has its state folder as $state."""
        shell = f'state={self.balancer.state}; {mount}; exec "$@"'
        around = ("unshare", "--mount", "sh", "-ec", shell, "-") if mount else ()
        self.balancer.start((*around, sys.executable, "-P", faulty.__file__, str(self.fault)))

    def deploy(self, name: str) -> str:
        """Deploy and commit a text; return what was said where it is refused, else nothing."""
        done = self.balancer.command("deploy", str(self.texts[name]), "--commit", check=False, within=30)
        return f"{done.stdout}{done.stderr}" if done.returncode else ""

    def shot(self) -> dict[str, Any]:
        """Return what the node is now."""
        return snapshot(self.node, self.state)

    @property
    def state(self) -> Path:
        """Return where it keeps what must outlive it, as it sees it itself."""
        return Path(f"/proc/{self.balancer.pid}/root{self.balancer.state}")

    def learn(self) -> None:
        """Know what the node is with each of the texts, which ends with the small one."""
        for number, name in enumerate(("small", "large", "small", "large", "small")):
            assert not self.deploy(name)
            self.balancer.wait_all_up()
            until(self._knows_itself, within=15, what="the rules know the addresses of the node", every=0.2)
            if number > 2:
                self.settled(self.shots[name])
            self.shots[name] = self.shot()

    def _knows_itself(self) -> bool:
        """Tell whether the rules have no address that the node has no more."""
        shot = self.shot()
        known = {line.partition(": ")[2].strip('"') for line in shot["rules"] if line.startswith("s_own4: ")}
        return known <= {held.partition("/")[0] for link in shot["links"] for held in link["held"] if ":" not in held}

    def arm(self, nth: int, how: str, **more: object) -> None:
        """Have an effect fail."""
        self.met.unlink(missing_ok=True)
        beside = self.fault.with_suffix(".new")
        beside.write_text(json.dumps({"nth": nth, "how": how, **more}), encoding="utf-8")
        beside.rename(self.fault)

    @contextmanager
    def deploying(self, text: Path, *, before: str) -> Iterator[list[str]]:
        """Deploy a text, and do what stands inside just before the first effect of a door.

        The list has afterwards what was said, and nothing where the text is live.
        """
        self.arm(1, "waits", door=before)
        said: list[str] = []
        done = self.balancer.following("deploy", str(text), "--commit")
        until(lambda: bool(self.failed()), what=f"{before} is met")
        yield said
        self.fault.with_name("fault.go").touch()
        words, _ = done.communicate(timeout=30)
        said += [words] if done.returncode else []

    def disarm(self) -> bool:
        """Have everything go well; tell whether an effect failed meanwhile."""
        self.fault.unlink(missing_ok=True)
        return bool(self.failed())

    @property
    def met(self) -> Path:
        """Where the effects are listed that came since it was armed."""
        return self.fault.with_name("fault.met")

    def failed(self) -> str:
        """Return which effect failed."""
        lines = self.met.read_text(encoding="utf-8").splitlines() if self.met.exists() else []
        return next((line.removeprefix("* ") for line in lines if line.startswith("*")), "")

    def settled(self, expected: dict[str, Any]) -> None:
        """Wait until the node is what is expected; fails with what differs."""
        with suppress(TimeoutError):
            until(lambda: not difference(self.shot(), expected), within=8, what="it is as expected", every=0.2)
        different = difference(self.shot(), expected)
        if different:
            raise BedError("\n".join([*different[:10], f"{len(different)} differences"]))

    def committed(self) -> str:
        """Return which text the newest revision is."""
        text = self.balancer.command("revisions", str(self.newest())).stdout
        return next(name for name, file in self.texts.items() if file.read_text(encoding="utf-8") == text)

    def newest(self) -> int:
        """Return the number of the newest revision."""
        return int(self.balancer.command("revisions").stdout.split()[0])

    @staticmethod
    def now() -> datetime:
        """Return the time of day."""
        return datetime.now(UTC)

    def status(self) -> dict[str, Any]:
        """Return the status."""
        found: dict[str, Any] = json.loads(self.balancer.asked("status", "--json", check=False).stdout)
        return found


@contextmanager
def failing_place(at: Path, mount: str = "") -> Iterator[Place]:
    """Yield a place where the small text is committed, and known what the node is with either; `mount` as in `start`."""
    with NetLab(Layout(arms=1)) as net:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (KERNEL, PROXIED, MORE, PROXIED_MORE), at)
        place = Place(net, at)
        place.start(mount)
        with place.balancer.cleared(), ExitStack() as last:
            last.callback(place.disarm)
            place.learn()
            yield place
