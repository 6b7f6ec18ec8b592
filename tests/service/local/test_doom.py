"""Sessions of a dead host end only where another host can serve their clients."""

from bascule.config.model import OnDown
from bascule.plan.model import HostState
from bascule.service.local.doom import doomed
from service.local.situations import all_up, planned, target


def test_nothing_ends_while_all_hosts_are_up() -> None:
    """With every host up there is nobody's session to end."""
    plan = planned()
    assert doomed(plan, all_up(plan)) == {}


def test_a_dead_hosts_sessions_end_in_that_service_alone() -> None:
    """EX1's HTTPS is down: its mark for HTTPS is named, its mark for IMAP is not."""
    plan = planned()
    states = all_up(plan) | {target(plan, "HTTPS", "EX1"): HostState.DOWN}
    https = next(relay for relay in plan.relays if relay.name == "HTTPS")
    assert doomed(plan, states) == {https.pool.hosts[0].mark: OnDown.RESET}


def test_on_down_keep_is_passed_on() -> None:
    """A relay that keeps sessions says so for its hosts."""
    plan = planned()
    states = all_up(plan) | {target(plan, "IMAP", "EX2"): HostState.DOWN}
    assert list(doomed(plan, states).values()) == [OnDown.KEEP]


def test_the_last_hosts_sessions_stay() -> None:
    """Where no host is up the checks may be wrong, and nothing better can be offered."""
    plan = planned()
    states = dict.fromkeys(all_up(plan), HostState.DOWN)
    assert doomed(plan, states) == {}


def test_a_host_not_probed_yet_is_not_dead() -> None:
    """Unknown is no verdict: its sessions, which an earlier parent left, go on."""
    plan = planned()
    states = all_up(plan) | {target(plan, "HTTPS", "EX1"): HostState.UNKNOWN}
    assert doomed(plan, states) == {}
