"""The machine starts anew: a fresh network and another boot, with nothing of before but the state folder."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from bed.clients import exchange, greeted
from bed.failing import KERNEL, MORE, PROXIED, PROXIED_MORE, SECOND, Place
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import echo
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]

_WITHIN: Final = 10.0
"""Seconds from a start to the first client that is served."""


@contextmanager
def _boot(at: Path, *, early: bool = False, running: bool = True) -> Iterator[Place]:
    """Yield a machine that has started just now, as its power cut will find it; with its early text where it has one."""
    identity = at / "boot_id"
    identity.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
    with NetLab(Layout(arms=1)) as net:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (KERNEL, PROXIED, MORE, PROXIED_MORE), at)
        place = Place(net, at)
        if early:
            net["lb1"].run("nft", "-f", str(place.balancer.state / "early.nft"))
        try:
            if running:
                _start(place)
            yield place
        finally:
            place.balancer.tell()
            if place.balancer.runs:
                place.balancer.kill()


def _start(place: Place) -> None:
    """Start Bascule on a machine of that boot."""
    identity = place.fault.with_name("boot_id")
    place.start(f"mount --bind {identity} /proc/sys/kernel/random/boot_id")


def _serves(place: Place, port: int, address: str = VIP) -> bool:
    try:
        with greeted(place.net["client1"], "", address, port) as (session, _):
            exchange(session, b"after the boot\n")
    except OSError:
        return False
    return True


def _committed(place: Place, name: str) -> None:
    assert not place.deploy(name)
    place.balancer.wait_all_up()
    until((place.balancer.state / "early.nft").exists, what="the next boot is prepared")


def test_what_was_committed_comes_up(open_directory: Path) -> None:
    """All of it, and soon; what an earlier boot noted of addresses and settings is not of this one."""
    with _boot(open_directory) as place:
        _committed(place, "large")
        before = place.shot()
    with _boot(open_directory, running=False) as place:
        began = monotonic()
        _start(place)
        until(lambda: all(_serves(place, port) for port in (KERNEL, PROXIED, MORE, PROXIED_MORE)), what="it serves")
        assert monotonic() - began < _WITHIN
        assert place.status()["configuration"] == "revision 1"
        place.balancer.wait_all_up()
        place.settled(before | {"notes": place.shot()["notes"]})
        notes, old = place.shot()["notes"], before["notes"]
        assert notes["network.json"]["addresses"] == old["network.json"]["addresses"]
        assert notes["network.json"]["stamp"] != old["network.json"]["stamp"]
        assert notes["sysctls.json"]["kernel.random.boot_id"] != old["sysctls.json"]["kernel.random.boot_id"]
        assert {**notes["sysctls.json"], "kernel.random.boot_id": ""} == {
            **old["sysctls.json"],
            "kernel.random.boot_id": "",
        }


def test_nobody_committed_before_the_power_went(open_directory: Path) -> None:
    """Its time is over when the machine is there again: what was committed comes up, and nothing else."""
    with _boot(open_directory) as place:
        _committed(place, "small")
        place.balancer.command("deploy", str(place.texts["large"]), "--seconds", "5")
        due = monotonic() + 5
        place.balancer.kill()
    until(lambda: monotonic() > due, what="its time is over")
    with _boot(open_directory) as place:
        until(lambda: _serves(place, KERNEL) and _serves(place, PROXIED), what="it serves")
        assert (_serves(place, MORE), _serves(place, KERNEL, SECOND)) == (False, False)
        assert (place.status()["configuration"], place.status()["pending"]) == ("revision 1", None)
        assert "its time was over while Bascule did not run" in place.balancer.command("show", "log").stdout


def test_a_deployment_goes_on_over_a_boot_but_not_over_three_starts(open_directory: Path) -> None:
    """It may be what ends the machine, again and again."""
    with _boot(open_directory) as place:
        _committed(place, "small")
        place.balancer.command("deploy", str(place.texts["large"]), "--seconds", "600")
        place.balancer.kill()
    with _boot(open_directory) as place:
        assert place.status()["configuration"] == "revision 2, not committed"
        until(lambda: _serves(place, MORE), what="what is tested serves")
        place.balancer.kill()
        _start(place)
        assert place.status()["configuration"] == "revision 2, not committed"
        place.balancer.kill()
    with _boot(open_directory) as place:
        assert place.status()["configuration"] == "revision 1"
        assert "Bascule has started 3 times within its time" in place.balancer.command("show", "log").stdout
        until(lambda: _serves(place, KERNEL), what="it serves")
        assert not _serves(place, MORE)


def test_the_early_text_is_adopted_as_it_is(open_directory: Path) -> None:
    """No rule is replaced, no set changed: whoever counts packets or waits for an answer does not notice."""
    with _boot(open_directory) as place:
        _committed(place, "small")
        place.balancer.stop()  # no session carries a mark of before
        _start(place)
        place.balancer.wait_all_up()
        early = place.balancer.state / "early.nft"
        until(lambda: "m_slots_R59532" in early.read_text(encoding="utf-8"), what="the text has the relay")
        before = place.shot()["rules"]
    with _boot(open_directory, early=True, running=False) as place:
        loaded = _handles(place.node)
        _start(place)
        until(lambda: _serves(place, KERNEL), what="it serves")
        assert place.shot()["rules"] == before
        assert _handles(place.node) == loaded
        place.balancer.wait_all_up()
        assert (place.shot()["rules"], _handles(place.node)) == (before, loaded)


def _handles(node: Node) -> list[str]:
    """Return our table with the kernel's own numbers, which a rule or set that is made anew has not."""
    listing = node.run("nft", "-a", "-t", "list", "table", "inet", "bascule").stdout
    return re.sub(r"packets \d+ bytes \d+", "", listing).splitlines()
