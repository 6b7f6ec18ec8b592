"""A configuration may be read again at any time: what it does not change is not felt; one that is refused does nothing."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import Layout
from bed.sessions import is_reset
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_OTHER: Final = 59533


@pytest.fixture(params=["kernel", "proxy"], scope="module")
def shared(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Site]:
    """Run one relay over two echo servers, which listen for another as well."""
    with site(_text(request.param), Layout(arms=1), module_directory / request.param, ports=(PORT, _OTHER)) as built:
        yield built


@pytest.fixture
def place(shared: Site) -> Iterator[Site]:
    """Return it, and have it be for the next test as it was."""
    yield shared
    shared.balancer.configuration.write_text(_text(_engine(shared)), encoding="utf-8")
    shared.balancer.asked("reload")
    shared.balancer.wait_all_up()


def _text(engine: str, *relays: tuple[str, int], servers: int = 2) -> str:
    text = configuration.plain(("RPCCAS", PORT), *relays, servers=servers, timing="interval 1s")
    return configuration.with_statements(text, f"engine {engine}")


def _engine(place: Site) -> str:
    found: str = json.loads(place.balancer.asked("show", "relays", "--json").stdout.splitlines()[0])["engine"]
    return found


def _events(place: Site) -> list[dict[str, Any]]:
    shown = place.balancer.asked("show", "log", "--last", "10000", "--json").stdout
    return [json.loads(line) for line in shown.splitlines()]


def test_another_relay_comes_and_goes_and_sessions_of_the_first_live(place: Site) -> None:
    """Ten reloads add and remove a relay; every session of the other lives, its hosts stay up, its checks count on."""
    engine, before = _engine(place), len(_events(place))
    texts = (_text(engine, ("AB", _OTHER)), _text(engine))
    with place.session(place.clients[0]) as (first, _), place.session(place.clients[1]) as (second, _):
        for number in range(10):
            place.balancer.configuration.write_text(texts[number % 2], encoding="utf-8")
            said = place.balancer.command("reload").stdout
            assert f"{2 - number % 2} relay" in said
            exchange(first, b"first\n")
            exchange(second, b"second\n")
            with place.session(place.clients[2]) as (_, name):
                assert name in place.logs
    assert not [event for event in _events(place)[before:] if event["event"] == "host" and event["state"] == "down"]
    rows = [json.loads(line) for line in place.balancer.command("show", "hosts", "--json").stdout.splitlines()]
    assert all(row["checks_all"] > 1 for row in rows)


def test_a_new_relay_serves_after_its_first_checks(place: Site) -> None:
    """The new relay's hosts are probed at once, and its clients are served."""
    place.balancer.configuration.write_text(_text(_engine(place), ("AB", _OTHER)), encoding="utf-8")
    place.balancer.command("reload")
    place.balancer.wait_hosts("AB", EX1="up", EX2="up")
    with place.session(place.clients[0], port=_OTHER) as (_, name):
        assert name in place.logs


def test_sessions_of_a_host_that_is_taken_out_drain(place: Site) -> None:
    """They go on; new clients of that host go to the other."""
    client = place.clients_of("EX2")[0]
    with place.session(client) as (session, name):
        assert name == "EX2"
        place.balancer.configuration.write_text(_text(_engine(place), servers=1), encoding="utf-8")
        place.balancer.command("reload")
        exchange(session, b"draining\n")
        with place.session(client) as (_, other):
            assert other == "EX1"
        exchange(session, b"still draining\n")


def test_sessions_of_a_host_that_is_taken_out_end_where_the_text_says_so(place: Site) -> None:
    """With `on remove reset` the client knows it within a second; sessions of the other host go on."""
    client, other = place.clients_of("EX2")[0], place.clients_of("EX1")[0]
    with place.session(client) as (leaving, _), place.session(other) as (staying, _):
        text = configuration.with_statements(_text(_engine(place), servers=1), "on remove reset")
        place.balancer.configuration.write_text(text, encoding="utf-8")
        place.balancer.command("reload")
        assert is_reset(leaving)
        exchange(staying, b"staying\n")


def test_a_refused_text_changes_nothing(place: Site) -> None:
    """The diagnostics name file and line, the code is 1, and rules, sessions and answers are as before."""
    before = place.lb.run("nft", "list", "chains").stdout
    with place.session(place.clients[0]) as (session, _):
        place.balancer.configuration.write_text("load-balancer {\n\trelay {\n", encoding="utf-8")
        refused = place.balancer.command("reload", check=False)
        assert refused.returncode == 1
        assert f"{place.balancer.configuration}:2:" in refused.stderr
        exchange(session, b"as before\n")
    assert place.lb.run("nft", "list", "chains").stdout == before
    assert _events(place)[-1]["state"] == "refused"


def test_a_signal_reloads_too(place: Site) -> None:
    """SIGHUP reads the file again; what came of it is an event."""
    pid = json.loads(place.balancer.command("status", "--json").stdout)["pid"]
    place.balancer.configuration.write_text(_text(_engine(place), ("AB", _OTHER)), encoding="utf-8")
    os.kill(pid, signal.SIGHUP)
    until(lambda: "AB" in place.balancer.relays(), what="the new relay is shown")
    place.balancer.configuration.write_text("nonsense\n", encoding="utf-8")
    os.kill(pid, signal.SIGHUP)
    until(lambda: _events(place)[-1].get("state") == "refused", what="the refusal is an event")
    assert "AB" in place.balancer.relays()


def test_a_poll_finds_a_dead_server_between_two_checks(place: Site) -> None:
    """The answer counts what was found now."""
    assert place.balancer.command("poll").stdout == "2 checks: 2 good, 0 bad\n"
    with place.server("EX1").refusing(PORT):
        assert place.balancer.command("poll").stdout == "2 checks: 1 good, 1 bad\n"
