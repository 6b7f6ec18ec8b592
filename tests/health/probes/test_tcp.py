import asyncio
import socket
from contextlib import ExitStack, suppress
from ipaddress import IPv4Address, ip_address
from random import Random

import pytest

from bascule.config.model import TcpCheck
from bascule.health.caller import PROBE_PORTS
from bascule.plan.model import Endpoint
from bed.loopback import Loopback, silent
from bed.probing import ask_once


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_server_that_accepts_is_up(loopback: Loopback, address: str) -> None:
    """Accepting is all that is asked, of IPv4 and IPv6 alike."""
    outcome = await ask_once(await loopback.serve(silent, address=address), TcpCheck())
    assert (outcome.up, outcome.reason, outcome.ours) == (True, "connection accepted", False)


async def test_a_closed_port_is_down() -> None:
    """Nobody listens: the kernel's own words, at once."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        outcome = await ask_once(Endpoint(ip_address("127.0.0.1"), bound.getsockname()[1]), TcpCheck())
    assert (outcome.up, outcome.reason, outcome.ours) == (False, "connection refused", False)
    assert outcome.seconds < 1


async def test_a_silent_host_is_down_after_the_timeout() -> None:
    """A SYN that nobody answers costs the timeout and no more."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        where = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]  # fill the queue, so that the kernel drops the probe's SYN
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(where)
        outcome = await ask_once(Endpoint(ip_address(where[0]), where[1]), TcpCheck(), within=0.3)
        for filler in fillers:
            filler.close()
    assert (outcome.up, outcome.reason) == (False, "no answer within 0.3 s")
    assert 0.3 <= outcome.seconds < 1.3


async def test_it_ends_with_a_reset(loopback: Loopback) -> None:
    """The server meets a reset, so that neither end keeps a state of the probe."""
    seen: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def until_reset(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(1)
        except ConnectionResetError:
            seen.set_result(True)
        else:
            seen.set_result(False)

    await ask_once(await loopback.serve(until_reset), TcpCheck())
    assert await asyncio.wait_for(seen, 5)


async def test_a_source_binds_address_and_port(loopback: Loopback) -> None:
    """With a source, the server sees it, and a port that the kernel's rules know."""
    peer: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()

    async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.set_result(writer.get_extra_info("peername"))

    await ask_once(await loopback.serve(note), TcpCheck(), source=IPv4Address("127.0.0.9"))
    address, port = await asyncio.wait_for(peer, 5)
    assert address == "127.0.0.9"
    assert port in PROBE_PORTS


async def test_a_taken_port_is_stepped_over(loopback: Loopback) -> None:
    """Ports that linger from probes a minute ago, or that others hold, are passed by."""
    endpoint = await loopback.serve(silent)
    tried = Random(7).sample(PROBE_PORTS, 7)  # what the probe draws first
    with ExitStack() as held:
        for port in tried:
            holder = held.enter_context(socket.socket())
            with suppress(OSError):  # held by others already
                holder.bind(("127.0.0.9", port))
        outcome = await ask_once(endpoint, TcpCheck(), source=IPv4Address("127.0.0.9"))
    assert outcome.up, outcome.reason


async def test_an_address_that_is_not_ours_counts_against_nobody(loopback: Loopback) -> None:
    """A source that has left this machine is our fault."""
    outcome = await ask_once(await loopback.serve(silent), TcpCheck(), source=IPv4Address("192.0.2.1"))
    assert (outcome.up, outcome.ours) == (False, True)
    assert outcome.reason == "no local port of 61000 to 61999 is free at 192.0.2.1"


async def test_no_descriptor_left_counts_against_nobody(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """EMFILE is our fault, whatever the host does."""
    endpoint = await loopback.serve(silent)

    def exhausted(*_arguments: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("bascule.health.caller.socket.socket", exhausted)
    outcome = await ask_once(endpoint, TcpCheck())
    monkeypatch.undo()
    assert (outcome.up, outcome.reason, outcome.ours) == (False, "too many open files", True)
