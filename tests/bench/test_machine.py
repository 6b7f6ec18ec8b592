"""Who may run where, and that only one benchmark runs."""

import os

import pytest

from bed.command import BedError
from bench import machine


def test_the_balancer_has_a_processor_of_its_own() -> None:
    """One of two; two of four for two workers; never all of them."""
    assert machine.cores([0, 1], workers=2) == machine.Cores(frozenset({0}), frozenset({1}))
    assert machine.cores([0, 1, 2, 3], workers=2).balancer == {0, 1}
    assert machine.cores([0, 1, 2, 3], workers=4).others == {2, 3}
    assert machine.cores([4, 5, 6, 7], workers=0).balancer == {4}


def test_one_processor_is_not_enough() -> None:
    """There would be nothing to measure with."""
    with pytest.raises(BedError, match="two processors"):
        machine.cores([0])


def test_work_shows_in_the_processors_time() -> None:
    """What this process works is seen as its own, and as the machine's."""
    own, whole = machine.process_seconds([os.getpid()]), machine.busy_seconds()
    while machine.process_seconds([os.getpid()]) < own + 0.05:
        pass
    assert machine.busy_seconds() > whole


def test_memory_is_told() -> None:
    """A process has some, the machine has more, and a process that is gone has none."""
    assert 0 < machine.process_bytes([os.getpid()]) < machine.used_bytes()
    assert machine.process_bytes([0]) == 0
