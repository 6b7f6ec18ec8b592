"""What was committed is refused when Bascule starts: it starts all the same, and touches nothing until it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bascule.store.database import open_database
from bascule.store.history import DatabaseHistory
from bed.clients import exchange, greeted
from bed.failing import KERNEL, PROXIED, Place, failing_place
from bed.layout import VIP
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def shared(module_directory: Path) -> Iterator[Place]:
    """Return a place for the module."""
    with failing_place(module_directory) as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """Return it with sessions by both relays, which must live over everything; nothing of what runs may change."""
    shared.balancer.stop()
    shared.start()  # which forgets marks that no session carries any more
    shared.balancer.wait_all_up()
    client = shared.net["client1"]
    with greeted(client, "", VIP, KERNEL) as (first, _), greeted(client, "", VIP, PROXIED) as (second, _):
        yield shared
        for session in (first, second):
            exchange(session, b"still here\n")


def _refuse(place: Place) -> int:
    """Have the newest revision be one that no Bascule of this version takes; return its number."""
    place.balancer.stop()
    database = open_database(place.balancer.state)
    text = place.texts["small"].read_bytes() + b"later { statement }\n"
    number = DatabaseHistory(database).commit(text, at=place.now(), author="alice", message="of a later version").number
    database.close()
    return number


def _serves(place: Place) -> bool:
    """Tell whether new clients are served by both relays."""
    for port in (KERNEL, PROXIED):
        with greeted(place.net["client1"], "", VIP, port) as (session, _):
            exchange(session, b"new\n")
    return True


def test_a_refused_text_is_mended_by_a_rollback(place: Place) -> None:
    """Until then rules, addresses, workers and the admin server are as they were, and the status says why."""
    before = place.shot()
    number = _refuse(place)
    place.start()
    status = place.status()
    assert (status["level"], status["configuration"]) == ("down", f"revision {number}")
    assert status["sentence"].startswith("FAILED: nothing is in effect")
    (finding,) = status["findings"]
    assert f"revision {number} cannot be put into effect: revision {number}:" in finding["message"]
    done = place.balancer.command("status", check=False)
    assert (done.returncode, "later" in done.stdout) == (5, True)
    assert place.shot() == before
    assert _serves(place)
    place.balancer.command("rollback", str(number - 1), "--commit")
    place.balancer.wait_all_up()
    place.settled(before)
    assert (place.status()["level"], place.status()["configuration"]) == ("ok", f"revision {number + 1}")
    assert _serves(place)


def test_it_stays_refused_over_restarts_and_a_file_mends_it(place: Place) -> None:
    """Killed or stopped, held again; a deployment that is wrong changes nothing either."""
    before = place.shot()
    _refuse(place)
    for end in (place.balancer.stop, place.balancer.kill):
        place.start()
        wrong = place.texts["small"].with_name("wrong.conf")
        wrong.write_text("load-balancer { relay }\n", encoding="utf-8")
        assert place.balancer.command("deploy", str(wrong), "--commit", check=False).returncode == 1
        assert place.status()["level"] == "down"
        assert place.shot() == before
        end()
    place.start()
    assert not place.deploy("small")
    place.balancer.wait_all_up()
    place.settled(before)
    assert place.status()["level"] == "ok"


def test_what_the_machine_refused_comes_by_itself(place: Place) -> None:
    """Once it does not any more: a machine that was short of something at boot is one that nobody looks at."""
    before = place.shot()
    place.balancer.stop()
    large = place.texts["large"]
    database = open_database(place.balancer.state)
    DatabaseHistory(database).commit(large.read_bytes(), at=place.now(), author="alice", message="large")
    database.close()
    with place.node.socket() as other:
        other.bind((VIP, 59535))
        other.listen()
        place.start()
        assert "another program listens on that port" in place.status()["findings"][0]["message"]
        found = [line for line in place.shot()["listening"] if ":59535" not in line]
        assert found == before["listening"]
        assert place.shot()["rules"] == before["rules"]
        assert _serves(place)
    until(lambda: place.status()["level"] == "ok", within=60, what="it is in effect", every=0.5)
    place.settled(place.shots["large"])
    assert not place.deploy("small")
    place.settled(place.shots["small"])
