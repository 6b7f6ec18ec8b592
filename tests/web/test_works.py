"""Operations that take their time go on whoever looks."""

import asyncio

import pytest

from bascule.service.failures import Busy, OperationFailed
from bascule.service.progress import Progress
from bascule.service.results import Deployed
from bascule.web import works
from bascule.web.works import Told, Works

STEP = Progress(step="rehearsing", done=1, of=3, seconds=0.1)


async def test_what_takes_long_is_told_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked has an answer meanwhile, and the outcome is there for whoever looks later."""
    monkeypatch.setattr(works, "AT_ONCE", 0.01)
    go_on = asyncio.Event()

    async def slow(told: Told) -> Deployed:
        told(STEP)
        await go_on.wait()
        return Deployed(sentence="in effect")

    kept = Works()
    work = await kept.start("token", "Deploying", slow)
    assert (work.runs, work.progress, work.done) == (True, STEP, None)
    assert kept.of("another") is None
    go_on.set()
    await work.ended()
    assert kept.of("token") is work
    assert work.done == Deployed(sentence="in effect")


async def test_what_is_refused_is_kept_as_a_failure() -> None:
    """And forgotten when it has been told."""

    async def refused(_: Told) -> Deployed:
        raise OperationFailed(Busy(message="later"))

    kept = Works()
    work = await kept.start("token", "Deploying", refused)
    assert (work.runs, work.failure) == (False, Busy(message="later"))
    kept.forget("token")
    assert kept.of("token") is None


async def test_no_more_are_kept_than_so_many() -> None:
    """The oldest goes."""

    async def at_once(_: Told) -> Deployed:
        return Deployed(sentence="done")

    kept = Works()
    for n in range(works.MOST + 1):
        await kept.start(str(n), "Deploying", at_once)
    assert kept.of("0") is None
    assert kept.of("1") is not None
