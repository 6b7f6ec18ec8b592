"""What machines do to a deployment between its rehearsal and its end: nothing of it stays, and the words say why."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bascule.engines.proxy.elder import socket_name
from bed.clients import exchange, greeted
from bed.command import BedError
from bed.failing import KERNEL, PROXIED, PROXIED_MORE, Place, failing_place
from bed.layout import VIP
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]


_SMALL_DISK: Final = 'mkdir -m 700 "$state"; mount -t tmpfs -o size=6m,mode=700 tmpfs "$state"'


@pytest.fixture(scope="module")
def shared(module_directory: Path) -> Iterator[Place]:
    """Return a place for the module, where the small text is committed; its state folder is a disk of a few megabytes."""
    with failing_place(module_directory, _SMALL_DISK) as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """Return it with sessions by both relays, which must live; afterwards the next good deployment works."""
    client = shared.net["client1"]
    with greeted(client, "", VIP, KERNEL) as (first, _), greeted(client, "", VIP, PROXIED) as (second, _):
        yield shared
        shared.disarm()
        for session in (first, second):
            exchange(session, b"still here\n")
        shared.settled(shared.shots["small"])
        until(lambda: not shared.status()["findings"], within=15, what="all is well again")
        assert shared.status()["configuration"] == f"revision {shared.newest()}"
        for name in ("large", "small"):
            assert not shared.deploy(name)
            shared.balancer.wait_all_up()
            shared.settled(shared.shots[name])
        for session in (first, second):
            exchange(session, b"and after the next\n")


def _with_interface(place: Place) -> Path:
    """Make an interface, and return the large text with an address there."""
    place.node.run("ip", "link", "add", "dum0", "type", "veth", "peer", "name", "dum1")
    place.node.run("ip", "link", "set", "dum0", "up")
    text = place.texts["large"].read_text(encoding="utf-8")
    file = place.texts["large"].with_name("dum0.conf")
    file.write_text(f"interface dum0 {{\n\taddress 192.0.2.1/24\n}}\n{text}", encoding="utf-8")
    return file


def test_an_interface_is_deleted(place: Place) -> None:
    """After the rehearsal saw it, before its address is given."""
    with place.deploying(_with_interface(place), before="KernelLinks.do") as said:
        place.node.run("ip", "link", "delete", "dum0")
    assert "give dum0 the address 192.0.2.1/24: there is no interface dum0" in said[0]


def test_an_interface_gets_another_name(place: Place) -> None:
    """Likewise; what it is called now is nobody's of ours."""
    with place.deploying(_with_interface(place), before="KernelLinks.do") as said:
        place.node.run("ip", "link", "set", "dum0", "down")
        place.node.run("ip", "link", "set", "dum0", "name", "dum9")
    assert "there is no interface dum0" in said[0]
    place.node.run("ip", "link", "delete", "dum9")


def test_a_port_is_taken(place: Place) -> None:
    """By a program that binds it after the rehearsal; the addresses that came before go again."""
    with place.node.socket() as other:
        with place.deploying(place.texts["large"], before="engine.listening_socket") as said:
            other.bind((VIP, PROXIED_MORE))
            other.listen()
        assert f"listen on {VIP}:{PROXIED_MORE} for relay R{PROXIED_MORE}: Address already in use" in said[0]


def test_a_port_is_taken_before(place: Place) -> None:
    """Then the rehearsal finds it, and nothing is changed at all."""
    with place.node.socket() as other:
        other.bind((VIP, PROXIED_MORE))
        other.listen()
        said = place.deploy("large")
        assert f'relay "R{PROXIED_MORE}" cannot listen on {VIP}:{PROXIED_MORE}: another program listens' in said


def test_nftables_refuses(place: Place) -> None:
    """Somebody puts a set into our table, under the name of one that comes, of another type."""
    name = next(line.split()[1] for line in place.shots["large"]["rules"] if line.startswith("map m_slots_R59534"))
    with place.deploying(place.texts["large"], before="NftProgram.load") as said:
        place.node.nft(f"add set inet bascule {name} {{ type ipv4_addr; }}")
    assert "load the rules: " in said[0]


def test_a_worker_cannot_start(place: Place) -> None:
    """Where its socket belongs there is something else; those that run go on."""
    path = place.balancer.socket.parent / socket_name(2)
    until(lambda: not path.exists(), what="the second worker of before has ended")
    with place.deploying(place.texts["large"], before="OwnChildren.start") as said:
        path.mkdir()
    assert "start proxy worker 2: it ended with status" in said[0]
    path.rmdir()


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """Fill a disk to its last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, ExitStack() as last:
        last.callback(filler.unlink)
        for size in (65536, 512, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
        yield


def test_a_full_disk(place: Place) -> None:
    """Nothing is begun that could not be kept."""
    with _full(place.state):
        said = place.deploy("large")
        assert "bascule.db: database or disk is full" in said
        place.settled(place.shots["small"])


@pytest.mark.parametrize("door", ["KernelSysctls.write", "NftProgram.load", "KernelLinks.do", "engine.listening_socket"])
def test_a_disk_that_is_full_in_the_middle(place: Place, door: str) -> None:
    """What was begun is taken back as far as it can be, now; and wholly once there is room."""
    with ExitStack() as full:
        with place.deploying(place.texts["large"], before=door) as said:
            full.enter_context(_full(place.state))
        assert "No space left on device" in said[0] or "disk is full" in said[0]
        place.settled(place.shots["small"] | {"notes": place.shot()["notes"]})


def test_a_disk_that_is_full_while_a_deployment_is_tested(place: Place) -> None:
    """It cannot be committed, and is taken back in time."""
    place.balancer.command("deploy", str(place.texts["large"]), "--seconds", "6")
    with _full(place.state):
        with pytest.raises(BedError, match=r"bascule\.db: database or disk is full"):
            place.balancer.command("commit")
        place.settled(place.shots["small"] | {"notes": place.shot()["notes"]})
    until(lambda: place.status()["pending"] is None, within=15, what="it is forgotten")
