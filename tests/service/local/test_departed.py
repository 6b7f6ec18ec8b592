"""Sessions of hosts that a new text has no more: they drain, unless it says otherwise."""

from dataclasses import replace

from bascule.config.model import OnRemove
from bascule.plan.model import Plan
from bascule.service.local.departed import departed
from service.local.situations import planned

BEFORE = planned()
MARKS = {(relay.name, host.label): host.mark for relay in BEFORE.relays for host in relay.pool.hosts}


def changed(*, without: str, fate: OnRemove) -> Plan:
    """Return the plan without a host, its relays saying what becomes of sessions."""
    return replace(
        BEFORE,
        relays=tuple(
            replace(
                relay,
                on_remove=fate,
                pool=replace(relay.pool, hosts=tuple(host for host in relay.pool.hosts if host.label != without)),
            )
            for relay in BEFORE.relays
        ),
    )


def test_they_drain_by_default() -> None:
    """Nothing is ended."""
    assert departed(BEFORE, changed(without="EX1", fate=OnRemove.DRAIN)) == []


def test_they_are_reset_where_the_new_text_says_so() -> None:
    """Of that host alone, on every relay."""
    gone = departed(BEFORE, changed(without="EX1", fate=OnRemove.RESET))
    assert set(gone) == {MARKS["HTTPS", "EX1"], MARKS["IMAP", "EX1"]}


def test_of_a_relay_that_went_too_the_old_text_counts() -> None:
    """It said what should become of its sessions."""
    https, imap = BEFORE.relays
    before = replace(BEFORE, relays=(https, replace(imap, on_remove=OnRemove.RESET)))
    assert set(departed(before, replace(before, relays=(https,)))) == {MARKS["IMAP", "EX1"], MARKS["IMAP", "EX2"]}


def test_the_same_plan_ends_nothing() -> None:
    """Whatever is said of removal."""
    same = changed(without="nobody", fate=OnRemove.RESET)
    assert departed(same, same) == []
