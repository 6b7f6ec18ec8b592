"""Addresses of ours that another machine has too."""

from ipaddress import ip_address, ip_interface

from bascule.config.facts import Facts, InterfaceFacts
from bascule.plan.duplicates import duplicate_words, duplicates, still_asked
from bascule.plan.model import NetworkPlan, PlannedAddress

OURS, LEFT = (PlannedAddress("eth0", ip_interface(f"fd80::{number}/64")) for number in (1, 2))
NETWORK = NetworkPlan(addresses=(OURS,), left=frozenset({LEFT}))


def machine(duplicated: tuple[str, ...] = (), tentative: tuple[str, ...] = (), name: str = "eth0") -> Facts:
    """Return a machine with one interface."""
    found, asked = (frozenset(map(ip_address, texts)) for texts in (duplicated, tentative))
    return Facts(interfaces=(InterfaceFacts(name=name, duplicated=found, tentative=asked),))


def test_those_that_a_plan_names() -> None:
    """Ours and those that somebody else gives, where the text names them; no others."""
    assert duplicates(NETWORK, machine(("fd80::1", "fd80::2", "fd80::3"))) == (OURS, LEFT)
    assert duplicates(NETWORK, machine(("fd80::1",), name="eth1")) == ()
    assert duplicate_words(OURS) == "another machine has fd80::1 too, so eth0 does not use it"


def test_one_that_is_asked_for_again_is_nobodys_yet() -> None:
    """What was known stays until the kernel has its answer; what is new is not known."""
    before = machine(("fd80::1",))
    asking = machine((), ("fd80::1", "fd80::2"))
    assert duplicates(NETWORK, still_asked(asking, before)) == (OURS,)
    assert duplicates(NETWORK, still_asked(machine(), before)) == ()
    assert duplicates(NETWORK, still_asked(asking, machine())) == ()
