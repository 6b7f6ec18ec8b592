import asyncio
import os
import socket
import time
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from random import Random

import pytest

from bascule.config.model import Check, HttpCheck, MailCheck, MailProtocol, SendCheck, TcpCheck, Timing, TlsCheck
from bascule.health.ask import ask
from bascule.health.caller import lenient_tls
from bascule.health.logins import Logins
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.clock import Clock, SystemClock
from bed.loopback import Loopback, Script, says, silent
from bed.probing import ask_once

CHECKS: list[Check] = [
    TlsCheck(),
    HttpCheck(tls=False, path="/", expect="x"),
    HttpCheck(tls=True, path="/"),
    SendCheck(expect="a*b?c"),
    *(MailCheck(protocol=protocol) for protocol in MailProtocol),
    MailCheck(protocol=MailProtocol.IMAP, tls=True),
]

STARTS = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"220-", b"* OK", b"+OK"]
STARTS += [b"\x16\x03\x03\x00\x40", b"\x15\x03\x03\x00\x02"]


def noise(random: Random) -> Script:
    """Return a server that says something like the start of a protocol, and then nonsense."""
    return says(random.choice(STARTS) + random.randbytes(random.choice([0, 1, 7, 200, 5000, 200_000])))


@pytest.mark.parametrize("check", CHECKS, ids=str)
async def test_any_answer_gives_an_outcome_in_time(loopback: Loopback, check: Check) -> None:
    """Whatever bytes a server sends, there is an outcome within the timeout, printable and never our fault."""
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    random = Random(seed)
    for _ in range(12):
        outcome = await ask_once(await loopback.serve(noise(random)), check, within=0.1)
        assert not outcome.ours, outcome.reason
        assert outcome.reason.isprintable()
        assert outcome.seconds < 1.1


async def asked(target: ProbeTarget, clock: Clock) -> Outcome:
    """Ask by some clock."""
    now, logins = partial(datetime.now, UTC), Logins(clock)
    return await ask(Probe(target=target), random=Random(1), tls_context=lenient_tls(), clock=clock, now=now, logins=logins)


class Stopped(SystemClock):
    """A clock that shows a minute more at each look, as after a process stood still."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        """Return a minute more than before."""
        self._now += 60
        return self._now


async def test_a_timeout_that_comes_late_counts_against_nobody(loopback: Loopback) -> None:
    """When this process stood still, the hosts are not to blame."""
    target = ProbeTarget(endpoint=await loopback.serve(silent), check=SendCheck(expect="x"), timing=Timing(timeout=0.05))
    outcome = await asked(target, Stopped())
    assert (outcome.up, outcome.ours) == (False, True)
    assert outcome.reason.startswith("this machine was busy")


async def test_seconds_are_those_of_the_probe(loopback: Loopback) -> None:
    """A quick answer shows a quick probe."""
    outcome = await ask_once(await loopback.serve(silent), TcpCheck())
    assert 0 < outcome.seconds < 1


async def test_an_answer_counts_that_came_while_this_process_stood_still() -> None:
    """It lies there when the timeout comes late, as on a machine that was busy."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        endpoint = Endpoint(address=ip_address("127.0.0.1"), port=listener.getsockname()[1])
        target = ProbeTarget(endpoint=endpoint, check=SendCheck(send="hi", expect="hello"), timing=Timing(timeout=0.2))
        asking = asyncio.create_task(asked(target, SystemClock()))
        server, _ = await asyncio.get_running_loop().sock_accept(listener)
        with server:
            assert await asyncio.get_running_loop().sock_recv(server, 2) == b"hi"
            server.sendall(b"hello")
            time.sleep(0.3)  # noqa: ASYNC251 - everything stands still
            assert (await asking).up
