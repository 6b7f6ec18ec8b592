"""Pipes are lent, taken back and bounded."""

import os

from bascule.engines.proxy.pipes import PipePool


def test_no_more_than_the_maximum_are_lent() -> None:
    """The next one is refused until one comes back, which is then lent again."""
    pool = PipePool(2)
    one, two = pool.take(), pool.take()
    assert one is not None
    assert two is not None
    assert pool.take() is None
    pool.give(one)
    assert pool.take() is one
    for pipe in (one, two):
        pool.give(pipe)
    pool.close()


def test_a_pipe_with_something_left_is_never_lent_again() -> None:
    """One session's bytes cannot reach another; the place of the closed pipe is free again."""
    pool = PipePool(1)
    pipe = pool.take()
    assert pipe is not None
    pipe.held = os.write(pipe.writer, b"secret")
    pool.give(pipe)
    fresh = pool.take()
    assert fresh is not None
    assert fresh is not pipe
    pool.give(fresh)
    pool.close()
