"""What is over a limit is refused at once, is counted, and leaves what is within it alone; real rules, real sessions."""

import select
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bascule.engines.nftables.names import Refusal
from bed.sessions import Connected, connected, opened
from bed.wait import until
from engines.nftables.networks import PORT, Network, everywhere, network

pytestmark = [pytest.mark.kernel, pytest.mark.parametrize("version", [4, 6])]

OTHER: Final = 587


@contextmanager
def limited(state: Path, version: int, *statements: str, options: str = "", servers: int = 1) -> Iterator[Network]:
    """Run a relay with limits, and one more on the same table without any."""
    relays = everywhere("HTTPS", *statements), everywhere("mail", port=OTHER)
    with network(state, *relays, version=version, servers=servers, ports=(PORT, OTHER), options=options) as place:
        yield place


def refused(place: Network, why: Refusal, relay: str = "HTTPS") -> int:
    """Return how often the kernel refused clients of a relay for that reason."""
    return place.relays.run(place.relays.engine.refusals(place.relays.plan))[relay][why]


def sessions(place: Network, stack: ExitStack, number: int, client: str = "", port: int = PORT) -> list[Connected]:
    """Open sessions of one client address, all of which are served."""
    return [stack.enter_context(place.session((client, 0), port=port)) for _ in range(number)]


def is_refused(place: Network, client: str = "", port: int = PORT) -> bool:
    """Tell whether a further session is refused; one that is taken fails the test."""
    with pytest.raises(ConnectionRefusedError):
        connected(place.client, (place.vip, port), (client, 0))
    return True


def addresses(place: Network, number: int) -> list[str]:
    """Return further addresses of the client's node."""
    return place.net.many_addresses("client1", number, "10.80.100.1" if place.version == 4 else "fd80::100:1")


def test_a_source_has_so_many_sessions_and_no_more(tmp_path: Path, version: int) -> None:
    """Other sources are served meanwhile, and the source itself again when one of its sessions has ended."""
    with limited(tmp_path, version, "max source sessions 3") as place, ExitStack() as stack:
        one, two = addresses(place, 2)
        mine = sessions(place, stack, 3, one)
        assert is_refused(place, one)
        assert refused(place, Refusal.SOURCE_SESSIONS) == 1
        sessions(place, stack, 3, two)
        sessions(place, stack, 4, one, OTHER)
        for session in mine:
            session.speak()
        mine[0].close()
        until(lambda: len([each for each in place.relays.states() if each.living]) == 9, what="the kernel saw the end")
        sessions(place, stack, 1, one)


def test_a_source_comes_so_often_and_no_more(tmp_path: Path, version: int) -> None:
    """A second's worth may come at once; what comes beyond it is refused until time has passed; others are not."""
    with limited(tmp_path, version, "max source rate 4/s") as place, ExitStack() as stack:
        one, two = addresses(place, 2)
        sessions(place, stack, 4, one)
        assert is_refused(place, one)
        assert refused(place, Refusal.SOURCE_RATE) == 1
        sessions(place, stack, 4, two)
        until(lambda: _comes_in(place, stack, one), what="the source may come again")


def _comes_in(place: Network, stack: ExitStack, client: str = "") -> bool:
    try:
        stack.enter_context(place.session((client, 0)))
    except ConnectionRefusedError:
        return False
    return True


def test_half_open_sessions_are_bounded_and_whole_ones_do_not_count(tmp_path: Path, version: int) -> None:
    """Those that are completed, or refused by the host, make room within a moment; those that are neither keep it."""
    with limited(tmp_path, version, "max half-open 4") as place, ExitStack() as stack:
        for _ in range(12):
            until(lambda: _comes_in(place, stack), what="completed sessions make room")
        assert _openings(place) == 0
        _lose_answers(place)
        for _ in range(4):
            until(lambda: _begins(place, stack), what="there is room")
        assert _openings(place) == 4
        assert is_refused(place)
        assert refused(place, Refusal.HALF_OPEN) >= 1
        sessions(place, stack, 5, port=OTHER)


def test_sessions_that_the_host_refuses_are_half_open_no_more(tmp_path: Path, version: int) -> None:
    """A host's refusal makes room as its acceptance does."""
    relays = everywhere("HTTPS", "max half-open 4")
    with network(tmp_path, relays, version=version, servers=1, ports=(OTHER,)) as place:
        for _ in range(6):
            with pytest.raises(ConnectionRefusedError):
                connected(place.client, (place.vip, PORT))
        assert _openings(place) == 0


def test_clients_that_no_host_takes_are_half_open_no_more(tmp_path: Path, version: int) -> None:
    """They are refused for want of a host, and counted so, however many come; when the host is back there is room."""
    with limited(tmp_path, version, "max half-open 4", options="max sessions 2") as place, ExitStack() as stack:
        down = [place.host(server) for server in place.net.named("srv")]
        assert place.relays.flip(down=down)
        for _ in range(9):
            assert is_refused(place)
        assert refused(place, Refusal.NO_HOST) + refused(place, Refusal.HALF_OPEN) == 9
        assert _openings(place) == 0
        assert place.relays.flip()
        for _ in range(2):
            until(lambda: _comes_in(place, stack), what="a session comes in")
        for _ in range(9):
            assert is_refused(place)
        assert _openings(place) == 0


def _lose_answers(place: Network) -> None:
    """Have the servers' answers to new sessions of the limited relay lost on their way."""
    lost = f"tcp sport {PORT} tcp flags == syn|ack drop"
    place.lb.nft(f"table inet test {{ chain c {{ type filter hook prerouting priority -400; {lost}; }}; }}")


def _begins(place: Network, stack: ExitStack) -> bool:
    """Begin a session that is never answered; False where it was refused."""
    client = stack.enter_context(opened(place.client, place.vip))
    client.settimeout(0)
    client.connect_ex((place.vip, PORT))
    return not select.select([], [client], [], 0.1)[1]


def _openings(place: Network) -> int:
    """Return how many sessions are begun and not completed."""
    name = f"s_opening_HTTPS.{place.version}.4"
    return len(place.relays.run(place.relays.machine.nft.named("set", "inet", "bascule", name)).get("elem", ()))


def test_a_host_has_so_many_sessions_over_all_its_services_and_no_more(tmp_path: Path, version: int) -> None:
    """What it has goes on, on both ports; a session that ends makes room for another."""
    with limited(tmp_path, version, options="max sessions 4") as place, ExitStack() as stack:
        mine = [*sessions(place, stack, 2), *sessions(place, stack, 2, port=OTHER)]
        assert is_refused(place)
        assert is_refused(place, port=OTHER)
        assert [refused(place, Refusal.FULL, name) for name in ("HTTPS", "mail")] == [1, 1]
        for session in mine:
            session.speak()
        mine[0].close()
        until(lambda: len([each for each in place.relays.states() if each.living]) == 3, what="the kernel saw the end")
        sessions(place, stack, 1, port=OTHER)


def test_a_deployment_keeps_what_is_counted(tmp_path: Path, version: int) -> None:
    """Sessions and refusals of before count after it; a limit that is changed counts anew."""
    with limited(tmp_path, version, "max source sessions 2") as place, ExitStack() as stack:
        sessions(place, stack, 2)
        assert is_refused(place)
        place.redeploy(everywhere("HTTPS", "max source sessions 2", "session timeout 77s"))
        assert is_refused(place)
        assert refused(place, Refusal.SOURCE_SESSIONS) == 2
        place.redeploy(everywhere("HTTPS", "max source sessions 3"))
        sessions(place, stack, 1)
        place.redeploy(everywhere("HTTPS"))
        sessions(place, stack, 5)
        assert place.relays.difference() == ""


def test_no_host_is_counted_too(tmp_path: Path, version: int) -> None:
    """A client that finds no host is refused and counted for its relay alone."""
    with limited(tmp_path, version) as place:
        assert place.relays.flip(down=[place.host(server) for server in place.net.named("srv")])
        assert is_refused(place)
        assert [refused(place, Refusal.NO_HOST, name) for name in ("HTTPS", "mail")] == [1, 0]
