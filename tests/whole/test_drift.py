"""What somebody else does to our rules, and to addresses, is followed at once."""

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import Layout
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_MENDED: Final = 3.0
"""Seconds in which our rules are back: two, and one more where the balancer has just looked, and pauses."""


@pytest.fixture(scope="module")
def place(module_directory: Path) -> Iterator[Site]:
    """Run one relay in the kernel over two echo servers."""
    text = configuration.plain(("RPCCAS", PORT), timing="interval 1s")
    with site(configuration.with_statements(text, "engine kernel"), Layout(arms=1), module_directory) as built:
        yield built


def _rules(place: Site) -> str:
    """Return our table as it is, without what was counted."""
    return place.lb.run("nft", "-s", "list", "table", "inet", "bascule", check=False).stdout


def _of_rules(place: Site) -> list[dict[str, Any]]:
    lines = place.balancer.asked("show", "log", "--last", "10000", "--json").stdout.splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == "rules"]


def _mended(place: Site) -> list[dict[str, Any]]:
    return [event for event in _of_rules(place) if event["state"] == "mended"]


@pytest.mark.parametrize(
    "change",
    [
        "flush table inet bascule",
        "delete table inet bascule",
        "add rule inet bascule c_forward counter drop",
        "flush map inet bascule m_relay4",
        "insert rule inet bascule c_pre tcp dport 59532 drop",
    ],
)
def test_our_rules_are_back_in_time_and_a_session_lives(place: Site, change: str) -> None:
    """In time the table is what it was, an event says so, and who was connected still is."""
    before, known = _rules(place), len(_mended(place))
    with place.session(place.clients[0]) as (session, _):
        exchange(session, b"before\n")
        if change.startswith("delete"):  # sessions outlive a table that is away for a moment, not for a whole pause
            time.sleep(1.2)  # which the balancer makes where it has just looked
        place.lb.nft(change)
        until(lambda: _rules(place) == before, within=_MENDED, what="our rules are back")
        exchange(session, b"after\n")
        with place.session(place.clients[1]) as (_, name):
            assert name in place.logs
    until(lambda: len(_mended(place)) == known + 1, what="it is an event, once")


def test_ten_changes_in_a_row_end_mended(place: Site) -> None:
    """Whoever keeps changing our rules does not keep us busy, and does not win."""
    before = _rules(place)
    for _ in range(10):
        place.lb.nft("flush chain inet bascule c_pre")
        time.sleep(0.15)
    until(lambda: _rules(place) == before, within=_MENDED, what="our rules are back")


def test_rules_of_others_that_are_none_of_ours_are_left_alone(place: Site) -> None:
    """A table of somebody else is no drift and brings no event: the next is that of a change of ours."""
    before, known = _rules(place), len(_of_rules(place))
    place.lb.nft("table inet other { chain c { type filter hook input priority 0; accept; }\n}")
    assert place.balancer.command("show", "drift").stdout == "the machine is as it should be\n"
    place.lb.nft("flush chain inet bascule c_pre")
    until(lambda: _rules(place) == before and len(_of_rules(place)) > known, within=_MENDED, what="our rules are back")
    assert "table inet other" in place.lb.run("nft", "list", "tables").stdout
    assert [event["state"] for event in _of_rules(place)[known:]] == ["mended"]
    place.lb.nft("delete table inet other")


def test_a_foreign_chain_that_drops_our_sessions_is_said(place: Site) -> None:
    """`status` says it while it stands, `check` says it too, and events tell when it came and went."""
    known = len(_of_rules(place))
    place.lb.nft("table ip fw { chain f { type filter hook forward priority 0; policy drop; }\n}")
    until(lambda: "chain f of table ip fw" in _status(place), what="status says it")
    checked = place.lb.run(sys.executable, "-m", "bascule", "check", str(place.balancer.configuration))
    assert (
        "warning: chain f of table ip fw, which is not Bascule's, drops new connections of relay RPCCAS" in checked.stdout
    )
    place.lb.nft("delete table ip fw")
    until(lambda: "chain f" not in _status(place), what="status says it no more")
    assert [event["state"] for event in _of_rules(place)[known:]] == ["obstructed", "free"]


def test_a_new_address_is_used_as_soon_as_it_is_there(open_directory: Path) -> None:
    """A relay that listens on every address of the machine serves on one more in time."""
    text = re.sub(r"(?s)^interface .*?\n}\n", "", configuration.plain(("RPCCAS", PORT))).replace(
        "listen on 10.80.0.10 port", "listen on port"
    )
    with site(text, Layout(arms=1), open_directory) as place:
        place.lb.run("ip", "address", "add", "10.80.0.77/16", "dev", "eth0")
        until(
            lambda: "10.80.0.77:" in place.balancer.asked("show", "relays").stdout, within=_MENDED, what="it listens there"
        )
        with place.session(place.clients[0], "10.80.0.77") as (_, name):
            assert name in place.logs


def _status(place: Site) -> str:
    """Return what `status` says of now, without what it tells of the day."""
    lines = place.balancer.asked("status", check=False).stdout.splitlines()
    return "\n".join(line for line in lines if not line.startswith("changed"))


def test_drift_is_shown_until_it_is_mended(place: Site) -> None:
    """Each difference in words; then nothing."""
    assert place.balancer.command("show", "drift").stdout == "the machine is as it should be\n"
    place.lb.sysctl(net__ipv4__conf__all__arp_ignore=0)
    drift = place.balancer.command("show", "drift", check=False)
    assert (drift.returncode, drift.stdout) == (4, "net.ipv4.conf.all.arp_ignore is 0, not 1\n")
    place.lb.sysctl(net__ipv4__conf__all__arp_ignore=1)
    assert place.balancer.command("show", "drift").stdout == "the machine is as it should be\n"
