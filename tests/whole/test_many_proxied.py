"""As many sessions as the proxy can hold: each costs little, and beyond the limit nobody is lost."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from bascule.engines.proxy.desired import ProxyPlan
from bascule.engines.proxy.engine import ProxyEngine
from bascule.system.children import OwnChildren
from bascule.system.clock import SystemClock
from bed import memory, throng
from bed.proxy import host, refusing, relay, runtime_directory, worker_process

_LIMIT: Final = 20_000
"""Descriptors of a process; a session through a worker takes two there."""
_DEAREST: Final = 2048
"""Bytes of process memory that an idle session may cost."""
_FIRST: Final = 500
"""Sessions after which the interpreter has all the memory that it needs for other things."""

pytestmark = [
    pytest.mark.skipif(memory.descriptors() < _LIMIT, reason=f"not on this machine: {_LIMIT} descriptors for a process"),
    pytest.mark.timeout(300),
]


def test_9000_sessions_through_one_worker_and_what_happens_at_its_limit() -> None:
    """They cost less than 2 KiB each. Beyond the limit clients wait, every session goes on, and ends make room."""
    server, more = refusing(), 2000
    with runtime_directory() as directory, ExitStack() as stack:
        rig = stack.enter_context(worker_process(directory, descriptors=_LIMIT))
        stack.enter_context(throng.serving(None, server.port, address=server.address))
        place = rig.carry(server)

        def callers(count: int) -> throng.Callers:
            return stack.enter_context(throng.calling(None, place.address, place.port, count))

        first = callers(_FIRST)
        assert first.opened() == first.speak() == _FIRST
        before = memory.pss(rig.pid)
        crowded = callers(9000 - _FIRST)
        assert crowded.opened() == crowded.speak() == 9000 - _FIRST
        _told("one worker", 9000 - _FIRST, memory.pss(rig.pid) - before)
        assert rig.sessions() == 9000

        late = callers(more)
        assert late.opened() == more  # the kernel lets them wait
        served = late.speak(within=5.0)
        assert 0 < served < more
        assert rig.sessions() == 9000 + served
        assert crowded.speak() == 9000 - _FIRST
        assert crowded.hang_up(more) == 9000 - _FIRST - more
        assert late.speak() == more
        assert rig.sessions() == 9000
        assert first.speak() + crowded.speak() == 9000 - more


async def test_18000_sessions_through_two_workers() -> None:
    """They cost less than 2 KiB each; one worker alone could not hold them."""
    servers = [refusing(f"127.0.4.{n}") for n in (1, 2)]
    with runtime_directory() as directory, ExitStack() as stack:
        place = refusing()
        engine = ProxyEngine(directory, report=print, clock=SystemClock(), starts=OwnChildren())
        for server in servers:
            stack.enter_context(throng.serving(None, server.port, address=server.address))
        plan = relay(place, [host(server) for server in servers], slots=[0, 1])
        await engine.apply(engine.difference(ProxyPlan(relays=(plan,), workers=2), await engine.observe()))
        try:
            workers = _workers(directory)

            def callers(count: int, sources: list[str]) -> throng.Callers:
                crowded = stack.enter_context(throng.calling(None, place.address, place.port, count, sources))
                assert crowded.opened() == crowded.speak() == count
                return crowded

            sources = [f"127.0.5.{n}" for n in range(1, 33)]
            callers(2 * _FIRST, sources)
            before = sum(map(memory.pss, workers))
            crowds = [callers(9000 - _FIRST, sources) for _ in range(2)]
            _told("two workers", 18_000 - 2 * _FIRST, sum(map(memory.pss, workers)) - before)
            status = await engine.status()
            assert status.workers == 2
            assert sum(each.sessions for relay in status.relays for each in relay.hosts) == 18_000
            assert sum(crowded.speak() for crowded in crowds) == 18_000 - 2 * _FIRST
        finally:
            await engine.stop_workers()


def _told(where: str, sessions: int, cost: int) -> None:
    """Say what idle sessions cost, which is little."""
    print(f"{where}: {sessions} idle sessions, {cost / sessions:.0f} bytes of process memory each")  # noqa: T201
    assert cost < _DEAREST * sessions


def _workers(directory: Path) -> list[int]:
    """Return the processes of the workers of a directory."""
    found = [memory.with_argument(str(path)) for path in directory.glob("proxy-*.sock")]
    return [pid for pids in found for pid in pids]
