from collections.abc import Mapping
from ipaddress import ip_address

from bascule.config.model import TcpCheck, Timing
from bascule.health.fault import all_failed_at_once
from bascule.health.outcome import Outcome
from bascule.health.states import HostStates
from bascule.plan.model import Endpoint, ProbeTarget

TIMING = Timing(interval=5, timeout=1)


def target(host: int, port: int = 443) -> ProbeTarget:
    """Return a target on host 10.0.0.HOST."""
    return ProbeTarget(endpoint=Endpoint(ip_address(f"10.0.0.{host}"), port), check=TcpCheck(), timing=TIMING)


def failing(since: Mapping[ProbeTarget, float | None]) -> HostStates:
    """Return states in which each target was up at 0 and fails since its moment; None is still up."""
    states = HostStates().retarget(since, 0)
    for each, moment in since.items():
        states, _ = states.apply(each, Outcome(up=True, reason="", seconds=0), 0)
        if moment is not None:
            states, _ = states.apply(each, Outcome(up=False, reason="", seconds=0), moment)
    return states


WEB = {target(1), target(2)}
MAIL = {target(3, 25), target(4, 25)}
TABLES = {"web": WEB, "mail": MAIL}


def test_every_host_of_two_tables_within_an_interval_is_our_fault() -> None:
    """A whole site that goes silent at once is more likely cut off than dead."""
    states = failing({target(1): 100, target(2): 103, target(3, 25): 101, target(4, 25): 105.9})
    assert all_failed_at_once(TABLES, states) == ("web", "mail")


def test_nothing_failing_is_nobody_s_fault() -> None:
    """Neither with hosts nor without."""
    assert all_failed_at_once(TABLES, failing(dict.fromkeys(WEB | MAIL))) == ()
    assert all_failed_at_once({}, HostStates()) == ()


def test_one_host_that_answers_clears_its_table() -> None:
    """We can reach something of that table, so the other table may well be down."""
    states = failing({target(1): 100, target(2): None, target(3, 25): 100, target(4, 25): 100})
    assert all_failed_at_once(TABLES, states) == ()


def test_one_table_alone_is_believed() -> None:
    """All web servers may die together."""
    assert all_failed_at_once({"web": WEB}, failing(dict.fromkeys(WEB, 100.0))) == ()


def test_failures_far_apart_are_believed() -> None:
    """A table that is down since long is no part of what happens now."""
    states = failing({target(1): 10, target(2): 10, target(3, 25): 100, target(4, 25): 100})
    assert all_failed_at_once(TABLES, states) == ()


def test_a_host_that_was_down_before_does_not_hide_the_rest() -> None:
    """The others of its table fail at once, and that is what counts."""
    states = failing({target(1): 10, target(2): 100, target(3, 25): 100, target(4, 25): 100})
    assert all_failed_at_once(TABLES, states) == ("web", "mail")


def test_a_single_server_behind_two_tables_is_believed() -> None:
    """A small site has one server in every table; when it dies, it died."""
    alone = {"web": {target(1)}, "mail": {target(1, 25)}}
    assert all_failed_at_once(alone, failing({target(1): 100, target(1, 25): 100})) == ()


def test_a_table_without_checks_says_nothing() -> None:
    """An empty table neither fails nor clears."""
    states = failing(dict.fromkeys(WEB | MAIL, 100.0))
    assert all_failed_at_once({**TABLES, "unchecked": ()}, states) == ("web", "mail")
