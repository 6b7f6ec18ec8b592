"""The parent may stop, die and come back: sessions in the kernel run on, and no host flips on the way."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.balancer import running
from bed.clients import exchange, greeted
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMEOUT: Final = 2400
_TEXT: Final = configuration.plain(("RPCCAS", PORT), timing="interval 1s")
_KEEPER: Final = "bascule_keep"


def _left(place: Site, client: str) -> int:
    """Return the seconds left of a client's established session; 300 until the last word is acknowledged."""
    listed = place.lb.run("conntrack", "-L", "-p", "tcp", "--orig-src", client).stdout
    found = re.search(r"tcp +6 (\d+) ESTABLISHED ", listed)
    assert found, listed
    return int(found[1])


def test_sessions_run_on_while_the_parent_stops_dies_and_comes_back(open_directory: Path) -> None:
    """Echoes come back in between, the states keep their timeout, new clients are served, and no host changes."""
    text = configuration.with_statements(_TEXT, "engine kernel", f"session timeout {_TIMEOUT}s")
    with site(text, Layout(arms=1), open_directory) as place, ExitStack() as stack:
        sessions = [stack.enter_context(place.session(client))[0] for client in place.clients]

        def goes_on(when: str) -> None:
            for session in sessions:
                exchange(session, f"{when}\n".encode())
            until(lambda: _left(place, place.clients[0]) > _TIMEOUT - 60, what=f"{when}, the state has its timeout")
            with place.session(place.clients[0]) as (_, name):
                assert name in place.logs

        goes_on("at first")
        said = place.balancer.log.stat().st_size
        place.balancer.stop()
        goes_on("stopped")
        place.balancer.start()
        goes_on("started again")
        place.balancer.kill()
        goes_on("killed")
        place.balancer.start()
        goes_on("started once more")
        place.balancer.wait_all_up()
        assert not re.search(rb"is (down|unknown|up)\b", place.balancer.log.read_bytes()[said:])


def test_sessions_through_the_proxy_run_on_as_well(open_directory: Path) -> None:
    """Workers outlive the parent, stopped or killed, and the next parent takes them over."""
    text = configuration.with_statements(_TEXT, "engine proxy")
    with site(text, Layout(arms=1), open_directory) as place, place.session(place.clients[0]) as (session, _):
        for end in (place.balancer.stop, place.balancer.kill):
            end()
            exchange(session, b"alone\n")
            with place.session(place.clients[1]) as (_, name):
                assert name in place.logs
            place.balancer.start()
            exchange(session, b"taken over\n")


def test_a_first_start_leaves_sessions_alone_that_a_local_program_has(open_directory: Path) -> None:
    """A program on the balancer that serves the same port keeps the sessions it has when Bascule first starts."""
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT,), open_directory)
        echo.start(net["lb1"], "local", (PORT,), open_directory)
        with greeted(net["client1"], "", VIP, PORT) as (session, name):
            assert name == "local"
            exchange(session, b"before\n")
            with running(net["lb1"], configuration.with_statements(_TEXT, "engine kernel"), open_directory):
                exchange(session, b"after\n")
                with greeted(net["client1"], "", VIP, PORT) as (_, other):
                    assert other in ("EX1", "EX2")


def test_clear_takes_everything_from_the_machine(open_directory: Path) -> None:
    """After `bascule clear` rules and settings are as before, but for the empty nat chains, and sessions have ended."""
    state = Path(__file__).parents[2] / "tools" / "machine-state"
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT,), open_directory)
        before = net["lb1"].run(str(state)).stdout
        text = configuration.with_statements(_TEXT, "engine kernel")
        with running(net["lb1"], text, open_directory), greeted(net["client1"], "", VIP, PORT) as (session, _):
            assert net["lb1"].run(str(state)).stdout != before
            exchange(session, b"served\n")
        after = net["lb1"].run(str(state)).stdout
    assert _without_keeper(after) == before


def _without_keeper(state: str) -> str:
    return re.sub(rf"table inet {_KEEPER} \{{\n.*?\n\}}\n", "", state, flags=re.DOTALL)


def test_stopping_leaves_the_rules_and_says_so(open_directory: Path) -> None:
    """SIGTERM leaves the kernel's rules in place, and the last line says it."""
    with site(configuration.with_statements(_TEXT, "engine kernel"), Layout(arms=1), open_directory) as place:
        place.balancer.stop()
        assert "table inet bascule {" in place.lb.run("nft", "list", "ruleset").stdout
        last = until(lambda: place.balancer.log.read_text(encoding="utf-8").splitlines(), what="a last line")[-1]
        assert "Bascule ends" in last
